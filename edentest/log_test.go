package edentest_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/edenwait/edenwait/edentest"
)

func TestRequests(t *testing.T) {
	throughBoth(t, edentest.Options{Token: "s3cret"}, func(t *testing.T, d *door) {
		id := d.Submit(edentest.Script{})
		for _, call := range []struct{ method, path, key string }{
			{"GET", async + "/" + strings.ToUpper(id), "s3cret"},
			{"GET", async + "?page=1&status=fail", "s3cret"},
			{"GET", async + "/42", "guess"},
			{"PATCH", "/elsewhere", ""},
			{"DELETE", async + "/" + id, "s3cret"},
		} {
			resp, err := d.send(t.Context(), call.method, call.path, call.key, "")
			if err != nil {
				t.Fatal(err)
			}
			resp.Body.Close()
		}
		var got []string
		for _, r := range d.Requests() {
			got = append(got, fmt.Sprint(r.Kind, " ", r.Method, " ", r.JobID, " ", r.Query.Get("status"), " ", r.Status, " ", r.HasKey))
			if !strings.Contains(d.base, r.Host) || r.Time.IsZero() {
				t.Errorf("%+v", r)
			}
			if r.Header.Get("Authorization") != "" || strings.Contains(fmt.Sprintf("%+v", r), "s3cret") {
				t.Errorf("a key was recorded: %+v", r)
			}
		}
		want := []string{
			"get GET " + id + "  200 true",
			"list GET  fail 200 true",
			"get GET 42  401 true",
			"other PATCH   404 false",
			"delete DELETE " + id + "  204 true",
		}
		if strings.Join(got, "\n") != strings.Join(want, "\n") {
			t.Errorf("recorded\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
		stats := d.Stats()
		if stats.Gets != 2 || stats.Lists != 1 || stats.Deletes != 1 || stats.Other != 1 || stats.Requests() != 5 || stats.SeenEnded != 1 {
			t.Errorf("%+v", stats)
		}
	})
}

// The bodies of POSTs are recorded, whatever became of them, and can be matched.
func TestRequestBody(t *testing.T) {
	for _, discard := range []bool{false, true} {
		throughBoth(t, edentest.Options{DiscardRecords: discard, Faults: []edentest.Fault{{
			Match: func(r edentest.Request) bool { return strings.Contains(string(r.Body), "whisper") },
			Do:    edentest.Status(402, "", nil),
		}}}, func(t *testing.T, d *door) {
			id := d.Submit(edentest.Script{})
			for _, call := range [][3]string{
				{"POST", async, submission}, {"POST", async, "{"}, {"GET", async, "get"}, {"PUT", async, "put"}, {"DELETE", async + "/" + id, "delete"},
			} {
				d.do(t, call[0], call[1], call[2])
			}
			var bodies []string
			for _, r := range d.Requests() {
				bodies = append(bodies, fmt.Sprint(string(r.Body), " ", r.Fault))
			}
			if want := []string{submission + " status 402", "{ ", " ", " ", " "}; !discard && !slices.Equal(bodies, want) {
				t.Errorf("recorded %q, want %q", bodies, want)
			}
			if discard && bodies != nil || d.Stats().Faults != 1 {
				t.Errorf("recorded %q, %+v", bodies, d.Stats())
			}
		})
	}
}

func TestDiscardRecords(t *testing.T) {
	inMemory(t, edentest.Options{DiscardRecords: true}, func(t *testing.T, d *door) {
		d.list(t, "")
		if n := len(d.Requests()); n != 0 || d.Stats().Lists != 1 {
			t.Errorf("%d records, %+v", n, d.Stats())
		}
	})
}

func TestFirstFinal(t *testing.T) {
	const latency = 40 * time.Millisecond
	inMemory(t, edentest.Options{Latency: latency, Faults: []edentest.Fault{
		{On: edentest.Get, From: time.Minute, Times: 1, Do: edentest.TruncateBody()},
	}}, func(t *testing.T, d *door) {
		id := d.Submit(edentest.Script{After: time.Second, OtherUser: true})
		d.job(t, id)
		if _, ok := d.FirstSeenEnded(id); ok {
			t.Error("a GET showed the end of a job that runs")
		}
		d.sleep(t, time.Minute)
		d.list(t, "")
		d.get(t, id)
		if at, ok := d.FirstSeenEnded(id); ok {
			t.Errorf("a torn answer showed an end, at %v", at)
		}
		sent := time.Now()
		d.job(t, id)
		if took := time.Since(sent); took != latency {
			t.Errorf("a GET took %v, want %v", took, latency)
		}
		want := sent.Add(latency / 2)
		d.sleep(t, time.Minute)
		d.job(t, id)
		if at, ok := d.FirstSeenEnded(id); !ok || !at.Equal(want) {
			t.Errorf("FirstSeenEnded = %v, %v, want %v", at, ok, want)
		}
		if s := d.Stats(); s.SeenEnded != 1 || s.ForeignGets != 4 || s.Faults != 1 {
			t.Errorf("%+v", s)
		}
		if _, ok := d.FirstSeenEnded("x"); ok {
			t.Error("FirstSeenEnded of no job")
		}
	})
}

// An answer that does not say how the job stands shows no end.
func TestFirstFinalThroughFaults(t *testing.T) {
	for _, tt := range []struct {
		do    edentest.Effect
		shows bool
	}{
		{edentest.Effect{}, true}, {edentest.Delay(time.Second), true}, {edentest.Drip(time.Second), true},
		{edentest.ClockSkew(time.Hour), true}, {edentest.WrongType("text/plain"), true}, {edentest.PadBody(10), true},
		{edentest.Status(500, "", nil), false}, {edentest.RetryAfter("1"), false}, {edentest.Redirect("/"), false},
		{edentest.RefuseConnection(), false}, {edentest.Reset(), false}, {edentest.ResetBody(), false}, {edentest.Stall(), false},
		{edentest.TruncateBody(), false}, {edentest.Empty(), false}, {edentest.Null(), false}, {edentest.HTML(), false},
		{edentest.OtherID(), false}, {edentest.TruncateGzip(), false},
	} {
		inMemory(t, edentest.Options{Faults: []edentest.Fault{{Do: tt.do}}}, func(t *testing.T, d *door) {
			d.client.Timeout = time.Minute
			d.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
			id := d.Submit(edentest.Script{})
			d.observe(t, async+"/"+id)
			if _, shown := d.FirstSeenEnded(id); shown != tt.shows {
				t.Errorf("%v: FirstSeenEnded %v, want %v", tt.do, shown, tt.shows)
			}
		})
	}
}

func TestPeakPerSecond(t *testing.T) {
	inMemory(t, edentest.Options{Burst: 3, Rate: 1}, func(t *testing.T, d *door) {
		for range 5 { // two of them refused
			d.do(t, http.MethodGet, async, "")
		}
		d.sleep(t, time.Second-1)
		d.do(t, http.MethodGet, async, "")
		if got := d.Stats().PeakPerSecond; got != 6 {
			t.Errorf("peak %d, want 6", got)
		}
		d.sleep(t, 1)
		for range 3 {
			d.do(t, http.MethodGet, async, "")
		}
		d.sleep(t, time.Hour)
		for range 4 {
			d.do(t, http.MethodGet, async, "")
		}
		if s := d.Stats(); s.PeakPerSecond != 6 || s.RateLimited != 6 {
			t.Errorf("%+v", s)
		}
	})
}

func TestKindString(t *testing.T) {
	for kind, want := range map[edentest.Kind]string{
		0: "any", edentest.Get: "get", edentest.Get | edentest.List: "get|list", edentest.Other: "other",
	} {
		if got := kind.String(); got != want {
			t.Errorf("%d is %q, want %q", kind, got, want)
		}
	}
}

// Everything at once; the race detector checks.
func TestConcurrency(t *testing.T) {
	throughBoth(t, edentest.Options{Rate: 50, BackgroundRate: 5, Faults: []edentest.Fault{{Probability: 0.2, Do: edentest.TruncateBody()}}}, func(t *testing.T, d *door) {
		ids := d.SubmitAll(50, edentest.Workload{Durations: edentest.Uniform{Max: 10 * time.Millisecond}})
		var wg sync.WaitGroup
		for i, id := range ids {
			wg.Go(func() {
				for _, call := range [][2]string{
					{http.MethodGet, async + "/" + id},
					{http.MethodGet, async + "?status=processing"},
					{http.MethodPost, async},
					{http.MethodDelete, async + "/" + ids[(i+1)%50]},
				} {
					resp, err := d.send(t.Context(), call[0], call[1], edentest.DefaultToken, submission)
					if err != nil {
						t.Error(err)
						continue
					}
					_ = resp.Body.Close()
				}
				d.Submit(edentest.Script{})
				d.Delete(id)
				d.SetRate(float64(i + 1))
				d.SetBackgroundRate(float64(i))
				d.SetFaults([]edentest.Fault{{Probability: 0.2, Do: edentest.Null()}})
				d.Stats()
				d.Requests()
				d.FirstSeenEnded(id)
				d.EndedAt(id)
			})
		}
		wg.Wait()
		if n := d.Stats().Requests(); n != 200 {
			t.Errorf("%d requests counted, want 200", n)
		}
	})
}

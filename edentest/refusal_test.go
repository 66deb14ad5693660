package edentest_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/edenwait/edenwait/edentest"
)

// What stands before the service refuses: nothing is done, and it says so in one
// way or another.
func TestRefusals(t *testing.T) {
	for _, tt := range []struct {
		do         edentest.Effect
		status     int
		kind       string
		in         string
		retryAfter string
	}{
		{edentest.Unavailable(90*time.Second + 1), 503, "application/json", "Service Unavailable", "91"},
		{edentest.Unavailable(0), 503, "application/json", "Service Unavailable", ""},
		{edentest.Unauthorized(), 401, "application/json", "Invalid token", ""},
		{edentest.Forbidden(), 403, "application/json", "Not authenticated", ""},
		{edentest.ForbiddenPage(), 403, "text/html; charset=utf-8", "<html>", ""},
	} {
		throughBoth(t, edentest.Options{Faults: []edentest.Fault{{Times: 1, Do: tt.do}}}, func(t *testing.T, d *door) {
			resp, err := d.send(t.Context(), http.MethodPost, async, edentest.DefaultToken, submission)
			if err != nil {
				t.Fatal(err)
			}
			var body strings.Builder
			if _, err := copyAll(&body, resp.Body); err != nil {
				t.Fatal(err)
			}
			if resp.StatusCode != tt.status || resp.Header.Get("Content-Type") != tt.kind ||
				!strings.Contains(body.String(), tt.in) || resp.Header.Get("Retry-After") != tt.retryAfter {
				t.Errorf("%v: %d %v %s", tt.do, resp.StatusCode, resp.Header, body.String())
			}
			if got := d.list(t, "").Total; got != 0 {
				t.Errorf("%v: %d jobs, want none", tt.do, got)
			}
		})
	}
}

// Unavailable for a time, and a host that is down for a time.
func TestOutage(t *testing.T) {
	inMemory(t, edentest.Options{Faults: []edentest.Fault{
		{From: time.Minute, Until: 2 * time.Minute, Do: edentest.Unavailable(time.Minute)},
		{From: 2 * time.Minute, Until: 3 * time.Minute, Do: edentest.RefuseConnection()},
	}}, func(t *testing.T, d *door) {
		got := ""
		for range 5 {
			if o := d.observe(t, async); o.err != nil {
				got += "down "
			} else {
				got += http.StatusText(o.status) + " "
			}
			d.sleep(t, time.Minute)
		}
		if got != "OK Service Unavailable down OK OK " {
			t.Error(got)
		}
	})
}

// A job that has been seen is unknown for a while; one that has not been seen, or
// whose only answer was spoilt, is known.
func TestStrayNotFound(t *testing.T) {
	inMemory(t, edentest.Options{Rate: -1, Faults: []edentest.Fault{
		{On: edentest.Get, PerJob: true, Times: 2, Do: edentest.StrayNotFound()},
		{On: edentest.Get, PerJob: true, Times: 1, Do: edentest.Status(500, "", nil)},
	}}, func(t *testing.T, d *door) {
		for range 3 {
			id := d.Submit(edentest.Script{After: time.Hour})
			for i, want := range []int{500, 200, 404, 404, 200, 200} {
				d.list(t, "") // no matter
				if got, body := d.get(t, id); got != want {
					t.Errorf("GET %d = %d %s, want %d", i, got, body, want)
				}
			}
		}
		for _, want := range []int{500, 404, 404} {
			if got, _ := d.get(t, "11111111-1111-4111-8111-111111111111"); got != want {
				t.Errorf("an unknown job: %d, want %d", got, want)
			}
		}
		if log := d.Requests(); log[len(log)-1].Fault != "" {
			t.Errorf("an unknown job was met by %q", log[len(log)-1].Fault)
		}
	})
}

// A fault that counts per job lets the first requests of each pass.
func TestPerJob(t *testing.T) {
	inMemory(t, edentest.Options{Rate: -1, Faults: []edentest.Fault{
		{On: edentest.Get | edentest.List, PerJob: true, Skip: 1, Times: 1, Do: edentest.Null()},
	}}, func(t *testing.T, d *door) {
		ids := d.SubmitAll(3, edentest.Workload{})
		got := ""
		for range 3 {
			for _, path := range []string{async + "/" + ids[0], async, async + "/" + ids[1]} {
				if _, body := d.do(t, http.MethodGet, path, ""); body == "null" {
					got += "x"
				} else {
					got += "."
				}
			}
			got += " "
		}
		if got != "... xxx ... " {
			t.Error(got)
		}
	})
}

func TestProcessing(t *testing.T) {
	inMemory(t, edentest.Options{Rate: -1, GetLag: 10 * time.Second, Faults: []edentest.Fault{
		{Do: edentest.Processing(202, "7")},
	}}, func(t *testing.T, d *door) {
		id := d.Submit(edentest.Script{After: time.Minute})
		for _, want := range []struct {
			pause  time.Duration
			status int
			after  string
			shows  string
		}{
			{0, 202, "7", "processing"}, {69 * time.Second, 202, "7", "processing"}, {time.Second, 200, "", "success"},
		} {
			d.sleep(t, want.pause)
			o := d.observe(t, async+"/"+id)
			if o.status != want.status || o.header.Get("Retry-After") != want.after || decode[job](t, o.body).Status != want.shows {
				t.Errorf("%+v, want %+v", o, want)
			}
		}
		if o := d.observe(t, async); o.status != 200 || o.header.Get("Retry-After") != "" {
			t.Errorf("list: %+v", o)
		}
	})
	defer func() {
		if recover() == nil {
			t.Error("Processing(204) did not panic")
		}
	}()
	edentest.Processing(204, "")
}

package edentest_test

import (
	"errors"
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/edenwait/edenwait/edentest"
)

func TestDown(t *testing.T) {
	throughBoth(t, edentest.Options{Faults: []edentest.Fault{{Do: edentest.Null()}}}, func(t *testing.T, d *door) {
		d.SetDown(true)
		o := d.observe(t, async)
		if d.memory && !errors.Is(o.err, syscall.ECONNREFUSED) || !d.memory && !isReset(o.err) {
			t.Errorf("while down: %+v", o)
		}
		var op *net.OpError
		if d.memory && !errors.As(o.err, &op) {
			t.Errorf("%v is no *net.OpError", o.err)
		}
		d.SetDown(false)
		if _, body := d.do(t, http.MethodGet, async, ""); body != "null" {
			t.Errorf("up again: %s, want what its fault answers", body)
		}
		log := d.Requests()
		if log[0].Status != 0 || log[0].Fault != "down" || log[len(log)-1].Fault != "null" {
			t.Errorf("recorded as %+v", log)
		}
	})
}

func TestFaultSelection(t *testing.T) {
	const other = "11111111-1111-4111-8111-111111111111"
	mark := edentest.Edit("hit", func(edentest.Request, *edentest.Answer) {})
	tests := []struct {
		name  string
		fault edentest.Fault
		want  string // one letter for each request below: x struck, . not
	}{
		// Ten seconds apart: get one, get other, list, get one, get other, list.
		{"all", edentest.Fault{}, "xxxxxx"},
		{"gets", edentest.Fault{On: edentest.Get}, "xx.xx."},
		{"lists", edentest.Fault{On: edentest.List}, "..x..x"},
		{"both", edentest.Fault{On: edentest.Get | edentest.List}, "xxxxxx"},
		{"job", edentest.Fault{JobID: strings.ReplaceAll(other, "-", "")}, ".x..x."},
		{"match", edentest.Fault{Match: func(r edentest.Request) bool { return r.Query.Get("page") == "2" }}, ".....x"},
		{"from", edentest.Fault{From: 20 * time.Second}, "..xxxx"},
		{"until", edentest.Fault{Until: 20 * time.Second}, "xx...."},
		{"from until", edentest.Fault{From: 10 * time.Second, Until: 40 * time.Second}, ".xxx.."},
		{"times", edentest.Fault{Times: 2}, "xx...."},
		{"skip", edentest.Fault{Skip: 2}, "..xxxx"},
		{"second get", edentest.Fault{On: edentest.Get, Skip: 1, Times: 1}, ".x...."},
		{"share 1", edentest.Fault{Probability: 1}, "xxxxxx"},
		{"share tiny", edentest.Fault{Probability: 1e-12}, "......"},
		{"share negative", edentest.Fault{Probability: -1}, "......"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.fault.Do = mark
			inMemory(t, edentest.Options{Faults: []edentest.Fault{tt.fault}}, func(t *testing.T, d *door) {
				one := d.Submit(edentest.Script{})
				d.Submit(edentest.Script{ID: other})
				for _, path := range []string{"/" + one, "/" + other, "", "/" + one, "/" + strings.ToUpper(other), "?page=2"} {
					d.do(t, http.MethodGet, async+path, "")
					d.sleep(t, 10*time.Second)
				}
				got := ""
				for _, r := range d.Requests() {
					got += map[string]string{"hit": "x", "": "."}[r.Fault]
				}
				if got != tt.want {
					t.Errorf("struck %s, want %s", got, tt.want)
				}
			})
		})
	}
}

// Faults come and go while requests arrive; those that stay start over.
func TestSetFaults(t *testing.T) {
	const other = "11111111-1111-4111-8111-111111111111"
	inMemory(t, edentest.Options{Rate: -1, Faults: []edentest.Fault{{Times: 1, Do: edentest.Null()}}}, func(t *testing.T, d *door) {
		d.Submit(edentest.Script{ID: other})
		ask := func(want string) {
			t.Helper()
			d.do(t, http.MethodGet, async+"/"+other, "")
			if log := d.Requests(); log[len(log)-1].Fault != want {
				t.Errorf("struck by %q, want %q", log[len(log)-1].Fault, want)
			}
		}
		ask("null")
		ask("")
		faults := []edentest.Fault{{Times: 1, Do: edentest.Null()}, {JobID: strings.ToUpper(other), Until: time.Hour, Do: edentest.HTML()}}
		d.SetFaults(faults)
		faults[1].Do = edentest.Empty() // which is the caller's, as Options.Faults are
		ask("null")
		ask("html")
		d.sleep(t, time.Hour)
		ask("")
		d.SetFaults(nil)
		ask("")
	})
}

func TestFirstFaultWins(t *testing.T) {
	inMemory(t, edentest.Options{Faults: []edentest.Fault{
		{Times: 1, Do: edentest.Status(500, "", nil)}, {Do: edentest.Null()},
	}}, func(t *testing.T, d *door) {
		if status, _ := d.do(t, http.MethodGet, async, ""); status != 500 {
			t.Errorf("%d, want 500", status)
		}
		if _, body := d.do(t, http.MethodGet, async, ""); body != "null" {
			t.Errorf("%s, want null", body)
		}
	})
}

// What the limit turns away has not reached what is broken behind it.
func TestLimitComesBeforeFaults(t *testing.T) {
	inMemory(t, edentest.Options{Rate: 1, Burst: 1, Faults: []edentest.Fault{{Times: 2, Do: edentest.Null()}}}, func(t *testing.T, d *door) {
		for i, want := range []int{200, 429, 429} {
			if status, _ := d.do(t, http.MethodGet, async, ""); status != want {
				t.Errorf("request %d: %d, want %d", i, status, want)
			}
		}
		d.sleep(t, time.Second)
		if _, body := d.do(t, http.MethodGet, async, ""); body != "null" {
			t.Errorf("%s, want null: a 429 used up the fault", body)
		}
		if s := d.Stats(); s.Faults != 2 || s.RateLimited != 2 {
			t.Errorf("%+v", s)
		}
	})
}

func TestChaos(t *testing.T) {
	if got := len(edentest.Chaos(0)); got != 0 {
		t.Errorf("no chaos is %d faults", got)
	}
	inMemory(t, edentest.Options{Rate: -1, Faults: edentest.Chaos(0.4)}, func(t *testing.T, d *door) {
		d.client.Timeout = time.Minute
		ids := d.SubmitAll(100, edentest.Workload{Durations: edentest.Fixed(0)})
		for i := range 3000 {
			d.observe(t, async+"/"+ids[i%100])
		}
		names := map[string]int{}
		for _, r := range d.Requests() {
			names[r.Fault]++
		}
		if hit := 3000 - names[""]; hit < 1050 || hit > 1350 {
			t.Errorf("%d of 3000 struck, want about 1200", hit)
		}
		for _, f := range edentest.Chaos(0.4) {
			if n := names[f.String()]; n < 30 {
				t.Errorf("%v struck %d times", f, n)
			}
		}
	})
}

package edentest_test

import (
	"net/http"
	"testing"

	"github.com/edenwait/edenwait/edentest"
)

// Every POST is a draw of its own, whatever became of the one before it: of 400,
// half are struck, not all, none, or a single one.
func TestShareOfSubmits(t *testing.T) {
	for _, do := range []edentest.Effect{edentest.Reset(), edentest.Status(500, "", nil), edentest.Status(402, "", nil), edentest.RefuseConnection()} {
		for seed := range uint64(6) {
			inMemory(t, edentest.Options{Rate: -1, Seed: seed, Faults: []edentest.Fault{
				{On: edentest.Submit, Probability: 0.5, Do: do},
			}}, func(t *testing.T, d *door) {
				for range 400 {
					if resp, err := d.send(t.Context(), http.MethodPost, async, edentest.DefaultToken, submission); err == nil {
						resp.Body.Close()
					}
				}
				if n := d.Stats().Faults; n < 150 || n > 250 {
					t.Errorf("%v, seed %d: %d of 400 struck, want about 200", do, seed, n)
				}
			})
		}
	}
}

// struck makes requests of one path, after others that leave a trace in what
// draws count by, and returns which were struck.
func struck(t *testing.T, path string, before func(*testing.T, *door)) (marks string) {
	t.Helper()
	inMemory(t, edentest.Options{Rate: -1, Faults: []edentest.Fault{
		{On: edentest.Get | edentest.List, Probability: 0.5, Do: edentest.Null()},
	}}, func(t *testing.T, d *door) {
		d.Submit(edentest.Script{ID: "11111111-1111-4111-8111-111111111111"})
		for range 40 {
			before(t, d)
			if _, body := d.do(t, http.MethodGet, async+path, ""); body == "null" {
				marks += "x"
			} else {
				marks += "."
			}
		}
	})
	return marks
}

// Requests of other kinds, which arrive when they like, move no draw.
func TestDrawsOfKindsAreApart(t *testing.T) {
	for _, path := range []string{"", "/11111111-1111-4111-8111-111111111111", "/22222222-2222-4222-8222-222222222222"} {
		alone := struck(t, path, func(*testing.T, *door) {})
		for name, before := range map[string]func(*testing.T, *door){
			"POSTs":             func(t *testing.T, d *door) { d.do(t, http.MethodPost, async, submission) },
			"POSTs that failed": func(t *testing.T, d *door) { d.do(t, http.MethodPost, async, "{}") },
			"requests of another kind": func(t *testing.T, d *door) {
				d.do(t, http.MethodDelete, async+"/22222222-2222-4222-8222-222222222222", "")
				d.do(t, http.MethodPut, async, "")
			},
		} {
			if got := struck(t, path, before); got != alone {
				t.Errorf("%q: %s with %s in between, %s without", path, got, name, alone)
			}
		}
	}
}

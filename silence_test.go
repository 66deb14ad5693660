package edenwait_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/edenwait/edenwait"
	"github.com/edenwait/edenwait/edentest"
)

// TestSilenceFromSecondFive: every connection goes silent while a batch is under
// way. New ones work.
func TestSilenceFromSecondFive(t *testing.T) {
	_, _ = httptestRoots(), httptestCertificates() // made outside of the bubble
	for _, version := range []int{1, 2} {
		for _, jobs := range []int{5, 20, 200} {
			for _, disable := range []bool{false, true} {
				synctest.Test(t, func(t *testing.T) {
					api := edentest.New(edentest.Options{})
					server := startPiped(t, version, api.ServeHTTP)
					poller := server.poller(t, edenwait.Config{Token: edentest.DefaultToken})
					waiter, err := edenwait.New(edenwait.Config{Source: poller, DisableList: disable})
					if err != nil {
						t.Fatal(err)
					}
					ids := api.SubmitAll(jobs, edentest.Workload{Durations: edentest.Uniform{Min: 4 * time.Second, Max: 8 * time.Second}})
					time.AfterFunc(5*time.Second, func() { server.fallSilent() })
					began := time.Now()
					ctx, cancel := context.WithTimeout(context.Background(), 20*time.Minute)
					defer cancel()
					_, err = waiter.WaitAll(ctx, ids)
					took := time.Since(began)
					t.Logf("HTTP/%d, %d jobs, DisableList %v: done after %v, the last is known %v after its end", version, jobs, disable, took, latest(api, ids))
					if err != nil {
						t.Errorf("HTTP/%d, %d jobs, DisableList %v: %.400v", version, jobs, disable, err)
					}
					if most := 50*time.Second + time.Duration(jobs)*100*time.Millisecond; took > most {
						t.Errorf("HTTP/%d, %d jobs, DisableList %v: done after %v, want %v at most", version, jobs, disable, took, most)
					}
				})
			}
		}
	}
}

// TestSilentInMemory: a client of the caller's whose one connection goes silent, at
// any request.
func TestSilentInMemory(t *testing.T) {
	for _, on := range []edentest.Kind{edentest.Get, edentest.List} {
		for _, skip := range []int{0, 1, 10, 100} {
			synctest.Test(t, func(t *testing.T) {
				api, waiter := newFaulty(t, edentest.Options{
					Latency: 40 * time.Millisecond, Faults: []edentest.Fault{{On: on, Skip: skip, Times: 1, Do: edentest.Silence()}},
				}, edenwait.Config{})
				ids := api.SubmitAll(150, edentest.Workload{Durations: edentest.Uniform{Max: 2 * time.Minute}})
				began := time.Now()
				if _, err := waiter.WaitAll(context.Background(), ids); err != nil {
					t.Error(err)
				}
				took := time.Since(began)
				t.Logf("%v, after %d: done after %v", on, skip, took)
				if took > 4*time.Minute {
					t.Errorf("%v, after %d: done after %v", on, skip, took)
				}
			})
		}
	}
}

package edenwait_test

import (
	"context"
	"fmt"
	nethttp "net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/edenwait/edenwait"
	"github.com/edenwait/edenwait/edentest"
	"github.com/edenwait/edenwait/internal/testbed"
)

// silence is a batch whose connections go silent. New ones work.
type silence struct {
	version int // of HTTP
	jobs    int
	noList  bool
	callers bool            // the client is the caller's
	at      []time.Duration // when
	onPage  bool            // or as soon as a page is requested after that
}

func (s silence) String() string {
	client, list := "own client", "list"
	if s.callers {
		client = "client of the caller's"
	}
	if s.noList {
		list = "no list"
	}
	if s.onPage {
		list = "list under way"
	}
	return fmt.Sprintf("HTTP/%d, %s, %d jobs, %s, silent at %v", s.version, client, s.jobs, list, s.at)
}

// run waits for the jobs, which end 4 to 8 s after their start.
func (s silence) run(t *testing.T) (took time.Duration) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		api := edentest.New(edentest.Options{})
		began, at := time.Now(), s.at
		var server *testbed.Piped
		server = testbed.StartPiped(t, s.version, func(w nethttp.ResponseWriter, r *nethttp.Request) {
			if s.onPage && len(at) > 0 && time.Since(began) > at[0] && r.URL.RawQuery != "" {
				at = at[1:]
				server.FallSilent()
			}
			api.ServeHTTP(w, r)
		})
		config := edenwait.Config{Token: edentest.DefaultToken, BaseURL: "https://example.com", DisableList: s.noList}
		if transport := server.Transport(); s.callers {
			config.HTTPClient = &nethttp.Client{Transport: transport}
			defer transport.CloseIdleConnections()
		} else {
			config.Source = server.Poller(t, edenwait.Config{Token: edentest.DefaultToken})
		}
		waiter, err := edenwait.New(config)
		if err != nil {
			t.Fatal(err)
		}
		ids := api.SubmitAll(s.jobs, edentest.Workload{Durations: edentest.Uniform{Min: 4 * time.Second, Max: 8 * time.Second}})
		if !s.onPage {
			for _, at := range s.at {
				time.AfterFunc(at, func() { server.FallSilent() })
			}
		}
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Minute)
		defer cancel()
		if _, err = waiter.WaitAll(ctx, ids); err != nil {
			t.Errorf("%v: %.400v", s, err)
		}
		took = time.Since(began)
	})
	return took
}

// TestSilence: every connection goes silent while a batch is under way, once or
// twice. Nothing is lost, and a new connection is used soon: over HTTP/2 after pings,
// where the client is the Waiter's own, and after requests that were not answered in
// time elsewhere.
func TestSilence(t *testing.T) {
	_, _ = testbed.Roots(), testbed.Certificate() // made outside the bubble
	for _, version := range []int{1, 2} {
		for _, callers := range []bool{false, true} {
			for _, jobs := range []int{5, 20, 200} {
				for _, s := range []silence{
					{at: []time.Duration{5 * time.Second}},
					{at: []time.Duration{5 * time.Second}, noList: true},
					{at: []time.Duration{5 * time.Second}, onPage: true},
					{at: []time.Duration{5 * time.Second, 17 * time.Second}},
					{at: []time.Duration{5 * time.Second, 17 * time.Second}, noList: true},
				} {
					s.version, s.callers, s.jobs = version, callers, jobs
					took := s.run(t)
					each := 15 * time.Second
					if version == 1 || callers {
						each = 37 * time.Second // of which RequestTimeout is thirty
					}
					most := time.Duration(len(s.at))*each + 10*time.Second + time.Duration(jobs)*100*time.Millisecond
					t.Logf("%v: done after %v, want %v at most", s, took, most)
					if took > most {
						t.Errorf("%v: done after %v, want %v at most", s, took, most)
					}
				}
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
				api, waiter := testbed.New(t, edentest.Options{
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

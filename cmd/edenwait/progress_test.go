package main

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/edenwait/edenwait"
)

// TestNextReport: without a bar, a batch reports its progress often enough for a CI
// system, at first every minute, then less often, and not after its end.
func TestNextReport(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		stopped, ended := make(chan struct{}), make(chan struct{})
		var reports []time.Duration
		go func() {
			defer close(ended)
			reportRegularly(stopped, func(at time.Duration) {
				if since := time.Since(began); since != at {
					t.Errorf("reported %v at %v", at, since)
				}
				reports = append(reports, at)
			})
		}()
		time.Sleep(26 * time.Minute)
		close(stopped)
		<-ended
		want := []time.Duration{15 * time.Second}
		for minute := range 10 {
			want = append(want, time.Duration(minute+1)*time.Minute)
		}
		if want = append(want, 15*time.Minute, 20*time.Minute, 25*time.Minute); !slices.Equal(reports, want) {
			t.Errorf("reported at %v, want %v", reports, want)
		}
	})
}

// TestReportBlocked: reports that could not be written are not made up for.
func TestReportBlocked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stopped, ended := make(chan struct{}), make(chan struct{})
		var reports []time.Duration
		go func() {
			defer close(ended)
			reportRegularly(stopped, func(at time.Duration) {
				if reports = append(reports, at); len(reports) == 2 {
					time.Sleep(12*time.Minute + 500*time.Millisecond)
				}
			})
		}()
		time.Sleep(21 * time.Minute)
		close(stopped)
		<-ended
		if want := []time.Duration{15 * time.Second, time.Minute, 15 * time.Minute, 20 * time.Minute}; !slices.Equal(reports, want) {
			t.Errorf("reported at %v, want %v", reports, want)
		}
	})
}

func TestProgressLine(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		p    edenwait.Progress
		want string
	}{
		{edenwait.Progress{}, "after 1m00s: 0 of 0 jobs done, 0 waiting, 0 requests"},
		{edenwait.Progress{Total: 10, Succeeded: 5, Failed: 1, Errored: 1, Waiting: 3, Requests: 40, TimeLeft: 90 * time.Second},
			"after 1m00s: 7 of 10 jobs done, 2 failed, 3 waiting, 40 requests, 1m30s left"},
		{edenwait.Progress{Total: 10, Succeeded: 7, Waiting: 3, Requests: 40, TimeLeft: 90 * time.Second, Stalled: 95 * time.Second, Trouble: "no answer within 30s"},
			"after 1m00s: 7 of 10 jobs done, 3 waiting, 40 requests, nothing answered for 1m35s: no answer within 30s"},
	} {
		if got := progressLine(time.Minute, test.p); got != test.want {
			t.Errorf("got %q, want %q", got, test.want)
		}
	}
}

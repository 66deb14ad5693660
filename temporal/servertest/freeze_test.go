//go:build unix

package servertest

import (
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/edenwait/edenwait/edentest"
)

// TestFrozenLeader freezes the leader until another process leads, and thaws it.
func TestFrozenLeader(t *testing.T) {
	t.Parallel()
	a := newAccount(edentest.Options{Seed: 2})
	workers := startProcesses(t, a, 3, settings{Account: t.Name(), Rate: 10, HeartbeatTimeout: leaseTimeout})
	r := startRun(t, t.Name(), a, 10, 10, edentest.Workload{Durations: edentest.Uniform{Min: 2 * time.Second, Max: 30 * time.Second}})
	eventually(t, "20 jobs are seen to end", func() bool { return a.Stats().SeenEnded >= 20 })
	frozen := named(t, workers, a.lastSender(edentest.Get))
	frozen.signal(syscall.SIGSTOP)
	eventually(t, "another process leads", func() bool {
		last := a.lastSender(edentest.Get)
		return last != frozen.name
	})
	thaw := time.Now()
	frozen.signal(syscall.SIGCONT)
	r.check()
	r.report()
	for _, request := range a.requests(edentest.Get | edentest.List) {
		if request.Sender != frozen.name || request.Time.Before(thaw) {
			continue
		}
		sent, err := strconv.ParseInt(request.Header.Get(sentHeader), 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		if began := time.Unix(0, sent); began.Before(thaw) {
			t.Logf("a %v that began %v before the thaw arrived %v after it", request.Kind, thaw.Sub(began), request.Time.Sub(thaw))
		} else {
			t.Errorf("the frozen process sent a %v %v after its thaw", request.Kind, began.Sub(thaw))
		}
	}
}

// TestHandOver stops the leader cleanly.
func TestHandOver(t *testing.T) {
	t.Parallel()
	a := newAccount(edentest.Options{Seed: 3})
	// With this timeout, a leader that dies is missed for half a minute.
	workers := startProcesses(t, a, 2, settings{Account: t.Name(), Rate: 10, HeartbeatTimeout: 30 * time.Second})
	r := startRun(t, t.Name(), a, 10, 10, edentest.Workload{Durations: edentest.Uniform{Min: 2 * time.Second, Max: 30 * time.Second}})
	eventually(t, "20 jobs are seen to end", func() bool { return a.Stats().SeenEnded >= 20 })
	leader := named(t, workers, a.lastSender(edentest.Get))
	began := time.Now()
	leader.signal(syscall.SIGTERM)
	leader.await("stopped")
	t.Logf("%s stopped after %v", leader.name, time.Since(began).Round(time.Millisecond))
	eventually(t, "another process leads", func() bool { return a.lastSender(edentest.Get) != leader.name })
	handOver := time.Since(began)
	t.Logf("handed over after %v", handOver.Round(time.Millisecond))
	r.check()
	r.report()
	if handOver > 15*time.Second {
		t.Errorf("the lead was handed over after %v, want seconds: the timeout of 30s has nothing to do with it", handOver)
	}
	if turns := spans(a.requests(edentest.Get | edentest.List)); len(turns) != 2 {
		t.Errorf("the lead changed %d times, want once", len(turns)-1)
	}
	record(t, r.client, r.runs[0].GetID(), "wait_all_hand_over")
}

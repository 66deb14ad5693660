//go:build unix

package servertest

import (
	"syscall"
	"testing"
	"time"

	"github.com/edenwait/edenwait/edentest"
)

// jobs that end for a minute, so that a leader is killed in the middle of them.
var minute = edentest.Workload{Durations: edentest.Uniform{Min: 5 * time.Second, Max: time.Minute}}

// leaseTimeout is short, so that scenes take seconds.
const leaseTimeout = 4 * time.Second

// TestKilledLeader kills the leader in the middle of 300 jobs.
func TestKilledLeader(t *testing.T) {
	t.Parallel()
	a := newAccount(edentest.Options{Seed: 1})
	workers := startProcesses(t, a, 3, settings{Account: t.Name(), Rate: 10, HeartbeatTimeout: leaseTimeout})
	r := startRun(t, t.Name(), a, 30, 10, minute)
	eventually(t, "100 jobs are seen to end", func() bool { return a.Stats().SeenEnded >= 100 })
	leader := a.lastSender(edentest.Get)
	named(t, workers, leader).signal(syscall.SIGKILL)
	t.Logf("%s killed", leader)
	r.check()
	r.report()
	if turns := checkOneLeader(t, a.requests(edentest.Get|edentest.List)); len(turns) != 2 {
		t.Errorf("%d processes led, want 2", len(turns))
	}
	record(t, r.client, r.runs[0].GetID(), "wait_all_killed_leader")
}

// TestOneProcess is what TestKilledLeader is to be compared with.
func TestOneProcess(t *testing.T) {
	t.Parallel()
	a := newAccount(edentest.Options{Seed: 1})
	startProcesses(t, a, 1, settings{Account: t.Name(), Rate: 10, HeartbeatTimeout: leaseTimeout})
	r := startRun(t, t.Name(), a, 30, 10, minute)
	r.check()
	r.report()
	checkOneLeader(t, a.requests(edentest.Get|edentest.List))
}

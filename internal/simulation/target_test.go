package simulation

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"
)

// runs is how many seeds make a mean that is sure to some percent.
func runs(jobs int) int {
	n := max(2, min(4000, 20000/jobs))
	if testing.Short() {
		n = max(2, n/5)
	}
	return n
}

// row is a line of the table that go test -v prints.
func row(name string, s *Score) string {
	return fmt.Sprintf("%-24s lag %6.2f s, worst %6.1f s, %5.2f requests per job (%.2f pages), %.3f 429s, makespan %.3f, %d given up",
		name, s.Lag.Seconds(), s.Worst.Seconds(), s.Requests, s.Pages, s.Limited, s.Makespan, s.GivenUp)
}

// within fails where a score is over its bounds.
func within(t *testing.T, name string, s *Score, lag time.Duration, requests, makespan float64) {
	t.Helper()
	t.Log(row(name, s))
	if s.Lag > lag || s.Requests > requests || s.Makespan > makespan || s.GivenUp > 0 {
		t.Errorf("%s: over the bounds of a lag of %v, %v requests per job, a makespan of %v", name, lag, requests, makespan)
	}
}

// TestTargets: how jobs are waited for makes no difference, be it one call for all
// or a call for each.
func TestTargets(t *testing.T) {
	for _, target := range []struct {
		jobs               int
		lag                time.Duration
		requests, makespan float64
	}{
		{1, 1300 * time.Millisecond, 70, 1.05},
		{10, 1100 * time.Millisecond, 26, 1.02},
		{100, 800 * time.Millisecond, 9, 1.02},
		{1000, 1250 * time.Millisecond, 1.9, 1.01},
		{10000, 5500 * time.Millisecond, 1.04, 1.01},
	} {
		together := Mean(Scenario{Jobs: target.jobs}, runs(target.jobs))
		apart := Mean(Scenario{Jobs: target.jobs, Callers: Apart}, runs(target.jobs))
		for name, s := range map[string]*Score{"together": &together, "apart": &apart} {
			within(t, fmt.Sprintf("%d jobs %s", target.jobs, name), s, target.lag, target.requests, target.makespan)
			if s.Limited > 0 {
				t.Errorf("%d jobs %s: %.3f 429s per job", target.jobs, name, s.Limited)
			}
			if s.Looks > 2 {
				t.Errorf("%d jobs %s: %.2f looks per second in some minute, want a fifth of the rate at most", target.jobs, name, s.Looks)
			}
			t.Logf("%d jobs %s: %.2f looks per second in the worst minute", target.jobs, name, s.Looks)
		}
		if target.jobs >= 10 && (differ(together.Lag.Seconds(), apart.Lag.Seconds()) || differ(together.Requests, apart.Requests)) {
			t.Errorf("%d jobs: together and apart are more than 15 %% from each other", target.jobs)
		}
	}
}

func differ(a, b float64) bool { return math.Abs(a-b) > 0.15*min(a, b) }

// TestCrowdOfOneJob: fifty callers of one job cost little more than one.
func TestCrowdOfOneJob(t *testing.T) {
	s := Mean(Scenario{Jobs: 1, Callers: Crowd}, runs(50))
	within(t, "fifty callers of one job", &s, 1300*time.Millisecond, 72, 1.05)
}

// TestTwoJobsASecond: a service that waits for each job by itself.
func TestTwoJobsASecond(t *testing.T) {
	s := Mean(Scenario{Jobs: 3000, Arrivals: 2, Callers: Apart}, runs(1000))
	within(t, "two jobs a second", &s, 1500*time.Millisecond, 1.7, 1.01)
	if s.Limited > 0 {
		t.Errorf("%.3f 429s per job", s.Limited)
	}
}

// TestJobBesideACrowd: a job is known soon after its end beside ten thousand of
// another call's that are known to have ended.
func TestJobBesideACrowd(t *testing.T) {
	const crowd = 10000
	for _, end := range []time.Duration{time.Second, time.Minute, 5 * time.Minute} {
		s := Run(Scenario{Jobs: crowd + 1, Callers: Beside, Law: func(_ *rand.Rand, job int) time.Duration {
			if job == crowd {
				return end
			}
			return 0
		}}, 1)
		t.Logf("ends after %v: known %v later", end, s.Delays[crowd])
		if d := s.Delays[crowd]; d < 0 || d > 12*time.Second {
			t.Errorf("a job that ends after %v is known %v later", end, d)
		}
		if s.Limited > 0 {
			t.Errorf("%v 429s per job", s.Limited)
		}
	}
}

// TestLaws: jobs of several kinds, and jobs that all end at once.
func TestLaws(t *testing.T) {
	kinds := Mean(Scenario{Jobs: 100, Law: ByKind(Fixed(5*time.Second), Fixed(10*time.Minute))}, runs(100))
	within(t, "short and long jobs", &kinds, 1500*time.Millisecond, 6, 1.02)
	fixed := Mean(Scenario{Jobs: 1000, Law: Fixed(time.Minute)}, 4*runs(1000)) // it varies by half between runs
	within(t, "all last a minute", &fixed, 2500*time.Millisecond, 1.1, 1.02)
}

package simulation

import (
	"testing"
	"time"
)

// TestBehindList: a list that is behind is found out, and then costs no more than
// none at all.
func TestBehindList(t *testing.T) {
	room, longer := 3*time.Second, 0.025
	if testing.Short() {
		room, longer = 5*time.Second, 0.04 // the mean of few seeds
	}
	for _, jobs := range []int{10, 100, 1000} {
		none := Mean(Scenario{Jobs: jobs, List: List{Off: true}}, runs(jobs))
		t.Log(row("no list", &none))
		for name, behind := range map[string]time.Duration{"5 s behind": 5 * time.Second, "a minute behind": time.Minute, "a day behind": 24 * time.Hour} {
			s := Mean(Scenario{Jobs: jobs, List: List{Behind: behind}}, runs(jobs))
			// Before it is found out, jobs are known as late as it is behind.
			within(t, name, &s, none.Lag+room, none.Requests*1.15, none.Makespan+longer)
			if s.Worst > none.Worst+min(behind, time.Minute)+10*time.Second {
				t.Errorf("%s: a job is known %v late", name, s.Worst)
			}
		}
	}
}

// TestNoList: every job ends without a list, within the delay between two polls
// where the rate allows it.
func TestNoList(t *testing.T) {
	s := Mean(Scenario{Jobs: 50, List: List{Off: true}}, runs(50))
	within(t, "no list", &s, 4*time.Second, 22, 1.03)
	if s.Worst > 12*time.Second {
		t.Errorf("a job is known %v late", s.Worst)
	}
}

// TestFrozenJobs: a list that shows one of eighty jobs running forever is found
// out by audits, within minutes, at little cost.
func TestFrozenJobs(t *testing.T) {
	for jobs, late := range map[int]time.Duration{100: 200 * time.Second, 1000: 7 * time.Minute} {
		frozen := List{Frozen: func(job int) bool { return job%80 == 7 }}
		plain := Mean(Scenario{Jobs: jobs}, runs(jobs))
		s := Mean(Scenario{Jobs: jobs, List: frozen}, runs(jobs))
		within(t, "one of eighty is frozen", &s, plain.Lag+3*time.Second, plain.Requests*1.2, plain.Makespan+0.02)
		if s.Worst > late {
			t.Errorf("a job is known %v late", s.Worst)
		}
	}
}

// TestForeignJobs: others' jobs make the list long, and the jobs that it shows of
// ours few. It is read less, and the lag is bounded by the polls.
func TestForeignJobs(t *testing.T) {
	for _, test := range []struct {
		jobs, foreign int
		lag           time.Duration
		requests      float64
	}{
		{10, 100, 1200 * time.Millisecond, 26},
		{10, 5000, 4 * time.Second, 26},
		{100, 5000, 3 * time.Second, 11},
		{1000, 5000, 5 * time.Second, 3.5},
		{5000, 20000, 12 * time.Second, 1.5},
	} {
		s := Mean(Scenario{Jobs: test.jobs, List: List{Foreign: test.foreign}}, runs(10*test.jobs))
		within(t, "foreign jobs", &s, test.lag, test.requests, 1.03)
		if s.Limited > 0 {
			t.Errorf("%.3f 429s per job", s.Limited)
		}
	}
}

// TestFrozenList: a list that shows every job running forever is found out soon.
func TestFrozenList(t *testing.T) {
	for jobs, late := range map[int]time.Duration{10: 14 * time.Second, 100: 11 * time.Second, 1000: 20 * time.Second} {
		none := Mean(Scenario{Jobs: jobs, List: List{Off: true}}, runs(jobs))
		t.Log(row("no list", &none))
		s := Mean(Scenario{Jobs: jobs, List: List{Frozen: func(int) bool { return true }}}, runs(jobs))
		within(t, "all are frozen", &s, none.Lag+late, none.Requests*1.15, none.Makespan+0.025)
	}
}

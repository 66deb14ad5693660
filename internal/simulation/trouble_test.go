package simulation

import (
	"fmt"
	"testing"
	"time"

	"github.com/edenwait/edenwait/internal/engine"
)

// TestOutages: while every request fails, few are sent. Afterwards all is known
// soon, and no job has been given up.
func TestOutages(t *testing.T) {
	for _, test := range []struct {
		lasts time.Duration
		late  time.Duration // after it, jobs that ended during it are known
	}{{time.Minute, 2 * time.Minute}, {5 * time.Minute, 2 * time.Minute}} {
		from := 30 * time.Second
		plain := Mean(Scenario{Jobs: 1000}, runs(1000))
		s := Mean(Scenario{Jobs: 1000, Outages: []Span{{from, from + test.lasts}}}, runs(1000))
		within(t, "an outage of "+test.lasts.String(), &s, test.lasts, plain.Requests, 1.02)
		if s.Worst > test.lasts+test.late {
			t.Errorf("a job is known %v late", s.Worst)
		}
	}
}

// TestOutagesOfFewJobs: an outage is noticed with few jobs too, and its end within
// half a minute.
func TestOutagesOfFewJobs(t *testing.T) {
	s := Mean(Scenario{Jobs: 10, Outages: []Span{{20 * time.Second, 140 * time.Second}}}, runs(100))
	t.Log(row("an outage, ten jobs", &s))
	if s.GivenUp > 0 || s.Worst > 120*time.Second+45*time.Second {
		t.Errorf("given up %d, a job is known %v late", s.GivenUp, s.Worst)
	}
}

// TestOthersTakeAll: while others spend all that the account may, few requests are
// sent. A refusal counts against no job.
func TestOthersTakeAll(t *testing.T) {
	all := Load{Span{30 * time.Second, 90 * time.Second}, 20}
	s := Mean(Scenario{Jobs: 1000, Others: []Load{all}, Engine: engine.Config{MaxErrors: 1}}, runs(1000))
	within(t, "others spend all for 60 s", &s, time.Minute, 1.7, 1.02)
	if s.Limited > 0.04 {
		t.Errorf("%.3f 429s per job", s.Limited)
	}
}

// TestOthersTakeHalf: beside others that spend half, at most one request in ten is
// refused.
func TestOthersTakeHalf(t *testing.T) {
	s := Mean(Scenario{Jobs: 1000, Others: []Load{{Span{0, time.Hour}, 5}}}, runs(1000))
	t.Log(row("others spend half", &s))
	if share := s.Limited / s.Requests; share > 0.1 || s.GivenUp > 0 {
		t.Errorf("%.3f of all requests are refused, %d given up", share, s.GivenUp)
	}
}

// TestLoneJobs: processes of which none knows of the others, each with one job at a
// time. A request is free while the account is idle, and worth more with each 429.
func TestLoneJobs(t *testing.T) {
	for _, test := range []struct {
		processes int
		lag       time.Duration
	}{{1, 1300 * time.Millisecond}, {10, 2500 * time.Millisecond}, {30, 5 * time.Second}, {60, 7 * time.Second}} {
		s := Mean(Scenario{Jobs: 40 * test.processes, Processes: test.processes, Callers: InTurn}, runs(1000))
		within(t, fmt.Sprintf("%d processes in turn", test.processes), &s, test.lag, 70, 1.05)
		if share := s.Limited / s.Requests; share > 0.05 {
			t.Errorf("%d processes: %.3f of all requests are refused", test.processes, share)
		}
	}
}

// TestProcesses: several processes on one account, none of which knows of the
// others.
func TestProcesses(t *testing.T) {
	for _, test := range []struct {
		processes int
		refused   float64 // of all requests
	}{{2, 0.05}, {4, 0.1}, {8, 0.2}} {
		s := Mean(Scenario{Jobs: 1000, Processes: test.processes}, runs(1000))
		within(t, fmt.Sprintf("%d processes", test.processes), &s, 8*time.Second, 4.5, 1.03)
		if share := s.Limited / s.Requests; share > test.refused {
			t.Errorf("%d processes: %.3f of all requests are refused", test.processes, share)
		}
	}
}

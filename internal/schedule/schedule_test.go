package schedule

import (
	"math/rand/v2"
	"testing"
	"time"
)

const second = time.Second

func everySecond(int) time.Duration { return second }

// ask sends what Next names, and fails unless it is of that kind.
func ask(t *testing.T, s *Schedule, now time.Duration, want Kind) Ask {
	t.Helper()
	got, at := s.Next(now, 0)
	if got.Kind != want {
		t.Fatalf("at %v: Next is %+v (again at %v), want kind %d", now, got, at, want)
	}
	s.Sent(got, now)
	return got
}

func newSchedule(list bool, n int) *Schedule {
	s := New(list)
	for range n {
		s.Add(0)
	}
	return s
}

func TestPolledOneByOneInOrderOfDueTimes(t *testing.T) {
	s := newSchedule(false, 3)
	for _, due := range []time.Duration{7 * second, 3 * second, 5 * second} {
		s.Running(ask(t, s, 0, Get).Job, 0, due)
	}
	if _, at := s.Next(second, 0); at != 3*second {
		t.Errorf("looks again at %v", at)
	}
	var last time.Duration
	for range 3 {
		a := ask(t, s, 10*second, Get)
		if due := s.jobs[a.Job].due; due < last {
			t.Errorf("due %v after %v", due, last)
		}
		s.Ended(a.Job)
	}
	if a, at := s.Next(time.Hour, 0); a.Kind != Nothing || at != Never {
		t.Errorf("%+v at %v when no job is left", a, at)
	}
}

func TestListWhenItIsCheaper(t *testing.T) {
	ask(t, newSchedule(true, 1), 0, Get)
	ask(t, newSchedule(true, 2), 0, Page)

	s := newSchedule(true, 3)
	s.list.pages, s.list.page = 3, 3
	s.list.retry = second
	ask(t, s, 0, Get)
}

func TestAbsentJobsAreAskedFirst(t *testing.T) {
	s := newSchedule(true, 5)
	ask(t, s, 0, Page)
	for _, job := range []Job{0, 2, 4} {
		s.ShownRunning(job, second)
	}
	s.PageRead(0, 1, everySecond)
	// The list is due again, but not before the known jobs have been asked.
	for range 2 {
		if a := ask(t, s, 2*second, Get); a.Job != 1 && a.Job != 3 {
			t.Errorf("asked for job %d, which the list shows running", a.Job)
		} else {
			s.Ended(a.Job)
		}
	}
	ask(t, s, 2*second, Page)
	// Those left to the list wait for it, but not for long.
	if a, at := s.Next(3*second, 0); a.Kind != Nothing || at != 2*second+patience {
		t.Errorf("%+v, again at %v", a, at)
	}
	ask(t, s, 2*second+patience, Get)
}

func TestListIsAskedBeforeTheKnownRunOut(t *testing.T) {
	s := newSchedule(true, 20)
	ask(t, s, 0, Page)
	for job := range Job(15) {
		s.ShownRunning(job, second)
	}
	s.PageRead(0, 1, everySecond)
	s.Ended(ask(t, s, 2*second, Get).Job)
	s.Ended(ask(t, s, 2*second, Get).Job)
	if a, _ := s.Next(2*second, 2); a.Kind != Get {
		t.Errorf("with 3 known jobs and a lead of 2: %+v", a)
	}
	if a, _ := s.Next(2*second, 3); a.Kind != Page {
		t.Errorf("with 3 known jobs and a lead of 3: %+v", a)
	}
}

func TestRefusedGoesToTheHead(t *testing.T) {
	s := newSchedule(false, 3)
	a := ask(t, s, 0, Get)
	ask(t, s, 0, Get)
	s.Refused(a, 0)
	if b := ask(t, s, second, Get); b != a {
		t.Errorf("asked %+v, want %+v again", b, a)
	}
	s.Refused(a, second)
	if b := ask(t, s, second, Get); b == a {
		t.Errorf("%+v, refused twice, is asked before what has not been asked", b)
	}
	if b := ask(t, s, second, Get); b != a {
		t.Errorf("asked %+v, want %+v in its turn", b, a)
	}
	s.Running(a.Job, second, second)
	ask(t, s, second, Get)
	s.Running((a.Job+1)%3, second, 0)
	s.Refused(a, second) // for the first time since it was answered
	if b := ask(t, s, second, Get); b != a {
		t.Errorf("asked %+v, want %+v again", b, a)
	}
	s = newSchedule(true, 3)
	page := ask(t, s, second, Page)
	for range 3 {
		s.Refused(page, second)
		if b := ask(t, s, second, Page); b != page {
			t.Errorf("asked %+v, want %+v again", b, page)
		}
		for job := range Job(3) {
			s.ShownRunning(job, time.Hour)
		}
		s.PageRead(second, 1, func(int) time.Duration { return 0 })
		ask(t, s, second, Page)
	}
	s.Refused(page, second)
	ask(t, s, second, Page)
	s.Refused(page, 2*second)
	if a, at := s.Next(2*second, 0); a.Kind != Nothing || at != 3*second {
		t.Errorf("a page refused twice: next is %+v, at %v", a, at)
	}
}

// Whatever happens in whatever order, a job is in one place, the counts add up,
// and every waiting job is asked about in the end.
func TestRandomHistories(t *testing.T) {
	for seed := range uint64(300) {
		rng := rand.New(rand.NewPCG(seed, 1))
		s := New(seed%4 > 0)
		live := map[Job]bool{}
		var sent []Ask
		now := time.Duration(0)
		for range 2000 {
			now += time.Duration(rng.IntN(1000)) * time.Millisecond
			switch {
			case rng.IntN(20) == 0 && len(live) < 100:
				live[s.Add(now)] = true
			case len(sent) > 0 && rng.IntN(2) == 0:
				i := rng.IntN(len(sent))
				a := sent[i]
				sent = append(sent[:i], sent[i+1:]...)
				settle(s, rng, a, now, live)
			default:
				a, at := s.Next(now, rng.IntN(3))
				if a.Kind == Nothing {
					now = max(now, min(at, now+time.Minute))
					break
				}
				if a.Kind == Get && s.jobs[a.Job].state != own && s.jobs[a.Job].state != head {
					t.Fatalf("seed %d: asks for a job in state %d", seed, s.jobs[a.Job].state)
				}
				s.Sent(a, now)
				sent = append(sent, a)
			}
			s.check(t, seed, len(live))
		}
	}
}

func settle(s *Schedule, rng *rand.Rand, a Ask, now time.Duration, live map[Job]bool) {
	due := now + time.Duration(rng.IntN(10))*second
	switch outcome := rng.IntN(10); {
	case outcome == 0:
		s.Refused(a, now)
	case a.Kind == Page && outcome == 1:
		s.ListFailed(now, 0)
	case a.Kind == Page:
		for job := range live {
			switch rng.IntN(4) {
			case 0, 1:
				s.ShownRunning(job, due)
			case 2:
				s.ShownEnded(job, now)
			}
		}
		s.PageRead(now, rng.IntN(4), everySecond)
	case outcome < 4:
		s.Ended(a.Job)
		delete(live, a.Job)
	case outcome < 6:
		s.Failed(a.Job, due)
	default:
		s.Running(a.Job, now, due)
	}
}

func (s *Schedule) check(t *testing.T, seed uint64, live int) {
	t.Helper()
	count, blind := map[state]int{}, 0
	for job := range s.jobs {
		e := &s.jobs[job]
		count[e.state]++
		if e.blind {
			blind++
		}
		if e.state == own && s.own.order[e.place] != Job(job) || e.state == head && s.head.order[e.place] != Job(job) {
			t.Fatalf("seed %d: job %d is not in its place", seed, job)
		}
	}
	if count[own] != s.own.Len() || count[head] != s.head.Len() || count[listed] != s.list.held || blind != s.list.blind || len(s.jobs)-count[gone] != live {
		t.Fatalf("seed %d: states %v, blind %d, but list %+v, %d live", seed, count, blind, s.list, live)
	}
}

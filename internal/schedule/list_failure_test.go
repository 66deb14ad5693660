package schedule

import (
	"testing"
	"time"
)

func TestListFailures(t *testing.T) {
	s := newSchedule(true, 10)
	lists := 0
	for now := time.Duration(0); now < time.Hour; now += second / 10 {
		a, _ := s.Next(now, 0)
		s.Sent(a, now)
		switch a.Kind {
		case Page:
			lists++
			s.ListFailed(now, 0)
		case Get:
			s.Running(a.Job, now, now+10*second)
		}
	}
	if lists < 50 || lists > 80 {
		t.Errorf("a list that never answers is asked %d times in an hour", lists)
	}
	s.ListGone()
	for now := time.Hour; now < 2*time.Hour; now += second {
		if a, _ := s.Next(now, 0); a.Kind == Page {
			t.Fatal("a list that is gone is asked for")
		} else if a.Kind == Get {
			s.Sent(a, now)
			s.Running(a.Job, now, now+10*second)
		}
	}
}

// Jobs wait for a list that has been of use before, but not for long, and hardly
// for one that never was, nor when one of them has no time left.
func TestPatienceWithTheList(t *testing.T) {
	for _, test := range []struct {
		name         string
		known, hurry bool
		late, failed time.Duration // when the jobs are polled, after the page was sent
	}{
		{"never read", false, false, littlePatience, 0},
		{"known", true, false, patience, 3 * second}, // after a third failure, its next try is too far away
		{"known, in a hurry", true, true, littlePatience, 0},
	} {
		for _, fails := range []bool{false, true} {
			s := newSchedule(true, 10)
			start := time.Duration(0)
			if test.known {
				ask(t, s, 0, Page)
				for job := range Job(10) {
					s.ShownRunning(job, 0)
				}
				s.PageRead(0, 1, everySecond)
				start = second
			}
			s.Hurry(test.hurry)
			ask(t, s, start, Page)
			if fails {
				s.ListFailed(start, 0)
			}
			got := Never
			for now := start; now < start+10*second && got == Never; {
				a, next := s.Next(now, 0)
				switch a.Kind {
				case Get:
					got = now - start
				case Page:
					s.Sent(a, now)
					s.ListFailed(now, 0)
				case Nothing:
					now = next
				}
			}
			if want := map[bool]time.Duration{false: test.late, true: test.failed}[fails]; got != want {
				t.Errorf("%s, fails %v: polled after %v, want %v", test.name, fails, got, want)
			}
		}
	}
}

// Jobs that were left to a list that fails are polled no later than it would
// have been asked again.
func TestUnlistedJobsDoNotWaitLongerThanForTheList(t *testing.T) {
	s := newSchedule(true, 3)
	ask(t, s, 0, Page)
	for job := range Job(3) {
		s.ShownRunning(job, 20*second)
	}
	s.PageRead(0, 1, everySecond)
	ask(t, s, second, Page)
	s.ListFailed(second, 7*second)
	if a, at := s.Next(second, 0); a.Kind != Nothing || at != 8*second {
		t.Errorf("next is %+v, at %v", a, at)
	}
	ask(t, s, 8*second, Get)
}

// The pause doubles with each sweep that is of no use, once a sweep, up to a
// bound, and one of use ends that.
func TestPausesOfAUselessList(t *testing.T) {
	s := newSchedule(true, 3)
	now := time.Duration(0)
	for _, want := range []float64{1, 2, 4, 8, 16, 32, 60, 60} {
		unseen(t, s, now)
		if pause := s.list.retry - now; pause.Seconds() != want {
			t.Errorf("a pause of %v, want %v s", pause, want)
		}
		now = s.list.retry
		for a, _ := s.Next(now, 0); a.Kind == Get; a, _ = s.Next(now, 0) {
			s.Sent(a, now)
			s.Running(a.Job, now, Never-1)
		}
	}
	ask(t, s, now, Page)
	for job := range Job(3) {
		s.ShownRunning(job, Never-1)
	}
	s.PageRead(now, 1, everySecond)
	ask(t, s, now+second, Page)
	s.ListFailed(now+second, 0)
	if pause := s.list.retry - now; pause != 2*second {
		t.Errorf("the pauses begin anew with %v", pause-second)
	}
}

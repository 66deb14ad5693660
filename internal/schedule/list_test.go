package schedule

import (
	"math"
	"testing"
	"time"
)

func TestSweepGoesBackwards(t *testing.T) {
	s := newSchedule(true, 50)
	var pages []int
	read := func(total int) {
		a := ask(t, s, second, Page)
		pages = append(pages, a.Page)
		s.ShownRunning(0, second)
		s.PageRead(second, total, func(int) time.Duration { return 0 })
	}
	read(3) // the first tells how many there are
	for range 3 {
		read(3)
	}
	want := []int{1, 3, 2, 1}
	for i := range want {
		if pages[i] != want[i] {
			t.Fatalf("pages %v, want %v", pages, want)
		}
	}
	// No job was shown but one, so the others are known to have ended now, and
	// not page by page.
	if s.head.Len() != 49 {
		t.Errorf("%d known", s.head.Len())
	}
}

func TestJobAddedDuringASweepIsNotAbsent(t *testing.T) {
	s := newSchedule(true, 2)
	ask(t, s, 0, Page)
	s.ShownRunning(0, second)
	s.ShownRunning(1, second)
	s.Add(0)
	s.PageRead(0, 1, everySecond)
	if s.head.Len() != 0 {
		t.Error("a job that the sweep could not show is taken for ended")
	}
	if _, at := s.Next(0, 0); at > second {
		t.Errorf("the new job is not looked at before %v", at)
	}
}

// A sweep that was given up half way tells nothing about the pages that it did
// not come to.
func TestGivenUpSweepHintsNothing(t *testing.T) {
	s := newSchedule(true, 50)
	for range 2 { // page 1, which tells that there are 3, and page 3
		ask(t, s, 0, Page)
		s.PageRead(0, 3, everySecond)
	}
	ask(t, s, 0, Page)
	s.ListFailed(0, 0)
	if n := s.head.Len(); n > 0 {
		t.Errorf("%d jobs are taken for ended after half a sweep", n)
	}
}

// A list that does not show what runs is disbelieved after a few GETs, and asked
// less and less.
func TestEmptyListCostsLittle(t *testing.T) {
	s := newSchedule(true, 500)
	lists, gets := 0, 0
	for now := time.Duration(0); now < 20*time.Minute; now += second / 10 {
		a, _ := s.Next(now, 0)
		s.Sent(a, now)
		switch a.Kind {
		case Page:
			lists++
			s.PageRead(now, 1, everySecond)
		case Get:
			gets++
			s.Running(a.Job, now, now+10*second)
		}
	}
	if gets < 11900 || lists > 50 {
		t.Errorf("%d lists and %d GETs", lists, gets)
	}
	if s.head.Len() > 0 {
		t.Error("hints of the list are still believed")
	}
}

func TestBehindList(t *testing.T) {
	s := newSchedule(true, 10)
	ask(t, s, 0, Page)
	for job := range Job(10) {
		s.ShownRunning(job, second)
	}
	s.ShownOutdated(-tolerableAge) // as far behind as polling would be
	s.PageRead(0, 1, everySecond)
	if a, _ := s.Next(0, 0); a.Kind != Nothing || s.list.held != 10 {
		t.Errorf("%+v", a)
	}
	ask(t, s, second, Page)
	for job := range Job(10) {
		s.ShownRunning(job, 2*second)
	}
	s.ShownOutdated(second - tolerableAge - 1)
	s.PageRead(second, 1, everySecond)
	ask(t, s, 2*second, Get) // each is polled when due, and the list still asked
	ask(t, s, 2*second, Page)
	due := s.jobs[9].due
	if s.ShownRunning(9, time.Hour); s.jobs[9].state != own || s.jobs[9].due != due {
		t.Error("a list that is behind puts off a poll")
	}
	ask(t, s, 2*second, Get)
	for job := range Job(10) {
		s.ShownRunning(job, 3*second)
	}
	s.PageRead(2*second, 1, everySecond) // it has caught up
	for job := range Job(10) {
		s.ShownRunning(job, 3*second)
	}
	if s.list.held < 7 { // but for the three that are asked about
		t.Errorf("%d jobs are left to a list that has caught up", s.list.held)
	}
}

func TestAudits(t *testing.T) {
	s := newSchedule(true, 10)
	audits, audited := 0, map[Job]bool{}
	for now := time.Duration(0); now < 100*second; now += second {
		ask(t, s, now, Page)
		for job := range Job(10) {
			s.ShownRunning(job, Never-1)
		}
		s.PageRead(now, 1, everySecond)
		for a, _ := s.Next(now, 0); a.Kind == Get; a, _ = s.Next(now, 0) {
			s.Sent(a, now)
			audits++
			audited[a.Job] = true
			s.Running(a.Job, now, now+second)
		}
	}
	// Of different jobs, or one that the list shows for ever is seen by chance only.
	if audits != 100/auditEvery || len(audited) != audits {
		t.Errorf("%d audits in 100 sweeps, of %d jobs", audits, len(audited))
	}
}

func TestPagesAreBounded(t *testing.T) {
	s := newSchedule(true, 3)
	ask(t, s, 0, Page)
	s.PageRead(0, math.MaxInt, everySecond)
	if got := s.Pages(); got != maxPages {
		t.Errorf("%d pages", got)
	}
}

// unseen reads a page that shows none of the jobs, so that all are hinted at.
func unseen(t *testing.T, s *Schedule, now time.Duration) {
	t.Helper()
	ask(t, s, now, Page)
	s.PageRead(now, 1, everySecond)
}

// miss has hinted GETs show so many jobs running.
func miss(t *testing.T, s *Schedule, now time.Duration, n int) {
	t.Helper()
	for range n {
		s.Running(ask(t, s, now, Get).Job, now, Never-1)
	}
}

// A list that errs now and then is believed: one hint that proves right makes up
// for those that did not.
func TestHintThatProvesRight(t *testing.T) {
	s := newSchedule(true, 30)
	unseen(t, s, 0)
	miss(t, s, 0, tolerance-1)
	s.list.penalty = maxPenalty
	s.Ended(ask(t, s, 0, Get).Job)
	if s.list.penalty != minPenalty {
		t.Errorf("after a hint that proved right, the next pause is %v", s.list.penalty)
	}
	miss(t, s, 0, tolerance-1)
	s.ShownRunning(0, time.Hour) // it does show jobs of ours
	miss(t, s, 0, tolerance-1)
	if n := s.head.Len(); n != 30-1-3*(tolerance-1) {
		t.Errorf("%d hints are believed", n)
	}
	miss(t, s, 0, 1)
	if n := s.head.Len(); n > 0 {
		t.Errorf("%d hints are believed after %d in a row proved false", n, tolerance)
	}
}

// What proved false before the hints were dropped does not count against the
// hints of a later sweep.
func TestMissesAreCountedAnew(t *testing.T) {
	s := newSchedule(true, tolerance)
	unseen(t, s, 0)
	miss(t, s, 0, tolerance)
	for range 10 {
		s.Add(second)
	}
	unseen(t, s, time.Minute)
	miss(t, s, time.Minute, 1)
	if n := s.head.Len(); n != 9 {
		t.Errorf("%d of 9 hints are believed after one that proved false", n)
	}
}

// A list that has shrunk while it was read goes on with what is now its end.
func TestListShrinksWhileItIsRead(t *testing.T) {
	s := newSchedule(true, 50)
	for i, want := range []int{1, 5, 2, 1} {
		if a := ask(t, s, 0, Page); a.Page != want {
			t.Errorf("page %d is asked, want %d", a.Page, want)
		}
		s.PageRead(0, []int{5, 2, 2, 2}[i], everySecond)
	}
	if s.list.reading {
		t.Error("the sweep goes on after page 1")
	}
}

// More pages than jobs are not worth reading, not even the rest of a sweep.
func TestSweepThatIsTooLong(t *testing.T) {
	s := newSchedule(true, 3)
	ask(t, s, 0, Page)
	s.PageRead(0, 6, everySecond)
	for range 3 {
		s.Running(ask(t, s, 0, Get).Job, 0, Never-1)
	}
	if a, at := s.Next(0, 0); a.Kind != Nothing || at != minPenalty {
		t.Errorf("next is %+v, at %v", a, at)
	}
}

// What counts is how many are left to read.
func TestSweepThatIsNearlyThrough(t *testing.T) {
	s := newSchedule(true, 4)
	ask(t, s, 0, Page) // the first
	s.PageRead(0, 3, everySecond)
	ask(t, s, 0, Page) // the third
	s.Drop(0)
	s.PageRead(0, 3, everySecond)
	ask(t, s, 0, Page) // the second: three jobs are more than the two pages that are left
}

// The pages of a sweep are read one after another, since what they show ages;
// then what is due has its turn.
func TestSweepIsNotInterrupted(t *testing.T) {
	s := newSchedule(true, 50)
	s.move(7, own, 0)
	for range 4 { // 1, 3, 2, 1
		ask(t, s, 0, Page)
		s.PageRead(0, 3, func(int) time.Duration { return 0 })
	}
	ask(t, s, 0, Get)
}

// A job whose own GET shows it running during a sweep is not absent from it, and
// one whose GET failed is not asked the sooner for what the list says of it.
func TestOwnAnswerCountsMoreThanTheList(t *testing.T) {
	s := newSchedule(true, 50)
	s.move(7, own, 0)
	s.move(8, own, 0)
	ask(t, s, 0, Page)
	for range 2 {
		if a := ask(t, s, 0, Get); a.Job == 7 {
			s.Running(7, 0, time.Hour)
		} else {
			s.Failed(8, time.Hour)
		}
	}
	s.ShownEnded(8, 0)
	s.PageRead(0, 1, everySecond)
	if s.head.Len() != 48 || s.jobs[7].state != own || s.jobs[8].state != own {
		t.Errorf("%d known; job 7 in state %d, job 8 in %d", s.head.Len(), s.jobs[7].state, s.jobs[8].state)
	}
}

package list

import (
	"math"
	"slices"
	"testing"
	"time"
)

// many is a demand that any list is worth.
var many = Demand{Waiting: 50}

// read has one page sent and read at now, and ends the scan with it if it is the
// last one. It returns its number, and whether the scan is complete.
func read(l *List, now time.Duration, pages int, d Demand) (page int, complete bool) {
	page = l.Page()
	l.SentPage(now)
	if complete = l.PageRead(now, pages, d); complete {
		l.ScanDone(now, second, d)
	}
	return page, complete
}

func TestScanGoesBackwards(t *testing.T) {
	l := New(true)
	var pages []int
	for range 4 { // the first tells how many there are
		page, complete := read(l, 0, 3, many)
		pages = append(pages, page)
		if complete != (len(pages) == 4) {
			t.Errorf("after the pages %v the scan is complete: %v", pages, complete)
		}
	}
	if want := []int{1, 3, 2, 1}; !slices.Equal(pages, want) {
		t.Errorf("pages %v, want %v", pages, want)
	}
	if page, _ := read(l, second, 3, many); page != 3 {
		t.Errorf("the next scan begins with page %d of 3", page)
	}
}

// A list that has shrunk while it was read goes on with what is now its end.
func TestListShrinksWhileItIsRead(t *testing.T) {
	l := New(true)
	for i, want := range []int{1, 5, 2, 1} {
		if page, _ := read(l, 0, []int{5, 2, 2, 2}[i], many); page != want {
			t.Errorf("page %d is read, want %d", page, want)
		}
	}
	if l.Reading() {
		t.Error("the scan goes on after page 1")
	}
}

func TestPagesAreBounded(t *testing.T) {
	for total, want := range map[int]int{math.MaxInt: maxPages, 0: 1, -7: 1} {
		l := New(true)
		read(l, 0, total, many)
		if l.Pages() != want {
			t.Errorf("%d pages of a list that says %d", l.Pages(), total)
		}
	}
}

// More pages than jobs are not worth reading, not even the rest of a scan.
func TestScanThatIsTooLong(t *testing.T) {
	l, three := New(true), Demand{Waiting: 3}
	read(l, 0, 6, three)
	if l.Reading() || l.Due(0, three) != minPause {
		t.Errorf("the scan goes on: %v; the next page is due at %v", l.Reading(), l.Due(0, three))
	}
}

// What counts is how many pages are left to read.
func TestScanThatIsNearlyThrough(t *testing.T) {
	l := New(true)
	read(l, 0, 3, Demand{Waiting: 4})
	read(l, 0, 3, Demand{Waiting: 3})
	if at := l.Due(0, Demand{Waiting: 3}); at != 0 || l.Page() != 2 {
		t.Errorf("page %d is due at %v: three jobs are more than the two pages that are left", l.Page(), at)
	}
}

// The pause doubles with each scan that is of no use, once per scan, up to a
// bound. One that is of use ends that.
func TestPausesOfAUselessList(t *testing.T) {
	l, none := New(true), Demand{Waiting: 3, Unshown: 3}
	now := time.Duration(0)
	for _, want := range []float64{1, 2, 4, 8, 16, 32, 60, 60} {
		read(l, now, 1, none)
		next := l.Due(now, none)
		if pause := next - now; pause.Seconds() != want {
			t.Errorf("a pause of %v, want %v s", pause, want)
		}
		now = next
	}
	read(l, now, 1, Demand{Waiting: 3})
	l.SentPage(now + second)
	l.Failed(now+second, 0)
	if pause := l.Due(now, many) - now - second; pause != minPause {
		t.Errorf("the pauses begin again with %v", pause)
	}
}

// A list that errs now and then is believed: one hint that proves right makes up
// for those that did not.
func TestHintThatProvesRight(t *testing.T) {
	l := New(true)
	miss := func(n int) (drop bool) {
		for range n {
			drop = l.FalseHint()
		}
		return drop
	}
	l.pause = maxPause
	if miss(tolerance - 1) {
		t.Error("hints are dropped too soon")
	}
	if l.HintConfirmed(); l.pause != minPause {
		t.Errorf("after a hint that proved right, the next pause is %v", l.pause)
	}
	if miss(tolerance - 1) {
		t.Error("hints are dropped though one has proved right")
	}
	l.ShownRunning()
	if miss(tolerance - 1) {
		t.Error("hints are dropped though the list shows jobs of ours")
	}
	if !miss(1) {
		t.Errorf("hints are believed after %d in a row proved false", tolerance)
	}
	if miss(tolerance - 1) {
		t.Error("what was counted before the hints were dropped counts again")
	}
}

func TestListFailures(t *testing.T) {
	l := New(true)
	now, pages := time.Duration(0), 0
	for now < time.Hour {
		if now = max(now, l.Due(now, many)); l.Works(now) && pages > 3 {
			t.Fatalf("at %v a list that always fails is relied on", now)
		}
		l.SentPage(now)
		l.Failed(now, 0)
		pages++
	}
	if pages < 50 || pages > 80 {
		t.Errorf("a list that never answers is asked %d times in an hour", pages)
	}
	if read(l, now, 1, many); !l.Works(now) {
		t.Error("a list that answers again is not relied on")
	}
}

// Retry-After of a page concerns the list alone.
func TestFailedListWaitsAsAsked(t *testing.T) {
	l := New(true)
	l.SentPage(0)
	l.Failed(0, 7*second)
	if at := l.Due(0, many); at != 7*second {
		t.Errorf("the next page is due at %v, want 7s", at)
	}
}

// A list that the server says does not exist is tried again after half an hour,
// and when work begins after idleness.
func TestGoneListIsTriedAgain(t *testing.T) {
	for _, resumes := range []bool{false, true} {
		l := New(true)
		l.SentPage(0)
		l.Gone(0)
		at := retryGone
		if resumes {
			at = time.Minute
			l.Resume(at)
		} else if l.On(at-1) || l.Works(at-1) || l.Due(at-1, many) != Never {
			t.Error("a list that is gone is asked for")
		}
		if !l.On(at) || l.Due(at, many) > at {
			t.Errorf("resumed %v: at %v the list is on: %v, due at %v", resumes, at, l.On(at), l.Due(at, many))
		}
	}
}

// The first 429 to a page has it read once more. The second is a failure, and the
// count begins again with a page that was read.
func TestRefusedPageIsReadOnceMore(t *testing.T) {
	l := New(true)
	for range 3 {
		l.SentPage(0)
		l.Refused(second)
		if at := l.Due(second, many); at != second {
			t.Fatalf("a page that was refused once is due at %v", at)
		}
		read(l, second, 1, many)
	}
	l.SentPage(2 * second)
	l.Refused(2 * second)
	l.SentPage(2 * second)
	l.Refused(2 * second)
	if at := l.Due(2*second, many); at != 2*second+minPause {
		t.Errorf("a page that was refused twice is due at %v", at)
	}
}

// A page that is late is not waited for, and for a shorter time where none has
// ever come or a deadline is near.
func TestLatePage(t *testing.T) {
	for _, test := range []struct {
		known, near bool
		want        time.Duration
	}{{false, false, shortPatience}, {true, false, patience}, {true, true, shortPatience}} {
		l := New(true)
		if test.known {
			read(l, 0, 1, many)
		}
		l.SetDeadlineNear(test.near)
		l.SentPage(second)
		late := second + test.want
		if at := l.PatienceEnds(second); at != late {
			t.Errorf("%+v: patience ends at %v, want %v", test, at, late)
		}
		if !l.Works(late-1) || l.Late(late-1) || l.Works(late) || !l.Late(late) || l.PatienceEnds(late) != Never {
			t.Errorf("%+v: patience does not end at %v", test, late)
		}
	}
}

// A list that shows jobs running that have ended is behind. As far behind as
// polling is late, it still replaces polls. Further, it does so again once it has
// caught up.
func TestOutdatedList(t *testing.T) {
	l := New(true)
	scan := func(now, ended time.Duration) bool {
		l.SentPage(now)
		l.ShownOutdated(ended, false)
		if !l.PageRead(now, 1, many) {
			t.Fatal("the scan goes on")
		}
		l.ScanDone(now, second, many)
		return l.Works(now)
	}
	if !scan(20*second, 20*second-tolerableAge) {
		t.Error("a list that is as far behind as polling is late is not relied on")
	}
	if scan(30*second, 30*second-tolerableAge-1) || !l.Stale() {
		t.Error("a list that is further behind is relied on")
	}
	if read(l, 31*second, 1, many); !l.Works(31 * second) {
		t.Error("a list that has caught up is not relied on")
	}
}

// A list that shows one ended job running forever is relied on again once GETs
// have agreed with it often enough.
func TestListWithAStuckJob(t *testing.T) {
	l := New(true)
	for scan := range 10 {
		now := time.Minute + time.Duration(scan)*second
		l.SentPage(now)
		l.ShownOutdated(0, scan > 0)
		l.PageRead(now, 1, many)
		l.ScanDone(now, second, many)
		if l.Works(now) {
			t.Fatalf("scan %d is relied on before any GET has agreed", scan)
		}
	}
	for range owedEach - 1 {
		l.Agreed()
	}
	if l.Works(2 * time.Minute) {
		t.Error("the list is relied on too soon")
	}
	if l.Agreed(); !l.Works(2 * time.Minute) {
		t.Errorf("the list is not relied on after %d GETs have agreed with it", owedEach)
	}
}

// Of one waiting job, a page tells no more than a GET.
func TestListWhenItIsCheaper(t *testing.T) {
	l := New(true)
	if l.Due(0, Demand{Waiting: 1}) != Never || l.Due(0, Demand{Waiting: 2}) != 0 {
		t.Error("one job is worth a page, or two are not")
	}
	if New(false).Due(0, many) != Never {
		t.Error("a list that is disabled is read")
	}
	read(l, 0, 1, many)
	for waiting, covers := range map[int]bool{1: false, 2: true} {
		if got := l.Covers(0, Demand{Waiting: waiting}); got != covers {
			t.Errorf("a page covers %d jobs: %v", waiting, got)
		}
	}
	if l.Covers(0, Demand{Waiting: 9, Unshown: 8}) {
		t.Error("a page covers jobs that it does not show")
	}
}

// A page whose answer nobody wants leaves no scan behind.
func TestAbandonedPage(t *testing.T) {
	l := New(true)
	read(l, 0, 3, many)
	l.SentPage(second)
	l.Abandoned(second)
	if l.Reading() || l.Page() != 1 || l.Due(second, many) != second || l.PatienceEnds(second) != Never {
		t.Errorf("the scan goes on: %v; page %d is due at %v", l.Reading(), l.Page(), l.Due(second, many))
	}
}

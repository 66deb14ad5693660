package engine

import (
	"slices"
	"testing"
	"time"
)

func TestPolledInTheOrderOfDueTimes(t *testing.T) {
	d := newDesk(t, Config{}, 3)
	d.soon()
	var first, order []int
	for _, wait := range []time.Duration{7 * second, 3 * second, 5 * second} {
		r := d.take(Get)
		first = append(first, numberOf(r.Key))
		d.answer(r, Answer{Outcome: Running, RetryAfter: wait})
	}
	for range 3 {
		d.at(d.wake)
		order = append(order, d.get(Done))
	}
	if want := []int{first[1], first[2], first[0]}; !slices.Equal(order, want) {
		t.Errorf("polled in the order %v, want %v", order, want)
	}
	if d.idle(); d.wake != Never {
		t.Errorf("wakes at %v when no job is left", d.wake)
	}
}

func TestPageWhenItIsCheaper(t *testing.T) {
	newDesk(t, Config{UseList: true}, 1).take(Get)
	newDesk(t, Config{UseList: true}, 2).take(Page)
	newDesk(t, Config{}, 2).take(Get)
}

func TestAbsentJobsAreAskedFirst(t *testing.T) {
	d := newDesk(t, Config{UseList: true}, 5)
	d.page(1, 1, 3, 5)
	d.soon()
	for range 2 {
		if n := d.get(Done); n != 2 && n != 4 {
			t.Errorf("job %d is asked for, which the list shows running", n)
		}
		d.soon()
	}
	d.idle()
	d.next()
	d.take(Page)
	sent := d.now
	// Those that are left to the list wait for it, but not for long.
	d.next()
	if d.take(Get); d.now != sent+5*second {
		t.Errorf("they are asked for at %v, and the page was at %v", d.now, sent)
	}
}

// The page goes out when the known ends will have run out by the time of its
// answer.
func TestListIsAskedBeforeTheKnownRunOut(t *testing.T) {
	d := newDesk(t, Config{UseList: true, Rate: 10, MaxInFlight: 1}, 20)
	slowly := func(a Answer) {
		r := d.take(d.pending[0].Kind)
		d.at(d.now + 400*time.Millisecond)
		d.answer(r, a)
		d.next()
	}
	for range 50 { // it learns how long answers take
		slowly(Answer{Outcome: Running, Pages: 1, Items: items(upTo(20)...)})
	}
	for d.pending[0].Kind != Page {
		slowly(Answer{Outcome: Running})
	}
	slowly(Answer{Outcome: Running, Pages: 1, Items: items(upTo(8)...)})
	left := 12
	for ; d.pending[0].Kind == Get; left-- {
		slowly(Answer{Outcome: Done})
	}
	// At ten requests per second, three to four fit into an answer's time.
	if left < 1 || left > 4 {
		t.Errorf("the page is asked for with %d ends left", left)
	}
}

func TestJobAddedDuringAScanIsNotAbsent(t *testing.T) {
	d := newDesk(t, Config{UseList: true}, 2)
	d.e.Watch(d.now, d.call, keyOf(3), 3)
	d.page(1, 1, 2)
	if d.known() > 0 {
		t.Error("a job that the scan could not show is taken for ended")
	}
	if d.at(2 * second); len(d.pending) == 0 {
		t.Error("the new job has not been looked for after two seconds")
	}
}

// A scan that was given up halfway tells nothing about the pages that it did not
// come to.
func TestGivenUpScanHintsNothing(t *testing.T) {
	d := newDesk(t, Config{UseList: true}, 50)
	for range 2 { // page 1, which tells that there are 3, and page 3
		d.page(3)
		d.soon()
	}
	d.answer(d.take(Page), Answer{Outcome: Failed})
	if n := d.known(); n > 0 {
		t.Errorf("%d jobs are taken for ended after half a scan", n)
	}
	// A whole one does: this is what the test would miss.
	d = newDesk(t, Config{UseList: true}, 50)
	for range 4 {
		d.page(3)
		d.soon()
	}
	if n := d.known(); n != 50 {
		t.Errorf("%d of 50 jobs are taken for ended after a whole scan", n)
	}
}

// A list that does not show what runs is disbelieved after a few GETs, and read
// less and less.
func TestEmptyListCostsLittle(t *testing.T) {
	d := newDesk(t, Config{UseList: true, Rate: 10}, 500)
	pages, gets, halfway := 0, 0, 0
	for d.now < 20*time.Minute {
		switch {
		case len(d.pending) == 0:
			d.at(d.wake)
		case d.pending[0].Kind == Page:
			d.page(1)
			pages++
		default:
			d.get(Running)
			gets++
		}
		if d.now < 10*time.Minute {
			halfway = d.known()
		}
	}
	if gets < 11900 || pages > 50 {
		t.Errorf("%d pages and %d GETs in 20 minutes", pages, gets)
	}
	if halfway > 0 || d.known() > 0 {
		t.Error("hints of the list are still believed")
	}
}

// Each job that the list shows running is asked for itself now and then, so that a
// list that is wrong about it cannot hide its end forever. Of few jobs that is no
// more than a tenth of what polls would cost.
func TestAudits(t *testing.T) {
	const jobs = 10
	d := newDesk(t, Config{UseList: true, Rate: 10}, jobs)
	audited, gets := map[int]bool{}, 0
	for d.now < 10*time.Minute {
		switch {
		case len(d.pending) == 0:
			d.at(d.wake)
		case d.pending[0].Kind == Page:
			d.page(1, upTo(jobs)...)
		default:
			audited[d.get(Running)] = true
			gets++
		}
	}
	if len(audited) != jobs {
		t.Errorf("%d of %d jobs have been asked for themselves in ten minutes", len(audited), jobs)
	}
	if gets > 10*60*jobs/10/10*2 {
		t.Errorf("%d GETs", gets)
	}
}

// The pages of a scan are read one after another, since what they show ages. Then
// what is due has its turn.
func TestScanIsNotInterrupted(t *testing.T) {
	d := newDesk(t, Config{UseList: true, Rate: 10, MaxInFlight: 3}, 50)
	for _, want := range []int{1, 3, 2, 1} {
		if r := d.page(3, upTo(50)...); r.Page != want {
			t.Errorf("page %d is read, want %d", r.Page, want)
		}
		d.at(d.now + 150*time.Millisecond)
	}
	d.idle()
}

// A job whose own GET shows it running during a scan is not absent from it.
func TestOwnAnswerCountsMoreThanTheList(t *testing.T) {
	d := newDesk(t, Config{UseList: true}, 50)
	d.page(1, upTo(50)...)
	d.next()
	page := d.take(Page)
	d.e.Notify(d.now, keyOf(7))
	d.soon()
	if n := d.get(Running); n != 7 {
		t.Fatalf("job %d is asked for", n)
	}
	d.answer(page, Answer{Outcome: Running, Pages: 1})
	if n := d.known(); n != 49 || d.state(7) == urgent {
		t.Errorf("%d are taken for ended; job 7 is in state %d", n, d.state(7))
	}
}

// A job whose GETs fail is not asked for the sooner for what the list says of it.
func TestListDoesNotHastenWhatFails(t *testing.T) {
	d := newDesk(t, Config{UseList: true}, 50)
	d.page(1, upTo(49)...) // the last seems to have ended
	d.soon()
	r := d.take(Get)
	d.answer(r, Answer{Outcome: Failed, RetryAfter: time.Hour})
	d.next()
	ended := Item{Key: r.Key}
	d.answer(d.take(Page), Answer{Outcome: Running, Pages: 1, Items: append(items(upTo(49)...), ended)})
	if n := numberOf(r.Key); d.state(n) != polled || d.known() > 0 {
		t.Errorf("job %d is in state %d; %d are taken for ended", n, d.state(n), d.known())
	}
}

// An own Backoff that has stopped stops the list for the work that is under way: when
// work begins after idleness, there is a new one.
func TestStoppedListIsReadAgainAfterIdleness(t *testing.T) {
	d := newDesk(t, Config{UseList: true, NewBackoff: func() Backoff {
		return &fickle{delays: []time.Duration{second, second, -1}}
	}}, 5)
	pages := func() (n int) {
		for d.now < d.e.youngest+20*second && d.call.live > 0 {
			if len(d.pending) == 0 {
				d.at(d.now + second)
				continue
			}
			r := d.pending[0]
			if r.Kind == Page {
				d.page(1, upTo(5)...)
				n++
				continue
			}
			d.get(Running)
		}
		return n
	}
	first := pages()
	d.e.Cancel(d.now, d.call)
	d.e.Drain(d.now, d.call, make([]WaitEnd, 10))
	d.e.Close(d.now, d.call)
	d.ready()
	d.pending = nil
	d.now += time.Hour
	d.call = d.e.Open(d.now, CallOptions{Deadline: Never})
	for n := range 5 {
		d.e.Watch(d.now, d.call, keyOf(n+1), int32(n+1))
	}
	d.ready()
	if again := pages(); first == 0 || again != first {
		t.Errorf("%d pages are read, and after idleness %d, want as many", first, again)
	}
}

// While a crowd of known ends of one call is worked off, another call's jobs keep
// getting news: the page that is due for them is a second late at most. Where no other
// call waits for news, the crowd goes first.
func TestPageDuringAnotherCallsCrowd(t *testing.T) {
	for _, others := range []int{0, 30} {
		const crowd = 100
		d := newDesk(t, Config{UseList: true, Rate: 10, MaxInFlight: 10}, crowd+2)
		other := d.e.Open(d.now, CallOptions{Deadline: Never})
		var running []int
		for n := range others {
			d.e.Watch(d.now, other, keyOf(crowd+n+3), int32(n))
			running = append(running, crowd+n+3)
		}
		running = append(running, crowd+1, crowd+2)
		d.page(1, running...)
		if n := d.known(); n < crowd-5 {
			t.Fatalf("%d are known to have ended", n)
		}
		pages, gets := 0, 0
		var last, longest time.Duration
		for last = d.now; d.known() > 20; d.next() {
			for len(d.pending) > 0 {
				if d.pending[0].Kind == Get {
					d.get(Done)
					gets++
					continue
				}
				d.page(1, running...)
				pages++
				longest, last = max(longest, d.now-last), d.now
			}
		}
		t.Logf("beside %d jobs of another call: %d pages and %d GETs, a page after %v at the latest", others, pages, gets, longest)
		if others == 0 && pages > 0 {
			t.Errorf("%d pages are read, and nobody else waits for news", pages)
		}
		// The gap between two scans is longer than at first, since they bring no news.
		if others > 0 && (pages < 2 || longest > 5*second+overdue) {
			t.Errorf("%d pages are read beside %d GETs, one only after %v", pages, gets, longest)
		}
	}
}

package engine

import (
	"slices"
	"testing"
	"time"
)

const second = time.Second

// desk drives an Engine by hand: it takes the requests one by one, in their order.
type desk struct {
	t       *testing.T
	e       *Engine
	now     time.Duration
	call    *Call
	pending []Request
	ends    []End
	wake    time.Duration
}

// newDesk has one call wait for so many jobs, numbered from 1. The rate is no
// limit.
func newDesk(t *testing.T, config Config, jobs int) *desk {
	t.Helper()
	if config.Rate == 0 {
		config.Rate = 1e6
	}
	if config.MaxInFlight == 0 {
		config.MaxInFlight = 1000
	}
	if config.MaxWait == 0 {
		config.MaxWait = Never
	}
	if config.MaxErrors == 0 {
		config.MaxErrors = 1000
	}
	if config.Delays == nil {
		config.Delays = []time.Duration{second, 10 * second}
	}
	config.Burst = 1
	d := &desk{t: t, e: New(config), wake: Never}
	d.call = d.e.Open(0, CallOptions{Deadline: Never})
	for n := range jobs {
		d.e.Watch(0, d.call, keyOf(n+1), int32(n+1))
	}
	d.ready()
	return d
}

func keyOf(n int) Key { return Key{byte(n >> 8), byte(n)} }

func numberOf(k Key) int { return int(k[0])<<8 + int(k[1]) }

// ready takes what the Engine wants done.
func (d *desk) ready() {
	d.t.Helper()
	for {
		r := d.e.Ready(d.now)
		d.pending = append(d.pending, r.Requests...)
		d.ends = append(d.ends, r.Ends...)
		d.wake = r.WakeAt
		for _, id := range r.Aborts {
			d.pending = slices.DeleteFunc(d.pending, func(r Request) bool { return r.ID == id })
		}
		if err := d.e.recount(d.now); err != nil {
			d.t.Fatal(err)
		}
		if !r.More {
			return
		}
	}
}

// at has time pass until then, with all that the Engine wakes for.
func (d *desk) at(now time.Duration) {
	d.t.Helper()
	for d.wake <= now {
		d.now = d.wake
		d.ready()
	}
	d.now = now
	d.ready()
}

// soon has the time pass that paces requests, and no more.
func (d *desk) soon() {
	d.t.Helper()
	d.at(d.now + 10*time.Millisecond)
}

// next has time pass until something is under way.
func (d *desk) next() {
	d.t.Helper()
	for len(d.pending) == 0 {
		if d.wake == Never {
			d.t.Fatal("nothing will ever happen")
		}
		d.at(d.wake)
	}
}

// take takes the first request that is under way, which is to be of that kind.
func (d *desk) take(kind Kind) Request {
	d.t.Helper()
	if len(d.pending) == 0 {
		d.t.Fatalf("at %v: nothing is under way; again at %v", d.now, d.wake)
	}
	r := d.pending[0]
	if r.Kind != kind {
		d.t.Fatalf("at %v: %+v is under way, want kind %d", d.now, r, kind)
	}
	d.pending = d.pending[1:]
	return r
}

// answer answers a request.
func (d *desk) answer(r Request, a Answer) {
	d.t.Helper()
	a.Reached = true
	d.e.Respond(d.now, r.ID, a)
	d.ready()
}

// get takes a GET and answers it. It returns its job.
func (d *desk) get(outcome Outcome) int {
	d.t.Helper()
	r := d.take(Get)
	d.answer(r, Answer{Outcome: outcome})
	return numberOf(r.Key)
}

// page takes a page and has it show these jobs running.
func (d *desk) page(pages int, running ...int) Request {
	d.t.Helper()
	r := d.take(Page)
	d.answer(r, Answer{Outcome: Running, Pages: pages, Items: items(running...)})
	return r
}

func items(running ...int) (all []Item) {
	for _, n := range running {
		all = append(all, Item{Key: keyOf(n), Running: true})
	}
	return all
}

// upTo is 1 to n.
func upTo(n int) (all []int) {
	for i := range n {
		all = append(all, i+1)
	}
	return all
}

// idle fails if anything is under way.
func (d *desk) idle() {
	d.t.Helper()
	if len(d.pending) > 0 {
		d.t.Fatalf("at %v: %+v is under way", d.now, d.pending)
	}
}

func (d *desk) state(n int) state {
	j, ok := d.e.table.find(keyOf(n))
	if !ok {
		return gone
	}
	return d.e.table.jobs.at(j).state
}

// known is how many jobs are known to have ended, as far as the list says.
func (d *desk) known() (n int) {
	for j := range d.e.table.jobs.len() {
		n += int1(d.e.table.jobs.at(j).flags.has(hinted))
	}
	return n
}

package soak

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"sync/atomic"
	"time"

	"github.com/edenwait/edenwait"
	"github.com/edenwait/edenwait/edentest"
	"github.com/edenwait/edenwait/internal/testbed"
)

// outcome is what became of a call.
type outcome struct {
	*plan
	results  []edenwait.Result
	err      error
	at       []time.Duration // of the results, from the first call
	since    map[string][]time.Duration
	from, to time.Duration
	ended    time.Duration // when ctx ended or the loop was left; edentest.Never if neither
	broken   bool          // the loop was left
	thrown   any           // by the call
}

// errEnds is what every context ends with that the soak ends.
var errEnds = errors.New("the soak ends the context")

// What loops and sequences throw.
var (
	errBody     = errors.New("the soak's loop panics")
	errSequence = errors.New("the soak's sequence panics")
)

type contextKey string

// enroll gives a call its number.
func (r *run) enroll(c *plan) (number int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.outcomes = append(r.outcomes, &outcome{plan: c, since: map[string][]time.Duration{}, ended: edentest.Never})
	return len(r.outcomes) - 1
}

func (r *run) outcome(number int) *outcome {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.outcomes[number]
}

func (r *run) now() time.Duration { return time.Since(r.began) }

// call makes the call of that number.
func (r *run) call(ctx context.Context, number int) {
	o := r.outcome(number)
	ctx, stop := context.WithCancelCause(context.WithValue(ctx, contextKey("call"), number))
	defer stop(nil)
	o.from = r.now()
	cause := fmt.Errorf("%w of call %d.", errEnds, number)
	switch {
	case o.end > 0 && o.limit:
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, o.end, cause)
		defer cancel()
	case o.end > 0:
		timer := time.AfterFunc(o.end, func() { stop(cause) })
		defer timer.Stop()
	}
	r.wire.atFinal(number, o.last, func() { stop(cause) })
	var ended atomic.Int64 // when, plus one
	forget := context.AfterFunc(ctx, func() { ended.Store(int64(r.now()) + 1) })
	defer forget()

	r.wait(ctx, o)
	o.to = r.now()
	if ctx.Err() != nil && !o.broken {
		if o.ended = o.to; ended.Load() > 0 {
			o.ended = time.Duration(ended.Load() - 1)
		}
	}
}

// wait makes the call, and catches what it throws.
func (r *run) wait(ctx context.Context, o *outcome) {
	defer func() { o.thrown = recover() }()
	take := func(result edenwait.Result) {
		o.results = append(o.results, result)
		o.at = append(o.at, r.now())
	}
	if o.kind != "AsCompleted" {
		for _, id := range o.ids {
			o.since[testbed.Canonical(id)] = append(o.since[testbed.Canonical(id)], o.from)
		}
	}
	switch o.kind {
	case "Wait":
		job, err := r.waiter.Wait(ctx, o.ids[0])
		take(edenwait.Result{ID: o.ids[0], Job: job, Err: err})
	case "WaitAll":
		var results []edenwait.Result
		results, o.err = r.waiter.WaitAll(ctx, o.ids)
		for _, result := range results {
			take(result)
		}
	default:
		for result := range r.waiter.AsCompleted(ctx, r.feed(ctx, o)) {
			take(result)
			if len(o.results)-1 == o.stopAfter {
				o.broken, o.ended = true, r.now()
				if o.throws {
					panic(errBody)
				}
				break
			}
			time.Sleep(o.busy)
			if o.bodyNests > 0 && len(o.results)%o.bodyNests == 0 {
				r.nest(ctx, result.ID, uint64(len(o.results)))
			}
		}
	}
}

// feed is the sequence that AsCompleted reads.
func (r *run) feed(ctx context.Context, o *outcome) iter.Seq[string] {
	return func(yield func(string) bool) {
		r.beside.Add(1)
		defer r.beside.Done()
		for i, id := range o.ids {
			if o.gap > 0 {
				time.Sleep(o.gap)
			}
			if o.seqThrows > 0 && i == o.seqThrows {
				panic(errSequence)
			}
			if o.seqNests > 0 && i%o.seqNests == 1 {
				r.nest(ctx, id, uint64(i))
			}
			r.mu.Lock()
			o.since[testbed.Canonical(id)] = append(o.since[testbed.Canonical(id)], r.now())
			r.mu.Unlock()
			if !yield(id) {
				return
			}
		}
	}
}

// nest makes a call from within another: from its hook, its loop or its sequence.
func (r *run) nest(ctx context.Context, id string, salt uint64) {
	depth, _ := ctx.Value(contextKey("depth")).(int)
	if depth == 2 {
		return
	}
	rng := rand.New(rand.NewPCG(r.seed, hash(id)+salt))
	c := &plan{kind: []string{"Wait", "WaitAll", "AsCompleted"}[rng.IntN(3)], nested: true, stopAfter: -1, ids: []string{id}}
	if len(r.ids) > 0 && rng.IntN(2) == 0 {
		c.ids = nil
		for range 1 + rng.IntN(4) {
			c.ids = append(c.ids, r.ids[rng.IntN(len(r.ids))])
		}
	}
	if c.kind == "Wait" {
		c.ids = c.ids[:1]
	}
	if rng.IntN(3) == 0 {
		c.end, c.limit = time.Duration(rng.Int64N(int64(20*time.Second))), rng.IntN(2) == 0
	}
	if c.kind == "AsCompleted" && rng.IntN(3) == 0 {
		c.stopAfter = rng.IntN(3)
	}
	r.call(context.WithValue(ctx, contextKey("depth"), depth+1), r.enroll(c))
}

// hash is of an id, in any letter case.
func hash(id string) (n uint64) {
	for _, c := range testbed.Canonical(id) {
		n = n*31 + uint64(c)
	}
	return n
}

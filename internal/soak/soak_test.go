package soak

import (
	"context"
	"flag"
	"fmt"
	"net/http"
	"os"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/edenwait/edenwait"
	"github.com/edenwait/edenwait/edentest"
	"github.com/edenwait/edenwait/internal/testbed"
)

// TestSoak lives through scenarios: see scenario for what is drawn, run.check for what must hold.
// A scenario that fails names its seed; to see it again:
//
//	go test ./internal/soak -run TestSoak -soak.seed=17
//
// The scenario is the same each time, the order of its goroutines is not: -count=50
// finds what needs a coincidence.
var seedFlag = flag.Uint64("soak.seed", 0, "run only the soak's scenario of this seed")

func TestSoak(t *testing.T) {
	first, scenarios := uint64(1), uint64(Scenarios)
	if testing.Short() {
		scenarios /= 5
	}
	if text := os.Getenv("EDENWAIT_SOAK"); text != "" {
		n, err := strconv.ParseUint(text, 10, 32)
		if err != nil {
			t.Fatal("EDENWAIT_SOAK: ", err)
		}
		scenarios = n
	}
	if *seedFlag != 0 {
		first, scenarios = *seedFlag, 1
	}
	var all errgroup.Group
	all.SetLimit(runtime.GOMAXPROCS(0))
	for seed := first; seed < first+scenarios; seed++ {
		all.Go(func() error {
			// A subtest each, so that a deadlock or a timeout names the seed too.
			t.Run(fmt.Sprintf("seed=%d", seed), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) { labelled(seed, func() { newScenario(seed).run(t) }) })
			})
			return nil
		})
	}
	_ = all.Wait()
}

// run is a scenario while it is lived through.
type run struct {
	*scenario
	t      *testing.T
	api    *edentest.API
	wire   *wire
	waiter *edenwait.Waiter
	log    *testbed.Log
	trace  *traceLog
	began  time.Time

	mu       sync.Mutex
	called   []*hookCall
	reports  []edenwait.Progress
	outcomes []*outcome     // of the calls, by number
	beside   sync.WaitGroup // hooks and sequences, which may outlive their call
}

func (w *scenario) run(t *testing.T) {
	r := &run{scenario: w, t: t, log: &testbed.Log{}, trace: new(traceLog)}
	r.api = edentest.New(w.opts)
	w.populate(r.api)
	time.Sleep(w.head)
	r.began = time.Now()
	r.wire = newWire(r.api.Client().Transport)
	client := r.api.Client()
	client.Transport = r.wire
	if w.closing {
		client.Transport = closingWire{r.wire}
	}
	polls := &latePath{RoundTripper: client.Transport}
	if w.through {
		client.Transport = polls
	}
	w.config.HTTPClient = client
	w.config.Hooks = r.newHooks()
	w.config.Trace = r.trace.trace(r.curiosity)
	w.config.Logger = r.log.Logger()
	if w.rude {
		poller, err := edenwait.NewPoller(w.config)
		if err != nil {
			t.Fatal(err)
		}
		w.config.Source = &rudeSource{Poller: poller}
	}
	waiter, err := edenwait.New(w.config)
	if err != nil {
		t.Fatal(err)
	}
	r.waiter = waiter
	polls.RoundTripper = waiter.Transport(polls.RoundTripper)

	over := make(chan struct{})
	go r.happen(over)
	var beside sync.WaitGroup
	beside.Go(func() { r.hint(over) })
	beside.Go(func() { r.sendOwn(over) })
	beside.Go(func() { r.watch(over) })
	var calls sync.WaitGroup
	for _, c := range w.calls {
		number := r.enroll(c)
		calls.Go(func() {
			time.Sleep(c.start)
			r.call(context.Background(), number)
		})
	}
	calls.Wait()
	close(over)
	beside.Wait()
	r.beside.Wait()         // some outlive their call,
	time.Sleep(time.Second) // and so may a sequence of ids, by less than this,
	if w.rude {
		time.Sleep(rudeness)
	}
	synctest.Wait() // but nothing else
	if n := goroutinesOf(w.seed); n != 1 {
		t.Errorf("%d goroutines are there after the last call, want this one", n)
	}
	time.Sleep(10 * time.Second) // or one that is late would bring all scenarios down
	synctest.Wait()
	r.check()
	if t.Failed() {
		t.Logf("replay: go test ./internal/soak -run TestSoak -soak.seed=%d", w.seed)
	}
}

// latePath is a RoundTripper that gets its Waiter's Transport once there is a Waiter.
type latePath struct{ http.RoundTripper }

// rudeSource keeps its answers to itself for a while, whatever ctx says, answers
// nothing at all, or panics.
type rudeSource struct {
	*edenwait.Poller
	asked atomic.Int64
}

// Get implements edenwait.Source.
func (s *rudeSource) Get(ctx context.Context, id string) (*edenwait.Job, error) {
	job, err := s.Poller.Get(ctx, id)
	switch n := s.asked.Add(1); {
	case n%7 == 3:
		time.Sleep(rudeness)
	case n%11 == 5:
		panic("the Source's bug")
	case n%13 == 6:
		return nil, nil
	}
	return job, err
}

// rudeness is how long a rudeSource is deaf.
const rudeness = 3 * time.Second

// happen has the scenario's events come to pass.
func (r *run) happen(over <-chan struct{}) {
	for _, event := range r.events {
		select {
		case <-time.After(event.at - time.Since(r.began)):
			event.do(r.api)
		case <-over:
			return
		}
	}
}

package edenwait_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"golang.org/x/sync/errgroup"

	"github.com/edenwait/edenwait"
	"github.com/edenwait/edenwait/edentest"
)

// The soak drives random worlds in virtual time and judges every call by what
// the world knows: see soakWorld for what is drawn, verdict for what must hold.
// A world that fails names its seed; to see it again:
//
//	go test -run TestSoak -soak.seed=17 .
//
// The world is the same each time, the order of its goroutines is not: -count=50
// finds what needs a coincidence.
var soakSeed = flag.Uint64("soak.seed", 0, "run only the soak's world of this seed")

// soakWorlds is how many worlds a plain go test runs, -short a fifth of them;
// EDENWAIT_SOAK asks for another number.
const soakWorlds = 500

func TestSoak(t *testing.T) {
	first, worlds := uint64(1), uint64(soakWorlds)
	if testing.Short() {
		worlds /= 5
	}
	if text := os.Getenv("EDENWAIT_SOAK"); text != "" {
		n, err := strconv.ParseUint(text, 10, 32)
		if err != nil {
			t.Fatal("EDENWAIT_SOAK: ", err)
		}
		worlds = n
	}
	if *soakSeed != 0 {
		first, worlds = *soakSeed, 1
	}
	var all errgroup.Group
	all.SetLimit(runtime.GOMAXPROCS(0))
	for seed := first; seed < first+worlds; seed++ {
		all.Go(func() error {
			// A subtest each, so that a deadlock or a time-out names the seed too.
			t.Run(fmt.Sprintf("seed=%d", seed), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) { labelled(seed, func() { newSoakWorld(seed).run(t) }) })
			})
			return nil
		})
	}
	_ = all.Wait()
}

// soakRun is a world while it is lived through.
type soakRun struct {
	*soakWorld
	t      *testing.T
	api    *edentest.API
	wire   *wire
	waiter *edenwait.Waiter
	log    *syncBuffer
	began  time.Time

	mu       sync.Mutex
	called   map[hookKey]int
	reports  map[int][]edenwait.Progress
	hooks    sync.WaitGroup
	outcomes []soakOutcome
}

// hookKey is a hook of a job, in one call.
type hookKey struct {
	call int
	hook string
	id   string
}

// soakOutcome is what became of a call.
type soakOutcome struct {
	results  []edenwait.Result
	err      error
	at       []time.Duration // of the results, from the first call
	from, to time.Duration
	ended    time.Duration // when ctx ended or the loop was left; edentest.Never if neither
	broken   bool          // the loop was left
}

func (w *soakWorld) run(t *testing.T) {
	r := &soakRun{soakWorld: w, t: t, called: map[hookKey]int{}, reports: map[int][]edenwait.Progress{}, log: &syncBuffer{}}
	r.api = edentest.New(w.opts)
	w.populate(r.api)
	time.Sleep(w.head)
	r.began = time.Now()
	r.wire = newWire(r.api.Client().Transport)
	client := r.api.Client()
	client.Transport = r.wire
	w.config.HTTPClient = client
	w.config.Hooks = r.newHooks()
	w.config.Logger = zap.New(zapcore.NewCore(zapcore.NewJSONEncoder(zap.NewProductionEncoderConfig()), r.log, zap.DebugLevel))
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

	over := make(chan struct{})
	go r.happen(over)
	r.outcomes = make([]soakOutcome, len(w.calls))
	var calls sync.WaitGroup
	for i := range w.calls {
		calls.Go(func() { r.outcomes[i] = r.call(i) })
	}
	calls.Wait()
	close(over)
	r.hooks.Wait()          // some outlive their call,
	time.Sleep(time.Second) // and so may a sequence of ids, by less than this,
	if w.rude {
		time.Sleep(rudeness)
	}
	synctest.Wait() // but nothing else
	if n := goroutinesOf(w.seed); n != 1 {
		t.Errorf("%d goroutines are there after the last call, want this one", n)
	}
	time.Sleep(10 * time.Second) // or one that is late would bring all worlds down
	synctest.Wait()
	r.judge()
	if t.Failed() {
		t.Logf("replay: go test -run TestSoak -soak.seed=%d .", w.seed)
	}
}

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

// happen has the world's events come to pass.
func (r *soakRun) happen(over <-chan struct{}) {
	for _, event := range r.events {
		select {
		case <-time.After(event.at - time.Since(r.began)):
			event.do(r.api)
		case <-over:
			return
		}
	}
}

// errSoakEnds is the cause of every context that ends.
var errSoakEnds = errors.New("the soak ends the context")

type soakKey string

// call makes the call of that number.
func (r *soakRun) call(number int) (o soakOutcome) {
	c := r.calls[number]
	time.Sleep(c.start)
	ctx, stop := context.WithCancelCause(context.WithValue(context.Background(), soakKey("call"), number))
	defer stop(nil)
	o.from, o.ended = time.Since(r.began), edentest.Never
	switch {
	case c.end > 0 && c.limit:
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, c.end, errSoakEnds)
		defer cancel()
	case c.end > 0:
		timer := time.AfterFunc(c.end, func() { stop(errSoakEnds) })
		defer timer.Stop()
	}
	var stopped atomic.Int64 // when, plus one
	r.wire.atFinal(number, c.last, func() {
		stopped.Store(int64(time.Since(r.began)) + 1)
		stop(errSoakEnds)
	})
	take := func(result edenwait.Result) {
		o.results = append(o.results, result)
		o.at = append(o.at, time.Since(r.began))
	}
	switch c.kind {
	case "Wait":
		job, err := r.waiter.Wait(ctx, c.ids[0])
		take(edenwait.Result{ID: c.ids[0], Job: job, Err: err})
	case "WaitAll":
		var results []edenwait.Result
		results, o.err = r.waiter.WaitAll(ctx, c.ids)
		for _, result := range results {
			take(result)
		}
	default:
		for result := range r.waiter.AsCompleted(ctx, c.feed()) {
			take(result)
			if len(o.results)-1 == c.stopAfter {
				o.broken, o.ended = true, time.Since(r.began)
				break
			}
			time.Sleep(c.busy)
		}
	}
	o.to = time.Since(r.began)
	switch at := stopped.Load(); {
	case o.broken:
	case c.end > 0 && o.to-o.from >= c.end:
		o.ended = o.from + c.end
	case at > 0:
		o.ended = time.Duration(at - 1)
	}
	return o
}

var errSoakHook = errors.New("the soak's hook fails")

// newHooks counts the hooks, each of which behaves as its job's id says.
func (r *soakRun) newHooks() edenwait.Hooks {
	return edenwait.Hooks{
		OnSuccess: func(ctx context.Context, job *edenwait.Job) error { return r.hook(ctx, "OnSuccess", job.ID) },
		OnFail:    func(ctx context.Context, job *edenwait.Job) error { return r.hook(ctx, "OnFail", job.ID) },
		OnError:   func(ctx context.Context, id string, _ error) { _ = r.hook(ctx, "OnError", id) },
		OnProgress: func(p edenwait.Progress) {
			r.mu.Lock()
			defer r.mu.Unlock()
			// Which call it is of, it does not say; worlds with one call suffice.
			r.reports[0] = append(r.reports[0], p)
		},
	}
}

// temper is how the hook of a job behaves.
func (r *soakRun) temper(id string) string {
	if !r.hooked {
		return "fine"
	}
	n := uint64(len(id)) + r.seed
	for _, c := range strings.ToLower(id) {
		n = n*31 + uint64(c)
	}
	return []string{"fine", "fine", "fine", "fails", "panics", "slow", "deaf", "nests"}[n%8]
}

func (r *soakRun) hook(ctx context.Context, hook, id string) error {
	number, _ := ctx.Value(soakKey("call")).(int)
	if ctx.Value(soakKey("nested")) != nil {
		return nil
	}
	r.hooks.Add(1)
	defer r.hooks.Done()
	r.mu.Lock()
	r.called[hookKey{number, hook, canonical(id)}]++
	r.mu.Unlock()
	switch r.temper(id) {
	case "fails":
		return errSoakHook
	case "panics":
		panic(errSoakHook)
	case "slow":
		select {
		case <-time.After(7 * time.Second):
		case <-ctx.Done():
		}
	case "deaf":
		time.Sleep(5 * time.Second)
	case "nests":
		if r.nests && hook != "OnError" {
			// What comes of it is another call's concern; that it returns is ours.
			_, _ = r.waiter.Wait(context.WithValue(ctx, soakKey("nested"), true), id)
		}
	}
	return nil
}

func canonical(id string) string {
	if isJobID(id) {
		return strings.ToLower(id)
	}
	return id
}

// syncBuffer is what the log is written to.
type syncBuffer struct {
	mu  sync.Mutex
	all strings.Builder
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.all.Write(p)
}

func (b *syncBuffer) Sync() error { return nil }

func (b *syncBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.all.String()
}

package soak

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/cenkalti/backoff/v4"

	"github.com/edenwait/edenwait"
	"github.com/edenwait/edenwait/edentest"
	"github.com/edenwait/edenwait/internal/testbed"
)

// scenario is a random scenario: an account with jobs and troubles, one Waiter,
// and calls of it. All of it follows from the seed, and all of it is known to
// the checks afterwards.
type scenario struct {
	seed   uint64
	rng    *rand.Rand
	opts   edentest.Options
	config edenwait.Config

	jobs   map[string]*truth // by canonical id
	ids    []string          // of jobs, in the order of submission
	calls  []*plan
	events []event
	head   time.Duration // from the submission of the jobs to the first call

	calm     bool // nothing may cost a job its result, unless the call's own bounds do
	ends     bool // a status may end the batch: 401, 402 or 403
	stops    bool // Config.BackOff may stop
	hooked   bool // hooks fail, panic, dawdle and call back
	nests    bool // a hook may call the Waiter
	timeless bool // some jobs never end
	rude     bool // the Source is a rude one
	crowd    bool // many calls wait for the same jobs
	silent   bool // a connection may fall silent
	closing  bool // the transport passes CloseIdleConnections on

	stuck float64 // the share of the jobs that the list shows running forever

	aside
}

// truth is the truth about a job.
type truth struct {
	script  edentest.Script
	deleted time.Duration // from the first submission; edentest.Never if it is not
}

type event struct {
	at time.Duration
	do func(*edentest.API)
}

// plan is what one call of the Waiter is to be.
type plan struct {
	kind  string // WaitAll, AsCompleted or Wait
	ids   []string
	start time.Duration // from the first call
	end   time.Duration // of ctx, from its start; 0 if it does not end
	limit bool          // ctx ends by its deadline rather than by cancel
	last  int           // the final response in whose coming ctx ends; 0: none

	nested bool // it is made from within another

	stopAfter int           // AsCompleted is broken out of after so many results; -1: never
	gap       time.Duration // AsCompleted: between two ids
	busy      time.Duration // AsCompleted: what the loop's body takes
	throws    bool          // AsCompleted: the loop is left by a panic
	seqThrows int           // AsCompleted: after so many ids, the sequence panics; 0: never
	bodyNests int           // AsCompleted: every so many results, the body calls the Waiter; 0: never
	seqNests  int           // AsCompleted: every so many ids, so does the sequence; 0: never
}

// newScenario draws a scenario.
func newScenario(seed uint64) *scenario {
	w := &scenario{seed: seed, rng: rand.New(rand.NewPCG(seed, 0x50a4)), jobs: map[string]*truth{}, calm: true, rude: seed%10 == 3, crowd: seed%3 == 0}
	w.drawConfig()
	w.drawCalls()
	w.drawAccount()
	w.drawLine() // first: only one fault strikes a request
	w.drawFaults()
	return w
}

func (w *scenario) maybe(share float64) bool { return w.rng.Float64() < share }

func (w *scenario) span(low, high time.Duration) time.Duration {
	return low + time.Duration(w.rng.Int64N(int64(high-low)+1))
}

func pick[T any](w *scenario, of ...T) T { return of[w.rng.IntN(len(of))] }

func (w *scenario) drawConfig() {
	c := &w.config
	c.Token = testbed.Token
	if w.maybe(0.3) {
		c.Rate = pick(w, 2.5, 5, 20)
	}
	if w.maybe(0.2) {
		c.Burst = 1 + w.rng.IntN(10)
	}
	if w.maybe(0.2) {
		c.MaxInFlight = 1 + w.rng.IntN(4)
	}
	if w.maybe(0.2) {
		c.MaxErrors = 1 + w.rng.IntN(8)
		w.calm = false
	}
	if w.maybe(0.2) {
		c.MaxWait = w.span(100*time.Millisecond, 5*time.Minute)
	}
	c.FailFast = w.maybe(0.1)
	c.DisableList = w.maybe(0.2)
	if w.maybe(0.2) {
		c.RequestTimeout = w.span(time.Second, 10*time.Second)
	}
	if w.maybe(0.2) {
		w.drawBackOff()
	}
	w.hooked = w.maybe(0.5)
	w.nests = w.hooked && w.maybe(0.3)
}

func (w *scenario) drawBackOff() {
	w.calm = false // its delays are shorter than MaxErrors was made for
	pause := w.span(0, 5*time.Second)
	switch w.rng.IntN(3) {
	case 0:
		w.config.BackOff = func() backoff.BackOff { return backoff.NewConstantBackOff(pause) }
	case 1:
		w.stops = true
		most := uint64(w.rng.IntN(20))
		w.config.BackOff = func() backoff.BackOff {
			return backoff.WithMaxRetries(backoff.NewConstantBackOff(pause), most)
		}
	default:
		w.config.BackOff = func() backoff.BackOff {
			return backoff.NewExponentialBackOff(backoff.WithMaxElapsedTime(0))
		}
	}
}

func (w *scenario) drawCalls() {
	spread := time.Minute
	n := pick(w, 1, 1, 1, 2, 3)
	if w.crowd {
		n, spread = 4+w.rng.IntN(17), w.span(0, 20*time.Second)
	}
	for range n {
		c := &plan{kind: pick(w, "WaitAll", "WaitAll", "AsCompleted", "Wait"), stopAfter: -1}
		if len(w.calls) > 0 {
			c.start = w.span(0, spread)
		}
		if w.maybe(0.3) {
			c.end = w.span(0, 3*time.Minute)
			c.limit = w.maybe(0.5)
		} else if w.maybe(0.2) {
			c.last = 1 + w.rng.IntN(20)
		}
		if c.kind == "AsCompleted" {
			if w.maybe(0.3) {
				c.stopAfter = w.rng.IntN(20)
			}
			if w.maybe(0.3) {
				c.gap = w.span(time.Millisecond, 500*time.Millisecond)
			}
			if w.maybe(0.2) {
				c.busy = w.span(0, 2*time.Second)
			}
			c.throws = w.maybe(0.3)
			if w.maybe(0.1) {
				c.seqThrows = 1 + w.rng.IntN(20)
			}
			if w.maybe(0.2) {
				c.bodyNests = 1 + w.rng.IntN(5)
			}
			if w.maybe(0.2) {
				c.seqNests = 2 + w.rng.IntN(5)
			}
		}
		w.calls = append(w.calls, c)
	}
	bounded := w.config.MaxWait > 0
	if !bounded {
		bounded = !slices.ContainsFunc(w.calls, func(c *plan) bool { return c.end == 0 })
	}
	w.timeless = bounded && w.maybe(0.3)
}

// shapes are how long jobs run.
var shapes = []edentest.Durations{
	edentest.Lognormal{Median: time.Minute, Sigma: 1, Cap: 20 * time.Minute},
	edentest.Fixed(0),
	edentest.Fixed(45 * time.Second),
	edentest.Uniform{Min: 0, Max: 2 * time.Minute},
	edentest.Bimodal{Short: 2 * time.Second, Long: 10 * time.Minute, LongFraction: 0.3},
	edentest.Pareto{Min: 3 * time.Second, Alpha: 1.1, Cap: time.Hour},
}

func (w *scenario) drawAccount() {
	o := &w.opts
	o.Seed, o.Token = w.seed, testbed.Token
	o.Limit = pick(w, edentest.TokenBucket, edentest.FixedWindow, edentest.SlidingWindow)
	o.Latency = pick(w, 0, 40*time.Millisecond, w.span(0, 2*time.Second))
	if most := w.config.RequestTimeout / 2; most > 0 {
		o.Latency = min(o.Latency, most) // else no request could ever succeed
	}
	if w.maybe(0.2) {
		o.ListLag = w.span(0, 2*time.Minute)
	}
	if w.maybe(0.1) {
		o.ListStatus = pick(w, 403, 404, 405, 500)
	}
	if w.maybe(0.2) {
		o.BackgroundRate = w.rng.Float64() * 9
	}
	if w.maybe(0.2) {
		o.NotFoundFor = w.span(0, 3*time.Second) // later than that, an unknown id may be believed
	}
	if w.maybe(0.3) {
		o.RetryAfter = w.span(time.Second, 20*time.Second)
	}
	if w.maybe(0.3) {
		w.head = w.span(0, time.Minute)
	}
	if w.maybe(0.15) {
		w.event(func(at time.Duration) event {
			// Were it less than what the others send, nothing would ever be left.
			rate := o.BackgroundRate + 0.5 + w.rng.Float64()*5
			return event{at, func(a *edentest.API) { a.SetRate(rate) }}
		})
	}
	if w.maybe(0.15) {
		w.event(func(at time.Duration) event {
			w.events = append(w.events, event{at, func(a *edentest.API) { a.SetDown(true) }})
			return event{at + w.span(0, 4*time.Minute), func(a *edentest.API) { a.SetDown(false) }}
		})
	}
}

func (w *scenario) event(draw func(at time.Duration) event) {
	w.events = append(w.events, draw(w.span(0, 3*time.Minute)))
}

// drawFaults draws what goes wrong. Faults that a job survives only by luck are
// of a bounded time, well under the nine minutes that MaxErrors stands for.
func (w *scenario) drawFaults() {
	o := &w.opts
	if w.maybe(0.05) {
		w.ends = true
		o.Faults = append(o.Faults, edentest.Fault{
			On: edentest.Get, From: w.span(0, 3*time.Minute), Do: edentest.Status(pick(w, 401, 402, 403), "", nil),
		})
	}
	if w.maybe(0.05) {
		w.ends = true // if it is the first answer
		o.Faults = append(o.Faults, edentest.Fault{
			On: edentest.Get, Skip: w.rng.IntN(30), Times: 1, Do: edentest.Status(pick(w, 401, 402, 403), "", nil),
		})
	}
	if w.maybe(0.3) {
		from := w.span(0, 2*time.Minute)
		o.Faults = append(o.Faults, edentest.Fault{
			On:   pick(w, edentest.Get, edentest.List, edentest.Get|edentest.List),
			From: from, Until: from + w.span(0, 4*time.Minute), Do: w.drawEffect(),
		})
	}
	if w.maybe(0.2) {
		o.Faults = append(o.Faults, edentest.Fault{On: edentest.List, Probability: w.rng.Float64(), Do: pick(w,
			edentest.StaleList(w.span(0, 10*time.Minute)), edentest.TruncateBody(), edentest.HTML(), edentest.Stall(), edentest.Delay(8*time.Second))})
	}
	if w.maybe(0.2) {
		o.Faults = append(o.Faults, edentest.Fault{Probability: w.rng.Float64(), Do: pick(w,
			edentest.ClockSkew(w.span(-24*time.Hour, 24*time.Hour)), edentest.WrongType("text/plain"), edentest.PadBody(100_000))})
	}
	if w.maybe(0.4) {
		o.Faults = append(o.Faults, edentest.Chaos(0.5*w.rng.Float64())...)
	}
}

// drawEffect draws what can be survived for a while.
func (w *scenario) drawEffect() edentest.Effect {
	return pick(w,
		edentest.Status(500, "", nil), edentest.Status(503, "busy", http.Header{"Retry-After": {"7"}}), edentest.Status(425, "", nil),
		edentest.RetryAfter("3"), edentest.RetryAfter("-1"), edentest.RetryAfter("soon"), edentest.RetryAfter("99999999999"), edentest.RetryAfter(""),
		edentest.RefuseConnection(), edentest.Reset(), edentest.ResetBody(), edentest.Stall(), edentest.TruncateBody(), edentest.Empty(), edentest.Null(),
		edentest.HTML(), edentest.OtherID(), edentest.TruncateGzip(), edentest.Redirect("https://elsewhere.example/"), edentest.Drip(4*time.Second),
	)
}

// populate submits the jobs, and gives the calls their ids.
func (w *scenario) populate(api *edentest.API) {
	shape := pick(w, shapes...)
	for i := range pick(w, w.rng.IntN(6), w.rng.IntN(6), w.rng.IntN(50), w.rng.IntN(50), w.rng.IntN(300)) {
		job := &truth{script: w.drawScript(i, shape), deleted: edentest.Never}
		id := api.Submit(job.script)
		w.jobs[id], w.ids = job, append(w.ids, id)
		if w.maybe(0.03) {
			job.deleted = w.head + w.span(0, 3*time.Minute)
			w.events = append(w.events, event{job.deleted - w.head, func(a *edentest.API) { a.Delete(id) }})
		}
	}
	if w.maybe(0.3) {
		api.SubmitAll(w.rng.IntN(1500), edentest.Workload{Durations: shape, OtherUser: true})
	}
	for _, c := range w.calls {
		w.deal(c)
	}
	w.drawBeside()
	slices.SortStableFunc(w.events, func(a, b event) int { return int(a.at - b.at) })
}

func (w *scenario) drawScript(i int, shape edentest.Durations) edentest.Script {
	s := edentest.Script{
		After:  shape.Draw(w.rng),
		Status: pick(w, "success", "success", "success", "success", "success", "success", "fail", "cancelled"),
		Output: json.RawMessage(fmt.Sprintf(`{"job":%d,"text":"a<b> & \u00e9"}`, i)),
		Cost:   pick(w, nil, json.RawMessage(`0.25`), json.RawMessage(`"1e-3"`), json.RawMessage(`{"usd":1}`), json.RawMessage(`null`)),
	}
	if s.Status == "fail" {
		s.Error = pick(w, nil, json.RawMessage(`"bare words"`), json.RawMessage(`{"message":"m","error_code":7}`), json.RawMessage(`[1]`))
	}
	s.CreatedAt = pick(w, "", "", "yesterday", "2026-01-02 03:04:05.123456")
	s.StuckInList = w.stuck > 0 && w.maybe(w.stuck)
	if w.opts.Bandwidth > 0 && w.maybe(0.2) {
		s.Output = json.RawMessage(fmt.Sprintf(`"%s"`, strings.Repeat("x", w.rng.IntN(30_000))))
	}
	switch {
	case w.timeless && w.maybe(0.2):
		s.After = edentest.Never
	case w.maybe(0.03):
		s.RevertAfter, s.RerunFor = w.span(time.Second, 20*time.Second), w.span(time.Second, time.Minute)
	}
	return s
}

// deal gives the call its ids: jobs, some more than once or in capitals, and
// others that are no jobs.
func (w *scenario) deal(c *plan) {
	c.ids = slices.Clone(w.ids)
	switch {
	case w.crowd && w.maybe(0.5): // and all have a job or two in common
		c.ids = c.ids[:min(len(c.ids), 1+w.rng.IntN(6))]
	case len(w.calls) > 1:
		c.ids = slices.DeleteFunc(c.ids, func(string) bool { return w.maybe(0.5) })
	}
	for range len(c.ids)/10 + w.rng.IntN(2) {
		if len(c.ids) > 0 && w.maybe(0.6) {
			again := c.ids[w.rng.IntN(len(c.ids))]
			c.ids = append(c.ids, pick(w, again, strings.ToUpper(again)))
		}
		if w.maybe(0.3) {
			c.ids = append(c.ids, pick(w, "", "job", "{"+unknownID(0)+"}", strings.Repeat("x", 36), "00000000-0000-0000-0000-00000000000g"))
		}
		if w.maybe(0.2) {
			c.ids = append(c.ids, unknownID(w.rng.IntN(3)))
		}
	}
	w.rng.Shuffle(len(c.ids), func(i, j int) { c.ids[i], c.ids[j] = c.ids[j], c.ids[i] })
	if c.kind == "Wait" {
		if len(c.ids) == 0 {
			c.ids = []string{unknownID(0)}
		}
		c.ids = c.ids[:1]
	}
}

func unknownID(n int) string { return fmt.Sprintf("00000000-0000-4000-8000-%012d", n) }

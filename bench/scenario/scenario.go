// Package scenario holds the work that edenwait and the baselines are given, and
// what is measured of them.
//
// A Scenario runs in virtual time, over the API of package edentest inside a
// testing/synctest bubble: an hour of waiting takes a second or two, nothing
// depends on how busy the machine is, and everyone gets the same jobs.
package scenario

import (
	"math"
	"math/rand/v2"
	"net/http"
	"time"

	"github.com/edenwait/edenwait/bench/baseline"
	"github.com/edenwait/edenwait/edentest"
)

// A Scenario is jobs, who waits for them, and the account that they run in.
type Scenario struct {
	Name      string // unique
	Group     string // the scenarios of one group differ in one thing
	Title     string // as headings show it
	Jobs      int
	Durations edentest.Durations
	Rate      float64 // requests per second that the account may send
	Seeds     int     // how many times it runs, each with other jobs

	// Arrivals is how many jobs per second are submitted. Each submit is a request,
	// so the polls have Rate - Arrivals left, and everyone is told so. Each job has a
	// caller of its own. Defaults to 0: all jobs start at once.
	Arrivals float64
	// Callers is how many goroutines wait for each job, by a call of their own.
	// Defaults to 0: one call waits for all jobs, where there is such a call.
	Callers int

	NoList   bool          // the account has no job list
	ListLag  time.Duration // how far the job list is behind
	PageTook time.Duration // how much longer a page of the list takes than a GET
	Foreign  int           // jobs of other users that run forever
	Others   float64       // requests per second that other clients send, unannounced
	Faults   float64       // share of requests that something goes wrong with

	Forms Forms
}

// Forms selects which forms of the baselines run.
type Forms int

// The forms. List loops and edenwait are among all of them.
const (
	Paced      Forms = iota // with a shared rate.Limiter
	Both                    // with and without one
	AsTheyCome              // without the retry that users add
)

const (
	// latency is the round trip of one request: a server on the same continent.
	latency = 40 * time.Millisecond
	// timeout bounds every request where responses may not end.
	timeout = 30 * time.Second
)

// options is the account of one seed.
func (s Scenario) options(seed int) edentest.Options {
	opts := edentest.Options{
		Rate:           s.Rate,
		Burst:          int(s.Rate),
		Latency:        latency,
		Seed:           uint64(seed + 1),
		ListLag:        s.ListLag,
		BackgroundRate: s.Others + s.Arrivals,

		DiscardRecords: true,
	}
	if s.NoList {
		opts.ListStatus = http.StatusNotFound
	}
	if s.PageTook > 0 {
		opts.Faults = []edentest.Fault{{On: edentest.List, Do: edentest.Delay(s.PageTook)}}
	}
	if s.Faults > 0 {
		opts.Faults = edentest.Chaos(s.Faults)
	}
	return opts
}

// suits reports whether a baseline can run here, and adds something.
func (s Scenario) suits(b baseline.Baseline) bool {
	single := s.Arrivals > 0 || s.Callers > 0
	tooMany := float64(s.Jobs)/s.Rate > 500
	switch {
	case b.Name == baseline.Us:
		return true
	case b.NeedsList && s.NoList, single && b.Open == nil, b.Hungry && tooMany:
		return false
	case s.Forms == AsTheyCome:
		return b.AsItComes
	case s.Forms == Paced:
		return b.Paced
	default:
		return !b.AsItComes
	}
}

// The durations that jobs have.
var (
	speech   = edentest.Lognormal{Median: time.Minute, Sigma: 1, Cap: 20 * time.Minute}
	bimodal  = edentest.Bimodal{Short: 2 * time.Second, Long: 10 * time.Minute, LongFraction: 0.2}
	heavy    = edentest.Pareto{Min: 5 * time.Second, Alpha: 0.9, Cap: 2 * time.Hour}
	image    = edentest.Uniform{Min: 7 * time.Second, Max: 90 * time.Second}
	training = logUniform{min: time.Second, max: time.Hour}
)

// logUniform is as likely to be from 1 s to 2 s as from 30 min to an hour.
type logUniform struct{ min, max time.Duration }

// Draw implements edentest.Durations.
func (d logUniform) Draw(rng *rand.Rand) time.Duration {
	return time.Duration(float64(d.min) * math.Pow(float64(d.max)/float64(d.min), rng.Float64()))
}

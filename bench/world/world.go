// Package world holds the work that edenwait and its rivals are given, and what
// is measured of them.
//
// A World is run in virtual time, over the API of package edentest inside a
// testing/synctest bubble: an hour of waiting takes a second or two, nothing
// depends on how busy the machine is, and every contestant meets the very same
// jobs.
package world

import (
	"math"
	"math/rand/v2"
	"net/http"
	"time"

	"github.com/edenwait/edenwait/edentest"
)

// A World is a batch of jobs and the account that they run in.
type World struct {
	Name      string // unique
	Group     string // worlds of one group differ in one thing
	Title     string // as headings show it
	Jobs      int
	Durations edentest.Durations
	Rate      float64 // requests a second that the account may send
	Seeds     int     // how many times it is run, each with other jobs
	// PerJobSeeds is the same for rivals with a goroutine a job, of which ten
	// thousand send millions of requests. Defaults to Seeds.
	PerJobSeeds int

	ListOff bool    // the account has no job list
	Others  float64 // requests a second that other clients of the account send
	Faults  float64 // share of requests that something goes wrong with
	Bare    bool    // rivals that give up at a 429 run as they come, instead
}

const (
	// latency is the round trip of one request: a server on the same continent.
	latency = 40 * time.Millisecond
	// timeout is on every contestant's HTTP client where answers may not end.
	timeout = 30 * time.Second
)

// options is the world's account with the jobs of one seed.
func (w World) options(seed int) edentest.Options {
	opts := edentest.Options{
		Rate:    w.Rate,
		Burst:   int(w.Rate),
		Latency: latency,
		Seed:    uint64(seed + 1),
		Others:  w.Others,

		DiscardRecords: true,
	}
	if w.ListOff {
		opts.ListOff = http.StatusNotFound
	}
	if w.Faults > 0 {
		opts.Faults = edentest.Chaos(w.Faults)
	}
	return opts
}

// The durations that jobs have.
var (
	speech   = edentest.Lognormal{Median: time.Minute, Sigma: 1, Cap: 20 * time.Minute}
	bimodal  = edentest.Bimodal{Short: 2 * time.Second, Long: 10 * time.Minute, LongShare: 0.2}
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

package simulation

import (
	"math"
	"math/rand/v2"
	"time"
)

// Law draws how long a job lasts.
type Law func(r *rand.Rand, job int) time.Duration

// Lognormal is the law that most measurements use. No job lasts longer than most.
func Lognormal(median time.Duration, sigma float64, most time.Duration) Law {
	return func(r *rand.Rand, _ int) time.Duration {
		return min(time.Duration(float64(median)*math.Exp(sigma*r.NormFloat64())), most)
	}
}

// Fixed has every job last as long.
func Fixed(d time.Duration) Law {
	return func(*rand.Rand, int) time.Duration { return d }
}

// ByKind has jobs of several kinds, by turns, each with a law of its own.
func ByKind(laws ...Law) Law {
	return func(r *rand.Rand, job int) time.Duration { return laws[job%len(laws)](r, job) }
}

package picture

import (
	"math"
	"math/rand/v2"
	"time"

	"gonum.org/v1/plot/plotter"

	"github.com/edenwait/edenwait/internal/durations"
)

// basePrice is the price of a request on an idle account, in job-seconds: see
// internal/engine/price.go.
const basePrice = 0.0145

// A rule is the time until the next look at a job, at an age. Times are in seconds.
type rule func(age float64) float64

// The rules that docs/how-it-asks.md compares for one job at a time. All but the
// rule before have a parameter that trades requests for delay.
func fixed(gap float64) rule { return func(float64) float64 { return gap } }

// exponential grows by a share of the age, from half a second.
func exponential(share float64) rule { return func(age float64) float64 { return 0.5 + share*age } }

// priced is what the engine does when it knows nothing of the job.
func priced(price float64) rule {
	return func(age float64) float64 { return min(max(2*math.Sqrt(price*age), 0.2), 10) }
}

// before is the rule of growing delays that had no price: 1 s × 1.3ⁿ, at most 10 s.
func before() rule {
	delay := 1 / 1.3
	return func(age float64) float64 {
		delay = min(delay*1.3, 10)
		return min(delay, 1+0.3*age)
	}
}

// spent is what a rule costs per job.
type spent struct{ jobs, looks, delay float64 }

// follow looks at one job by a rule until it is seen ended. The look at age 0 is
// not counted: every rule has one request. A look takes no time.
func (s *spent) follow(lasts float64, next rule, seen func(from, to float64, ended bool)) {
	s.jobs++
	for age := 0.0; age < lasts; {
		from := age
		age += next(age)
		s.looks++
		if seen != nil {
			seen(from, age, age >= lasts)
		}
		if age >= lasts {
			s.delay += age - lasts
		}
	}
}

func (s spent) at() plotter.XY { return plotter.XY{X: s.looks / s.jobs, Y: s.delay / s.jobs} }

func product(at plotter.XY) float64 { return at.X * at.Y }

// law is lognormal, with a median of a minute.
type law struct {
	title string
	sigma float64
}

func (l law) draw(r *rand.Rand) float64 { return 60 * math.Exp(l.sigma*r.NormFloat64()) }

// curve is a rule with each of its parameters, for jobs one at a time.
func (l law) curve(jobs int, of func(float64) rule, parameters ...float64) (line plotter.XYs) {
	for _, p := range parameters {
		var s spent
		r := rand.New(rand.NewPCG(1, 2))
		for range jobs {
			s.follow(l.draw(r), of(p), nil)
		}
		line = append(line, s.at())
	}
	return line
}

// learned is the rule that knows three hundred jobs of the kind, at each price. A
// seed is a model of its own, which goes on learning for twenty more jobs: those
// count.
func (l law) learned(seeds int, prices ...float64) (line plotter.XYs) {
	for _, price := range prices {
		var s spent
		for seed := range seeds {
			r := rand.New(rand.NewPCG(uint64(seed), 3))
			m := durations.New()
			kind := m.Kind("audio", "speech_to_text_async", "provider", "model")
			next := func(age float64) float64 { return m.Delay(kind, seconds(age), price).Seconds() }
			learn := func(from, to float64, ended bool) {
				if ended {
					m.Ended(kind, seconds(from), seconds(to))
				} else {
					m.Running(kind, seconds(from), seconds(to))
				}
			}
			var teaching spent
			for range 300 {
				teaching.follow(l.draw(r), next, learn)
			}
			for range 20 {
				s.follow(l.draw(r), next, learn)
			}
		}
		line = append(line, s.at())
	}
	return line
}

// limit is the product that no schedule is below which knows the law, but not when
// the job ends: half of (∫√(f·S))², f the density and S the share that still runs.
func (l law) limit() float64 {
	sum := 0.0
	const step = 0.001
	for z := -8.0; z < 8; z += step {
		density := math.Exp(-z*z/2) / math.Sqrt(2*math.Pi)
		runs := math.Erfc(z/math.Sqrt2) / 2
		t := 60 * math.Exp(l.sigma*z)
		// dt = σ·t·dz, and f·dt = density·dz.
		sum += math.Sqrt(density*runs*l.sigma*t) * step
	}
	return sum * sum / 2
}

// hyperbola is the limit, from so many requests to so many.
func (l law) hyperbola(from, to float64) plotter.XYs {
	return plotter.XYs{{X: from, Y: l.limit() / from}, {X: to, Y: l.limit() / to}} // straight on logarithmic axes
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

package simulation

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/edenwait/edenwait/internal/engine"
)

// product is (requests beyond the first) × (mean delay) per job, of the jobs from one
// on. No rule can make it smaller than a number that the law of durations sets; the
// price only says which of the two is small.
func product(s *Scenario, seeds, from int) (product, delay, requests float64) {
	jobs := 0
	for seed := range seeds {
		score := Run(*s, uint64(seed)+1)
		for i := from; i < s.Jobs; i++ {
			delay += score.Delays[i].Seconds()
			requests += float64(score.PerJob[i])
			jobs++
		}
	}
	delay, requests = delay/float64(jobs), requests/float64(jobs)
	return (requests - 1) * delay, delay, requests
}

func oneKind(int) engine.JobKind {
	return engine.JobKind{Feature: "audio", Subfeature: "speech_to_text_async", Provider: "deepgram"}
}

// noKind has nothing be learned.
func noKind(int) engine.JobKind { return engine.JobKind{} }

func twoKinds(job int) engine.JobKind {
	k := oneKind(job)
	if job%2 == 1 {
		k.Provider = "assembly"
	}
	return k
}

func seeds(n int) int {
	if testing.Short() {
		return max(5, n/8)
	}
	return n
}

// TestLearnedDurations: after three hundred jobs of a kind, one at a time, the next are
// polled when they are likely to have ended.
func TestLearnedDurations(t *testing.T) {
	for sigma, most := range map[float64]float64{0.3: 30, 0.5: 42, 1: 58} {
		law := Lognormal(time.Minute, sigma, 20*time.Minute)
		s := Scenario{Jobs: 400, Callers: InTurn, Law: law, Kind: oneKind}
		got, delay, requests := product(&s, seeds(12), 300)
		s.Kind = noKind
		unlearned, _, _ := product(&s, seeds(12), 300)
		t.Logf("σ %v: %.1f (%.2f s at %.1f requests), unlearned %.1f", sigma, got, delay, requests, unlearned)
		if got > most {
			t.Errorf("σ %v: %.1f, want %v at most", sigma, got, most)
		}
	}
}

// TestLearnedKinds: short and long jobs are told apart by their provider.
func TestLearnedKinds(t *testing.T) {
	law := ByKind(Lognormal(5*time.Second, 0.3, time.Hour), Lognormal(5*time.Minute, 0.3, time.Hour))
	s := Scenario{Jobs: 120, Callers: InTurn, Law: law, Kind: twoKinds}
	got, delay, requests := product(&s, seeds(30), 60)
	t.Logf("second batch of two kinds: %.1f (%.2f s at %.1f requests)", got, delay, requests)
	if got > 45 {
		t.Errorf("%.1f, want 45 at most", got)
	}
}

// TestLawChanges: jobs that begin to last three times as long are soon known, and cost
// little until then.
func TestLawChanges(t *testing.T) {
	for _, sigma := range []float64{0.3, 0.5, 1} {
		short, long := Lognormal(time.Minute, sigma, time.Hour), Lognormal(3*time.Minute, sigma, time.Hour)
		s := Scenario{Jobs: 400, Callers: InTurn, Kind: oneKind, Law: func(r *rand.Rand, job int) time.Duration {
			if job < 200 {
				return short(r, job)
			}
			return long(r, job)
		}}
		n := seeds(12)
		after, _, _ := product(&s, n, 300)
		whole, _, _ := product(&s, n, 200)
		meanwhile := 2*whole - after // of the hundred jobs after the change, about
		s.Law = long
		stationary, _, _ := product(&s, n, 300)
		s.Kind = noKind
		unlearned, _, _ := product(&s, n, 300)
		t.Logf("σ %v: %.1f meanwhile, %.1f after a hundred jobs, stationary %.1f, unlearned %.1f", sigma, meanwhile, after, stationary, unlearned)
		if after > 1.3*stationary {
			t.Errorf("σ %v: %.1f after a hundred jobs, want 1.3 times %.1f", sigma, after, stationary)
		}
		if meanwhile > 1.5*unlearned {
			t.Errorf("σ %v: %.1f meanwhile, want 1.5 times %.1f", sigma, meanwhile, unlearned)
		}
	}
}

package ratelimit_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/edenwait/edenwait/internal/ratelimit"
)

func TestTaken(t *testing.T) {
	for _, share := range []float64{0.9, 0.5} {
		for _, k := range kinds {
			var worst, mean, ratio, worstRatio float64
			const seeds = 50
			for seed := range uint64(seeds) {
				r := rand.New(rand.NewPCG(seed, 1))
				srv := newServer(k, 10)
				phase := time.Duration(r.Int64N(int64(time.Second)))
				srv.others = func(now time.Duration) float64 {
					if now < 45*time.Second+phase && now >= phase {
						return 10 * share
					}
					return 0
				}
				s := &sender{limiter: ratelimit.New(10, 1), jobs: 400, from: phase}
				(&simulation{server: srv, senders: []*sender{s}, rand: r}).run(time.Hour)
				ideal := 45 + (400-45*10*(1-share))/10
				lag := (s.done - phase).Seconds() - ideal
				mean += lag / seeds
				worst = max(worst, lag)
				x := float64(s.refused) / float64(len(s.sent))
				ratio += x / seeds
				worstRatio = max(worstRatio, x)
			}
			t.Logf("%v taken, %v: lag %.2f s (worst %.2f), 429s %.3f (worst %.3f)", share, k, mean, worst, ratio, worstRatio)
		}
	}
}

func TestShared(t *testing.T) {
	for _, twins := range []bool{false, true} {
		for _, share := range []float64{0, 0.25, 0.5, 0.75, 0.9} {
			for _, k := range kinds {
				var good, ratio, worst float64
				const seeds = 20
				for seed := range uint64(seeds) {
					r := rand.New(rand.NewPCG(seed, 1))
					srv := newServer(k, 10)
					srv.others = func(time.Duration) float64 { return share * 10 }
					ss := []*sender{{limiter: ratelimit.New(10, 1), jobs: 1e6, from: time.Duration(r.Int64N(int64(time.Second)))}}
					if twins {
						ss = append(ss, &sender{limiter: ratelimit.New(10, 1), jobs: 1e6, from: time.Duration(r.Int64N(int64(time.Second)))})
					}
					(&simulation{server: srv, senders: ss, rand: r}).run(10 * time.Minute)
					x := float64(srv.refusals) / float64(srv.refusals+srv.admitted)
					ratio += x / seeds
					worst = max(worst, x)
					good += float64(srv.admitted) / 600 / seeds
				}
				t.Logf("twins %v, others %v, %v: used %.3f, 429s %.3f (worst %.3f)", twins, share, k, good/(10-10*share), ratio, worst)
			}
		}
	}
}

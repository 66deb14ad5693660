package simulation

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/edenwait/edenwait/internal/engine"
)

// TestPages: the pages are those that a look at each job would make.
func TestPages(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 1))
	for range 50 {
		s := (Scenario{
			Jobs: 1 + random.IntN(3000),
			List: List{
				Foreign: random.IntN(2) * random.IntN(3000), Behind: time.Duration(random.IntN(2)) * 30 * time.Second,
				Frozen: func(job int) bool { return job%10 == 3 },
			},
			Rate: 1e9, Burst: 1e9,
		}).withDefaults()
		jobs := make([]job, s.Jobs)
		for i := range jobs {
			jobs[i].begin = time.Duration(i) * 10 * time.Millisecond
			jobs[i].end = jobs[i].begin + time.Duration(random.IntN(60))*time.Second
		}
		v := newServer(&s, jobs)
		var items []engine.Item
		for now := time.Duration(0); now < 2*time.Minute; now += time.Duration(random.IntN(20)) * time.Second {
			var want []int // ours, the newest first
			for i := len(jobs) - 1; i >= 0; i-- {
				if as := now - s.List.Behind; jobs[i].begin <= as && (jobs[i].end > as || s.List.Frozen(i)) {
					want = append(want, i)
				}
			}
			var got []int
			others, pages := 0, 1
			for page := 1; page <= pages; page++ {
				a := v.answer(now, &engine.Request{Kind: engine.Page, Page: page}, &items)
				pages = a.Pages
				if size := len(a.Items); size > pageSize || page < pages && size != pageSize {
					t.Fatalf("%d jobs on page %d of %d", size, page, pages)
				}
				for _, item := range a.Items {
					if item.Key[0] == 1 {
						others++
					} else {
						got = append(got, number(item.Key))
					}
				}
			}
			if !slices.Equal(got, want) || others != s.List.Foreign {
				t.Fatalf("at %v: %d of ours, want %d; %d of others', want %d", now, len(got), len(want), others, s.List.Foreign)
			}
			if a := v.answer(now, &engine.Request{Kind: engine.Page, Page: pages + 1}, &items); len(a.Items) > 0 {
				t.Fatalf("%d jobs past the end", len(a.Items))
			}
		}
	}
}

// TestAdmits: the server admits its burst, and then its rate, less what others
// spend.
func TestAdmits(t *testing.T) {
	s := (Scenario{Rate: 10, Burst: 5, Others: []Load{{Span{10 * time.Second, 20 * time.Second}, 6}}}).withDefaults()
	v := newServer(&s, nil)
	admitted := func(from, to time.Duration) (n int) {
		for now := from; now < to; now += time.Millisecond {
			n += int1(v.admit(now))
		}
		return n
	}
	for i, want := range []int{104, 40, 100} {
		from := time.Duration(i) * 10 * time.Second
		if got := admitted(from, from+10*time.Second); got < want-1 || got > want+1 {
			t.Errorf("from %v on, %d requests are admitted in ten seconds, want %d", from, got, want)
		}
	}
}

// TestIdeal: one GET per job at its end, as the rate allows.
func TestIdeal(t *testing.T) {
	delay, makespan := Ideal([]time.Duration{3 * time.Second, time.Second, time.Second}, 1)
	if want := time.Second / 3; delay != want || makespan != 3*time.Second {
		t.Errorf("a delay of %v and a makespan of %v, want %v and 3s", delay, makespan, want)
	}
}

// TestMeanIsOfRuns: seeds in parallel are what they are one after another, but for
// the engine's jitter.
func TestMeanIsOfRuns(t *testing.T) {
	s := Scenario{Jobs: 50}
	mean := Mean(s, 40)
	var sum time.Duration
	for seed := range uint64(40) {
		sum += Run(s, seed+1).Lag
	}
	if d := (mean.Lag - sum/40).Abs(); d > 300*time.Millisecond {
		t.Errorf("the mean lag is %v, one after another %v", mean.Lag, sum/40)
	}
}

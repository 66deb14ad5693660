package edentest_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/edenwait/edenwait/edentest"
)

func TestDurations(t *testing.T) {
	tests := []struct {
		d                edentest.Durations
		low, median, top time.Duration // none below low, half below median, none above top
	}{
		{edentest.Lognormal{Median: time.Minute, Sigma: 1, Cap: 20 * time.Minute}, 0, time.Minute, 20 * time.Minute},
		{edentest.Lognormal{Median: time.Minute, Sigma: 0}, time.Minute, time.Minute, time.Minute},
		{edentest.Lognormal{Median: time.Hour, Sigma: 50}, 0, time.Hour, math.MaxInt64 - 1},
		{edentest.Fixed(time.Second), time.Second, time.Second, time.Second},
		{edentest.Bimodal{Short: time.Second, Long: time.Hour, LongFraction: 0.9}, time.Second, time.Hour, time.Hour},
		{edentest.Bimodal{Short: time.Second, Long: time.Hour, LongFraction: 0.1}, time.Second, time.Second, time.Hour},
		{edentest.Pareto{Min: time.Second, Alpha: 1, Cap: time.Hour}, time.Second, 2 * time.Second, time.Hour},
		{edentest.Pareto{Min: time.Hour, Alpha: 0.01}, time.Hour, 100 * 365 * 24 * time.Hour, math.MaxInt64 - 1},
		{edentest.Uniform{Min: time.Second, Max: 3 * time.Second}, time.Second, 2 * time.Second, 3 * time.Second},
	}
	for _, tt := range tests {
		rng := rand.New(rand.NewPCG(1, 1))
		draws := make([]time.Duration, 10001)
		for i := range draws {
			draws[i] = tt.d.Draw(rng)
		}
		slices.Sort(draws)
		median := draws[len(draws)/2]
		if draws[0] < tt.low || draws[len(draws)-1] > tt.top || math.Abs(median.Seconds()/tt.median.Seconds()-1) > 0.5 {
			t.Errorf("%+v: %v … %v … %v, want %v … %v … %v", tt.d, draws[0], median, draws[len(draws)-1], tt.low, tt.median, tt.top)
		}
	}
}

func TestSubmitAll(t *testing.T) {
	inMemory(t, edentest.Options{Rate: -1}, func(t *testing.T, d *door) {
		ids := d.SubmitAll(2000, edentest.Workload{
			Durations:   edentest.Bimodal{Short: time.Second, Long: time.Minute, LongFraction: 0.5},
			FailureRate: 0.25, OutputBytes: 500,
		})
		d.sleep(t, 2*time.Second)
		counts := map[string]int{}
		features := map[string]int{}
		for _, id := range ids {
			j := d.job(t, id)
			counts[j.Status]++
			features[j.Feature+"/"+j.Subfeature]++
			if j.Status == "success" && (len(j.Output) < 400 || len(j.Output) > 700) {
				t.Errorf("output of %d bytes, want about 500", len(j.Output))
			}
		}
		if p := counts["processing"]; p < 900 || p > 1100 {
			t.Errorf("%d are long, want about 1000", p)
		}
		if f := counts["fail"]; f < 200 || f > 300 {
			t.Errorf("%d failed, want about 250", f)
		}
		if len(features) != 9 {
			t.Errorf("features %v, want all nine", features)
		}
	})
}

// The default Workload is the one that the project measures itself against.
func TestWorkloadDefault(t *testing.T) {
	inMemory(t, edentest.Options{}, func(t *testing.T, d *door) {
		start, long := time.Now(), 0
		for _, id := range d.SubmitAll(1000, edentest.Workload{}) {
			ended, ok := d.EndedAt(id)
			run := ended.Sub(start)
			if !ok || run > 20*time.Minute {
				t.Errorf("a job of %v", run)
			}
			if run > time.Minute {
				long++
			}
		}
		if long < 440 || long > 560 {
			t.Errorf("%d of 1000 above a minute, want about half", long)
		}
	})
}

// One seed, one story: ids, ends, outputs, and what the faults strike.
func TestSeed(t *testing.T) {
	story := func(t *testing.T, seed uint64) (told string) {
		inMemory(t, edentest.Options{Seed: seed, Rate: -1, Faults: edentest.Chaos(0.3)}, func(t *testing.T, d *door) {
			d.client.Timeout = 10 * time.Second
			ids := d.SubmitAll(20, edentest.Workload{FailureRate: 0.3})
			ids = append(ids, d.Submit(edentest.Script{After: time.Minute}))
			for range 20 {
				for _, id := range ids {
					resp, err := d.send(t.Context(), "GET", async+"/"+id, edentest.DefaultToken, "")
					told += fmt.Sprint(err)
					if err == nil {
						b := make([]byte, 1<<16)
						n, err := resp.Body.Read(b)
						told += fmt.Sprint(string(b[:n]), err)
						resp.Body.Close()
					}
				}
				d.sleep(t, 10*time.Second)
			}
			for _, r := range d.Requests() {
				told += r.Fault + "\n"
			}
		})
		return told
	}
	one := story(t, 1)
	if one != story(t, 1) {
		t.Error("the same seed told another story")
	}
	if one == story(t, 2) {
		t.Error("another seed told the same story")
	}
}

// What strikes a job must not depend on what other jobs are asked meanwhile.
func TestSeedWithoutOrder(t *testing.T) {
	struck := func(t *testing.T, step int) (faults map[string][]string) {
		inMemory(t, edentest.Options{Rate: -1, Faults: []edentest.Fault{
			{Probability: 0.3, Do: edentest.TruncateBody()}, {Probability: 0.3, Do: edentest.Null()},
		}}, func(t *testing.T, d *door) {
			ids := d.SubmitAll(7, edentest.Workload{})
			for i := range 700 {
				d.get(t, ids[i*step%7])
			}
			faults = map[string][]string{}
			for _, r := range d.Requests() {
				faults[r.JobID] = append(faults[r.JobID], r.Fault)
			}
		})
		return faults
	}
	one, two := struck(t, 1), struck(t, 3)
	for id, want := range one {
		if !slices.Equal(two[id], want) {
			t.Errorf("job %s met %v in one order, %v in another", id, want, two[id])
		}
		if torn := len(want) - len(slices.DeleteFunc(slices.Clone(want), func(f string) bool { return f == "torn" })); torn < 15 || torn > 45 {
			t.Errorf("%d of 100 torn, want about 30", torn)
		}
	}
}

func TestMillionJobs(t *testing.T) {
	if testing.Short() {
		t.Skip("takes some 100 MB")
	}
	heap := func() uint64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	before := heap()
	api := edentest.New(edentest.Options{DiscardRecords: true})
	const n = 1_000_000
	api.SubmitAll(n, edentest.Workload{})
	if per := (heap() - before) / n; per > 200 {
		t.Errorf("%d bytes a job", per)
	}
	runtime.KeepAlive(api)
}

package cost

import (
	"context"
	"math"
	"net/http"
	"runtime"
	"strings"
	"time"

	"github.com/edenwait/edenwait/bench/baseline"
)

// A Memory is what jobs that wait take up: what is live on the heap after a
// collection, and stacks, without the ids themselves, which the caller has.
type Memory struct {
	Name       string  `json:"name"`
	Jobs       int     `json:"jobs"`
	BytesAJob  float64 `json:"bytes_a_job"`
	Goroutines int     `json:"goroutines"`
}

// Jobs are weighed several times, and the least counts: what is allocated while
// a collection runs survives it, and is not theirs.
const (
	weighings = 5
	settle    = 400 * time.Millisecond
)

// A subject is what is weighed.
type subject struct {
	name string
	most int // jobs
	list bool
	rate float64
	wait func(ctx context.Context, s baseline.Service, ids []string) int
}

// subjects are edenwait with and without the list, with one call and with a call per
// job; the readers of the list; and every loop with a goroutine per job.
func subjects() (all []subject) {
	for _, b := range baseline.All() {
		loop := b.PerJob && !b.Paced && !strings.HasSuffix(b.Name, ", tuned")
		s := subject{name: b.Name, most: 10_000, rate: 1e6, list: b.NeedsList, wait: b.WaitAll}
		switch {
		case b.AsItComes:
		case b.Name == baseline.Us:
			s.list, s.most = true, 1_000_000
			all = append(all, s)
			s.name, s.list, s.rate = b.Name+", no list", false, 10
			all = append(all, s)
			all = append(all, subject{b.Name + ", a caller each", 10_000, true, 1e6, b.Each})
		case b.Name == "list every 5 s, concurrent":
			s.most = 100_000
			all = append(all, s)
		case b.NeedsList && b.Module != "" && !b.Paced:
			all = append(all, s)
		case loop:
			all = append(all, s)
		}
	}
	return all
}

func measureMemory(ctx context.Context, progress func(what string)) (all []Memory) {
	for _, s := range subjects() {
		progress("memory, " + s.name)
		for n := 1000; n <= s.most; n *= 10 {
			all = append(all, s.weigh(ctx, n))
		}
	}
	return all
}

// weigh has the subject wait for n jobs that never end, over HTTP in memory, and
// weighs it when each of them is known to run, or, where neither the list nor the
// rate allows that, when the first is.
func (s subject) weigh(ctx context.Context, n int) Memory {
	ids := runningIDs(n)
	time.Sleep(settle) // the goroutines of whatever was weighed before must be gone
	before, goroutines := inUse(), runtime.NumGoroutine()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	service := newInMemory(n, s.list, s.rate < 100)
	over := make(chan struct{})
	go func() {
		defer close(over)
		s.wait(ctx, baseline.Service{Client: &http.Client{Transport: service}, Token: token, Rate: s.rate}, ids)
	}()
	<-service.ready
	least := math.Inf(1)
	for range weighings {
		time.Sleep(settle)
		least = min(least, inUse())
	}
	m := Memory{Name: s.name, Jobs: n, Goroutines: runtime.NumGoroutine() - goroutines}
	// The service's own notes are not the subject's.
	m.BytesAJob = (least - before - service.weight()) / float64(n)
	cancel()
	<-over
	runtime.KeepAlive(ids)
	return m
}

func inUse() float64 {
	runtime.GC()
	runtime.GC() // what the first one found dead behind a finalizer or in a pool
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return float64(stats.HeapAlloc) + float64(stats.StackInuse)
}

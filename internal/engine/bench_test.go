package engine

import (
	"encoding/binary"
	"fmt"
	"runtime"
	"testing"
	"time"
)

func benchConfig() Config {
	return Config{
		Rate: 10, Burst: 1, MaxInFlight: 64, MaxErrors: 60, MaxWait: Never, UseList: true,
		Delays: []time.Duration{time.Second, 2 * time.Second, 5 * time.Second, 10 * time.Second},
	}
}

func wideKey(n int) (k Key) {
	binary.BigEndian.PutUint64(k[:], uint64(n)*0x9e3779b97f4a7c15) // as scattered as ids are
	binary.BigEndian.PutUint32(k[8:], uint32(n))
	return k
}

// BenchmarkWait is what one Wait costs the core: a call that opens, watches a job,
// takes a step, and closes after the job's end, beside many others that wait.
func BenchmarkWait(b *testing.B) {
	for _, others := range []int{0, 10000} {
		b.Run(fmt.Sprintf("beside %d", others), func(b *testing.B) {
			config := benchConfig()
			config.Rate = 1e6
			e := New(config)
			now := time.Duration(0)
			c := e.Open(now, CallOptions{Deadline: Never})
			for n := range others {
				e.Watch(now, c, wideKey(n), int32(n))
			}
			e.Ready(now)
			b.ReportAllocs()
			for n := 0; b.Loop(); n++ {
				now += time.Microsecond
				one := e.Open(now, CallOptions{Deadline: Never})
				e.Watch(now, one, wideKey(1e9+n), 0)
				e.Ready(now)
				e.Cancel(now, one)
				var buffer [1]WaitEnd
				if e.Drain(now, one, buffer[:]) == 1 {
					e.Close(now, one)
					continue
				}
				now += time.Second // its request was under way
				for range e.Ready(now).Ends {
					e.Close(now, one)
				}
			}
		})
	}
}

// BenchmarkStep is a GET that is sent and finds its job running, one of so many.
func BenchmarkStep(b *testing.B) {
	for _, jobs := range []int{1, 10000, 1000000} {
		for _, apart := range []bool{false, true} {
			if apart && jobs != 10000 {
				continue
			}
			b.Run(fmt.Sprintf("%d jobs, apart %v", jobs, apart), func(b *testing.B) {
				config := benchConfig()
				config.UseList = false
				e := New(config)
				now := time.Duration(0)
				c := e.Open(now, CallOptions{Deadline: Never})
				for n := range jobs {
					if apart {
						// With a deadline each, as of contexts.
						c = e.Open(now, CallOptions{Deadline: time.Duration(n+1) * 1000 * time.Hour})
					}
					e.Watch(now, c, wideKey(n), int32(n))
				}
				b.ReportAllocs()
				for b.Loop() {
					ready := e.Ready(now)
					for _, r := range ready.Requests {
						e.Respond(now, r.ID, Answer{Outcome: Running, Reached: true})
					}
					now = max(now+time.Millisecond, min(ready.WakeAt, now+time.Minute))
				}
			})
		}
	}
}

// BenchmarkPage is a page of a thousand jobs that still run, of ten thousand.
func BenchmarkPage(b *testing.B) {
	config := benchConfig()
	e := New(config)
	now := time.Duration(0)
	c := e.Open(now, CallOptions{Deadline: Never})
	for n := range 10000 {
		e.Watch(now, c, wideKey(n), int32(n))
	}
	pages := make([][]Item, 10)
	for n := range 10000 {
		pages[n/1000] = append(pages[n/1000], Item{Key: wideKey(n), Running: true})
	}
	b.ReportAllocs()
	for read := 0; b.Loop(); {
		ready := e.Ready(now)
		for _, r := range ready.Requests {
			a := Answer{Outcome: Running, Reached: true}
			if r.Kind == Page {
				a.Pages, a.Items = 10, pages[(r.Page-1)%10]
				read++
			}
			e.Respond(now, r.ID, a)
		}
		now = max(now, min(ready.WakeAt, now+time.Minute))
	}
}

// TestBytesPerJob: the core keeps a job of a million in few bytes, whether it is in
// a call with others or not.
func TestBytesPerJob(t *testing.T) {
	const jobs = 1_000_000
	for _, test := range []struct {
		name string
		list bool
		wait time.Duration
		most int
	}{
		{"polled", false, Never, 150},
		{"left to the list", true, Never, 170},
		{"with MaxWait", true, time.Hour, 190},
	} {
		config := benchConfig()
		config.UseList, config.MaxWait = test.list, test.wait
		before := heap()
		e := New(config)
		c := e.Open(0, CallOptions{Deadline: Never})
		for n := range jobs {
			e.Watch(0, c, wideKey(n), int32(n))
		}
		each := (heap() - before) / jobs
		t.Logf("%s: %d bytes per job", test.name, each)
		if each > test.most {
			t.Errorf("%s: %d bytes per job", test.name, each)
		}
		runtime.KeepAlive(e)
	}
}

func heap() int {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int(m.HeapAlloc)
}

package durations_test

import (
	"math/rand/v2"
	"runtime"
	"strconv"
	"testing"
	"time"

	"github.com/edenwait/edenwait/internal/durations"
)

// known is a model that has seen three hundred jobs of one kind.
func known() (*durations.Model, durations.Kind) {
	m := durations.New()
	k := m.Kind("audio", "speech", "one", "large")
	series(rand.New(rand.NewPCG(1, 1)), m, k, lognormal(60, 0.5), 300, 0.0125)
	return m, k
}

func BenchmarkDelay(b *testing.B) {
	m, k := known()
	for _, price := range prices {
		for _, age := range []time.Duration{0, 10 * time.Second, time.Minute, time.Hour} {
			b.Run(age.String()+" at "+strconv.FormatFloat(price, 'g', -1, 64), func(b *testing.B) {
				for b.Loop() {
					m.Delay(k, age, price)
				}
			})
		}
	}
}

func BenchmarkRunning(b *testing.B) {
	m, k := known()
	for _, to := range []time.Duration{51 * time.Second, 65 * time.Second, time.Hour} {
		b.Run("50s to "+to.String(), func(b *testing.B) {
			for b.Loop() {
				m.Running(k, 50*time.Second, to)
			}
		})
	}
}

func BenchmarkEnded(b *testing.B) {
	m, k := known()
	for _, to := range []time.Duration{51 * time.Second, 65 * time.Second, time.Hour} {
		b.Run("50s to "+to.String(), func(b *testing.B) {
			for b.Loop() {
				m.Ended(k, 50*time.Second, to)
			}
		})
	}
}

func BenchmarkKind(b *testing.B) {
	m, _ := known()
	b.ReportAllocs()
	for b.Loop() {
		m.Kind("audio", "speech", "one", "large")
	}
}

// TestMemory: whatever kinds come, the model stays small.
func TestMemory(t *testing.T) {
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	m := durations.New()
	for i := range 5000 {
		m.Running(m.Kind("audio", "speech", "one", strconv.Itoa(i)), 0, time.Minute)
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	size := after.HeapAlloc - min(before.HeapAlloc, after.HeapAlloc)
	t.Logf("%d bytes for 1,024 kinds, %d each", size, size/1024)
	if size > 1_400_000 {
		t.Errorf("%d bytes", size)
	}
	runtime.KeepAlive(m)
}

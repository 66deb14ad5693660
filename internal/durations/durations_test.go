package durations_test

import (
	"math"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/edenwait/edenwait/internal/durations"
)

// most is the longest that a delay may be.
func most(age time.Duration) time.Duration { return 10*time.Second + max(age, 0)/20 }

// TestUnlearned: the delays are 2·√(price × age).
func TestUnlearned(t *testing.T) {
	m := durations.New()
	for _, price := range []float64{0.001, 0.0125, 0.05, 0.4, 0.7} {
		for age := 5 * time.Second; age < 90*24*time.Hour; age = age * 4 / 3 {
			want := min(time.Duration(2*math.Sqrt(price*age.Seconds())*float64(time.Second)), most(age))
			if got := m.Delay(0, age, price); got < want*88/100 || got > want*112/100 {
				t.Errorf("%v at %v for %v, want about %v", got, age, price, want)
			}
		}
		for _, age := range []time.Duration{-time.Hour, 0, time.Second / 2} {
			got, want := m.Delay(0, age, price).Seconds(), 2*math.Sqrt(price*0.5)
			if got < 0.6*want || got > 1.6*want {
				t.Errorf("%.3f s at %v for %v, want some %.3f s", got, age, price, want)
			}
		}
	}
}

// TestSilence: that jobs run on makes their delays longer only so far while none has
// ended, since they may all be about to, and farther once one has ended later.
func TestSilence(t *testing.T) {
	const price = 0.0125
	m, next := durations.New(), unlearned(price)
	k := m.Kind("video", "", "two", "")
	silent := func() {
		for range 100_000 {
			m.Running(k, 0, 24*time.Hour)
		}
	}
	silent()
	for age := time.Second; age < 48*time.Hour; age *= 3 {
		if d, without := m.Delay(k, age, price), next(age); d < without || d > without*12/5 || d > most(age) {
			t.Errorf("%v at %v before any end, and %v unlearned", d, age, without)
		}
	}
	m.Ended(k, 24*time.Hour, 25*time.Hour)
	silent()
	for age := time.Second; age < 24*time.Hour; age *= 3 {
		d, without := m.Delay(k, age, price), next(age)
		if d < without*2 || d > without*16/5 || d > most(age) {
			t.Errorf("%v at %v, and %v unlearned", d, age, without)
		}
		if m.Hazard(k, age) > durations.New().Hazard(k, age)/4 {
			t.Errorf("%v at %v: the hazard is %v", d, age, m.Hazard(k, age))
		}
	}
	for range 200 {
		m.Ended(k, 58*time.Second, 61*time.Second)
	}
	if h := m.Hazard(k, time.Minute); h < 0.06 {
		t.Errorf("a hazard of %.3f where 200 jobs have ended within three seconds", h)
	}
}

// TestUnknown: what is learned of any kind counts for the root, and for kinds
// below the same parent until they have shown themselves.
func TestUnknown(t *testing.T) {
	m := durations.New()
	seen := m.Kind("audio", "speech", "one", "large")
	for range 100 {
		m.Running(seen, 0, 50*time.Second)
		m.Ended(seen, 50*time.Second, 60*time.Second)
	}
	nothing := durations.New().Hazard(0, 58*time.Second)
	for name, k := range map[string]durations.Kind{
		"root": 0, "sibling": m.Kind("audio", "speech", "one", "small"), "stranger": m.Kind("video", "", "", ""), "invalid": 60000,
	} {
		if h := m.Hazard(k, 58*time.Second); h < 2*nothing {
			t.Errorf("%s: a hazard of %.3f, and %.3f when nothing is known", name, h, nothing)
		}
	}
}

func TestKind(t *testing.T) {
	m := durations.New()
	k := m.Kind("audio", "speech", "one", "large")
	if k == 0 || k != m.Kind("audio", "speech", "one", "large") {
		t.Error("the same four are not the same kind")
	}
	if m.Kind("", "", "", "") != 0 {
		t.Error("four empty strings are not the root")
	}
	for _, other := range [][4]string{{"audio", "speech", "one", ""}, {"audio", "speech", "", "one"}, {"audio", "speech", "one", "small"}, {"speech", "audio", "one", "large"}} {
		if m.Kind(other[0], other[1], other[2], other[3]) == k {
			t.Errorf("%q is the same kind as another", other)
		}
	}
	long := strings.Repeat("x", 1<<20)
	if m.Kind("audio", "speech", "one", long) != m.Kind("audio", "speech", "one", long+"y") {
		t.Error("names that begin with the same 64 bytes differ")
	}
	parent := m.Kind("audio", "speech", "one", "")
	distinct := map[durations.Kind]bool{}
	for i := range 100_000 {
		distinct[m.Kind("audio", "speech", "one", strconv.Itoa(i))] = true
	}
	if len(distinct) > 1024 || !distinct[parent] {
		t.Errorf("%d kinds, want at most 1,024, and the parent for the rest", len(distinct))
	}
	if m.Kind("audio", "speech", "one", "large") != k {
		t.Error("a kind has been forgotten")
	}
}

// Any calls in any order: nothing panics, delays stay within their bounds, and grow
// with the price. Ages may be anything.
func FuzzModel(f *testing.F) {
	f.Add([]byte{0, 10, 40, 1, 40, 50, 2, 50, 200})
	f.Add([]byte{1, 250, 3, 1, 255, 255, 9, 0, 0, 17, 120, 120, 2, 119, 1})
	f.Fuzz(func(t *testing.T, calls []byte) {
		m, plain := durations.New(), durations.New()
		kinds := []durations.Kind{0, m.Kind("a", "", "", ""), m.Kind("a", "b", "c", "d"), 65535}
		// A byte is an age: 0 and above 250 are what a wrong clock may show.
		age := func(b byte) time.Duration {
			switch {
			case b >= 253:
				return math.MaxInt64
			case b >= 251:
				return math.MinInt64
			case b == 250:
				return -time.Hour
			}
			return time.Duration(float64(b) * 1e7 * math.Pow(1.12, float64(b)))
		}
		calls = calls[:min(len(calls), 120)]
		for ; len(calls) >= 3; calls = calls[3:] {
			k, a, b := kinds[calls[0]>>2&3], age(calls[1]), age(calls[2])
			switch calls[0] & 3 {
			case 0:
				m.Running(k, a, b)
			case 1:
				m.Ended(k, a, b)
			case 2:
				for range calls[0] >> 4 {
					m.Running(k, 0, a)
					m.Ended(k, a, b)
				}
			}
			var last time.Duration
			for _, price := range []float64{math.Inf(-1), 0, 1e-9, 0.0125, 0.05, 0.4, 30, math.Inf(1)} {
				d := m.Delay(k, a, price)
				if d <= 0 || float64(d) > float64(most(a))*(1+1e-9) {
					t.Fatalf("%v at %v for %v", d, a, price)
				}
				if without := plain.Delay(0, a, price); float64(d) > 6*float64(without) {
					t.Fatalf("%v at %v for %v, and %v unlearned", d, a, price, without)
				}
				if float64(d) < float64(last)*(1-1e-5) {
					t.Fatalf("%v at %v for %v, and %v for less", d, a, price, last)
				}
				last = d
			}
			if h := m.Hazard(k, a); !(h > 0 && h < 1e4) {
				t.Fatalf("a hazard of %v at %v", h, a)
			}
			if d := m.Delay(k, a, math.NaN()); d <= 0 {
				t.Fatalf("%v for no price", d)
			}
		}
	})
}

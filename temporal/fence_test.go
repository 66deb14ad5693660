package edentemporal

import (
	"errors"
	"testing"
	"time"

	"github.com/edenwait/edenwait"
)

// at is a moment at which the wall clock and the monotonic one have gone on so far.
func at(wall, monotonic time.Duration) moment {
	return moment{wall: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC).Add(wall), monotonic: time.Hour + monotonic}
}

func TestMomentSince(t *testing.T) {
	for _, test := range []struct {
		name                  string
		wall, monotonic, want time.Duration
	}{
		{"both go", time.Minute, time.Minute, time.Minute},
		{"the machine slept, and the monotonic clock with it", time.Hour, time.Second, time.Hour},
		{"the wall clock was set back", -time.Hour, time.Minute, time.Minute},
		{"the wall clock was set forward", time.Hour, time.Minute, time.Hour},
	} {
		if got := at(test.wall, test.monotonic).since(at(0, 0)); got != test.want {
			t.Errorf("%s: %v, want %v", test.name, got, test.want)
		}
	}
}

func TestFence(t *testing.T) {
	const s = time.Second
	f := newFence(30 * s)
	passes := func(m moment, want bool) {
		t.Helper()
		if err := f.check(m); (err == nil) != want || err != nil && !errors.Is(err, errFenced) {
			t.Errorf("check: %v, want pass %v", err, want)
		}
	}
	passes(at(0, 0), false) // nothing is acknowledged
	f.acknowledge(at(0, 0))
	passes(at(0, 0), true)
	passes(at(22*s, 22*s), true)
	passes(at(22500*time.Millisecond, 22500*time.Millisecond), false)
	passes(at(22500*time.Millisecond, 0), false)
	passes(at(0, 22500*time.Millisecond), false)
	passes(at(-time.Hour, 22*s), true)
	f.acknowledge(at(20*s, 20*s)) // late, but acknowledged: no other process leads
	passes(at(40*s, 40*s), true)
	passes(at(43*s, 43*s), false)
	f.end(edenwait.ErrUnauthorized)
	f.acknowledge(at(50*s, 50*s))
	passes(at(50*s, 50*s), false)
	if err := f.check(at(50*s, 50*s)); errors.Is(err, edenwait.ErrUnauthorized) {
		t.Errorf("%v looks like an answer of the API", err)
	}
	if age, refused := f.state(at(51*s, 51*s)); age != s || refused != 7 {
		t.Errorf("age %v, %d refused", age, refused)
	}
}

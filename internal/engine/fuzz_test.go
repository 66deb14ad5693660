package engine

import (
	"math/rand/v2"
	"testing"
	"time"
)

// finish has the server behave, and each job end by the second minute from now,
// until nobody waits any more. Then it closes all.
func (m *model) finish() {
	for _, c := range m.calls {
		if c.paused {
			c.paused = false
			m.e.Pause(m.now, c.handle, false)
		}
		if c.left {
			for m.drain(c, 3) > 0 {
			}
		}
	}
	m.turn()
	began := m.now
	for steps := 0; m.err == nil && m.waits() > 0; steps++ {
		if m.now > began+time.Hour || steps > 1e5 {
			m.fail("%d waits have not ended after %v and %d steps", m.waits(), m.now-began, steps)
			return
		}
		if len(m.requests) > 0 {
			m.now += 40 * time.Millisecond
			m.behave(began)
		} else if m.wake != Never {
			m.now = max(m.now, m.wake)
		}
		m.turn()
		for _, c := range m.calls {
			if c.left { // by a refusal
				for m.drain(c, 3) > 0 {
				}
			}
		}
	}
	for len(m.calls) > 0 && m.err == nil {
		m.close(m.calls[0])
		m.turn()
	}
	for m.err == nil && len(m.tickets) > 0 {
		m.now = m.wake
		m.turn()
	}
	if e := m.e; m.err == nil && (!e.Idle() || e.table.live > 0 || len(e.requests) > 0 || e.table.index.jobs > 0 || m.wake != Never) {
		m.fail("something is left: %+v, again at %v", e.Stats(0), m.wake)
	}
}

func (m *model) waits() (n int) {
	for _, c := range m.calls {
		n += len(c.open)
	}
	return n
}

// behave answers the oldest request as the API would.
func (m *model) behave(began time.Duration) {
	r := m.requests[0]
	ends := func(k Key) time.Duration { return began + time.Duration(k[0])*10*time.Second }
	a := Answer{Outcome: Running, Reached: true, Pages: 1}
	switch {
	case r.Kind == Page:
		for k := range 13 {
			if key := (Key{byte(k)}); ends(key) > m.now {
				a.Items = append(a.Items, Item{Key: key, Running: true})
			}
		}
	case ends(r.Key) <= m.now:
		a.Outcome = Done
	}
	m.answer(0, a)
}

// FuzzEngine plays scripts.
func FuzzEngine(f *testing.F) {
	for seed := range uint64(20) {
		f.Add(scriptOf(seed))
	}
	f.Fuzz(func(t *testing.T, script []byte) {
		if len(script) > 1<<12 {
			return
		}
		if err := play(script); err != nil {
			t.Fatal(err)
		}
	})
}

func scriptOf(seed uint64) []byte {
	r := rand.New(rand.NewPCG(seed, 1))
	script := make([]byte, 50+r.IntN(1000))
	for i := range script {
		script[i] = byte(r.Uint32())
	}
	script = append([]byte{script[0], 0, 0, 0, 0}, script[1:]...) // two calls, or little happens
	return script
}

// TestRandomScripts plays many scripts, whatever happens in whatever order.
func TestRandomScripts(t *testing.T) {
	n := 3000
	if testing.Short() {
		n = 300
	}
	for seed := range uint64(n) {
		if err := play(scriptOf(seed)); err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
	}
}

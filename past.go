package edenwait

import "github.com/edenwait/edenwait/internal/engine"

// past is of ids that ended while more may come, and may come again.
type past struct {
	seen    memory
	repeats map[int32]struct{} // slots of ids that ended before
}

// remember counts an id that ended before, and came again.
func (c *call) remember(key engine.Key, slot int32) {
	if c.past == nil {
		return
	}
	switch c.past.seen.find(key) {
	case hookedNothing:
		return
	case hookedGaveUp:
		c.counts.errored--
	default:
		if c.past.repeats == nil {
			c.past.repeats = map[int32]struct{}{}
		}
		c.past.repeats[slot] = struct{}{}
	}
}

func (c *call) forgetRepeats(w *engine.WaitEnd) {
	if c.past == nil || len(c.past.repeats) == 0 {
		return
	}
	delete(c.past.repeats, w.Slot)
	for _, slot := range w.More {
		delete(c.past.repeats, slot)
	}
}

// hooked says for what the hooks of a job have been called, whose id may come
// again after its end.
type hooked uint8

const (
	hookedNothing hooked = iota
	hookedGaveUp         // that it was given up, which is to be said once
	hookedEnd            // its end, after which there is nothing to say
)

// memory remembers the last ids that ended in a call: an AsCompleted may run for
// months. It keeps two generations, each of as many ids as are promised, since a
// map from which ids are deleted one by one grows to twice its size.
type memory struct{ young, old map[engine.Key]hooked }

// remembered is how many ids a call remembers at least.
const remembered = 65_536

func (m *memory) find(key engine.Key) hooked {
	if h, young := m.young[key]; young {
		return h
	}
	return m.old[key]
}

func (m *memory) add(key engine.Key, h hooked) {
	if m.young == nil || len(m.young) >= remembered {
		m.young, m.old = map[engine.Key]hooked{}, m.young
	}
	m.young[key] = h
}

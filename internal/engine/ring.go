package engine

import "time"

// ring remembers when the last of many ids were recorded, a bounded number.
type ring struct {
	at    map[Key]time.Duration
	order []Key
	next  int
	size  int
}

func (r *ring) add(key Key, now time.Duration) {
	if r.at == nil {
		r.at = map[Key]time.Duration{}
	}
	if _, again := r.at[key]; !again {
		if len(r.order) < r.size {
			r.order = append(r.order, key)
		} else {
			delete(r.at, r.order[r.next])
			r.order[r.next] = key
			r.next = (r.next + 1) % r.size
		}
	}
	r.at[key] = now
}

// find is when the id was recorded.
func (r *ring) find(key Key) (time.Duration, bool) {
	at, ok := r.at[key]
	return at, ok
}

// forget has the id not be found. It keeps its place until others need it.
func (r *ring) forget(key Key) { delete(r.at, key) }

package engine

// ring remembers something of the last of many ids, of a bounded number: mostly when
// they were recorded.
type ring[V any] struct {
	at    map[Key]V
	order []Key
	next  int
	size  int
}

func (r *ring[V]) add(key Key, v V) {
	if r.at == nil {
		r.at = map[Key]V{}
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
	r.at[key] = v
}

// find is what was recorded of the id.
func (r *ring[V]) find(key Key) (V, bool) {
	v, ok := r.at[key]
	return v, ok
}

// forget has the id not be found. It keeps its place until others need it.
func (r *ring[V]) forget(key Key) { delete(r.at, key) }

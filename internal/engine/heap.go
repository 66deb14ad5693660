package engine

// ordered is what a heap needs of its items: their order, and to be told where
// each stands, so that it can be taken out of the middle.
type ordered[T any] interface {
	before(a, b T) bool
	moved(item T, place int)
}

// A heap is a slice, so that the many small ones of single waits cost one
// allocation each. It is not container/heap, whose interface values would cost
// one per item.

func push[T any](o ordered[T], heap []T, item T) []T {
	heap = append(heap, item)
	siftUp(o, heap, len(heap)-1)
	return heap
}

func remove[T any](o ordered[T], heap []T, place int) []T {
	last := len(heap) - 1
	item := heap[last]
	o.moved(heap[place], -1)
	var none T
	heap[last] = none
	heap = heap[:last]
	if place < last {
		heap[place] = item
		fix(o, heap, place)
	}
	return heap
}

// fix restores the order after the item at place has changed.
func fix[T any](o ordered[T], heap []T, place int) {
	if siftDown(o, heap, place) == place {
		siftUp(o, heap, place)
	}
}

func siftUp[T any](o ordered[T], heap []T, place int) {
	item := heap[place]
	for place > 0 {
		parent := (place - 1) / 2
		if !o.before(item, heap[parent]) {
			break
		}
		heap[place] = heap[parent]
		o.moved(heap[place], place)
		place = parent
	}
	heap[place] = item
	o.moved(item, place)
}

func siftDown[T any](o ordered[T], heap []T, place int) int {
	item := heap[place]
	for {
		child := 2*place + 1
		if child >= len(heap) {
			break
		}
		if right := child + 1; right < len(heap) && o.before(heap[right], heap[child]) {
			child = right
		}
		if !o.before(heap[child], item) {
			break
		}
		heap[place] = heap[child]
		o.moved(heap[place], place)
		place = child
	}
	heap[place] = item
	o.moved(item, place)
	return place
}

package schedule

import (
	stdheap "container/heap"
	"time"
)

// heap orders jobs by when they are due. A job is in one heap at most and knows
// its place there, so that it can be taken out of the middle.
type heap struct {
	order []Job
	jobs  *[]entry
}

func (h *heap) add(job Job) {
	// Appending here rather than in Push keeps the number out of an interface,
	// where it would cost an allocation.
	h.order = append(h.order, job)
	at := len(h.order) - 1
	(*h.jobs)[job].place = int32(at)
	stdheap.Fix(h, at)
}

func (h *heap) remove(job Job) {
	stdheap.Remove(h, int((*h.jobs)[job].place))
}

// first is the job that is due first, and when; Never when there is none.
func (h *heap) first() (Job, time.Duration) {
	if len(h.order) == 0 {
		return 0, Never
	}
	job := h.order[0]
	return job, (*h.jobs)[job].due
}

// Len, Less, Swap, Push and Pop are for container/heap.

func (h *heap) Len() int { return len(h.order) }

func (h *heap) Less(i, j int) bool {
	return (*h.jobs)[h.order[i]].due < (*h.jobs)[h.order[j]].due
}

func (h *heap) Swap(i, j int) {
	h.order[i], h.order[j] = h.order[j], h.order[i]
	(*h.jobs)[h.order[i]].place, (*h.jobs)[h.order[j]].place = int32(i), int32(j)
}

func (h *heap) Push(any) {}

func (h *heap) Pop() any {
	h.order = h.order[:len(h.order)-1]
	return nil
}

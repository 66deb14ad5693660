package engine

// fifo is a queue in pages, so that a million entries cost no copy of all of them
// under the lock, nor memory for two.
type fifo[T any] struct {
	pages [][]T
	first int // of the first page
	size  int
}

func (f *fifo[T]) len() int { return f.size }

func (f *fifo[T]) push(item T) {
	last := len(f.pages) - 1
	if last < 0 || len(f.pages[last]) == pageSize {
		var page []T
		if last++; last > 0 { // the first grows as needed
			page = make([]T, 0, pageSize)
		}
		f.pages = append(f.pages, page)
	}
	f.pages[last] = append(f.pages[last], item)
	f.size++
}

// at is the entry at a place, from 0.
func (f *fifo[T]) at(place int) *T {
	place += f.first
	return &f.pages[place>>pageBits][place&(pageSize-1)]
}

func (f *fifo[T]) pop() {
	f.first++
	if f.size--; f.size == 0 {
		*f = fifo[T]{}
	} else if f.first == pageSize {
		f.pages[0] = nil
		f.pages, f.first = f.pages[1:], 0
	}
}

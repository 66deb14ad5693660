package engine

// pageBits sets the size of an arena's pages. A slice that doubles at a million
// entries stops everyone for a quarter of a second while it is copied under the
// lock; a page of some thousand entries does not.
const (
	pageBits = 12
	pageSize = 1 << pageBits
)

// arena keeps entries by number, in pages. Numbers that are free are given out
// again. Entries hold no pointers where they can avoid it, so that the garbage
// collector need not look at a million of them.
type arena[T any] struct {
	pages [][]T
	free  []int32
}

func (a *arena[T]) at(n int32) *T { return &a.pages[n>>pageBits][n&(pageSize-1)] }

// add returns the number of a zero entry.
func (a *arena[T]) add() int32 {
	if last := len(a.free) - 1; last >= 0 {
		n := a.free[last]
		a.free = a.free[:last]
		return n
	}
	last := len(a.pages) - 1
	if last < 0 || len(a.pages[last]) == pageSize {
		last++
		var page []T
		if last > 0 { // the first grows as needed: most calls have few jobs
			page = make([]T, 0, pageSize)
		}
		a.pages = append(a.pages, page)
	}
	var zero T
	a.pages[last] = append(a.pages[last], zero)
	return int32(last<<pageBits + len(a.pages[last]) - 1)
}

// drop frees the entry.
func (a *arena[T]) drop(n int32) {
	var zero T
	*a.at(n) = zero
	a.free = append(a.free, n)
}

// len is how many numbers have been given out; some may be free.
func (a *arena[T]) len() int32 {
	if last := len(a.pages) - 1; last >= 0 {
		return int32(last<<pageBits + len(a.pages[last]))
	}
	return 0
}

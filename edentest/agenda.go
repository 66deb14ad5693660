package edentest

import "time"

// An appointment is a delivery that is to be made.
type appointment struct {
	at        time.Time
	ends      time.Duration // of the job when this was arranged; it may end earlier yet
	seq       int32         // of the job
	attempt   int32         // from 1
	duplicate bool
}

// An agenda is a heap of appointments, the next one first.
type agenda []appointment

// Len, Less, Swap, Push and Pop implement heap.Interface.
func (a agenda) Len() int           { return len(a) }
func (a agenda) Less(i, j int) bool { return a[i].at.Before(a[j].at) }
func (a agenda) Swap(i, j int)      { a[i], a[j] = a[j], a[i] }
func (a *agenda) Push(x any)        { *a = append(*a, x.(appointment)) }
func (a *agenda) Pop() any {
	last := len(*a) - 1
	x := (*a)[last]
	*a = (*a)[:last]
	return x
}

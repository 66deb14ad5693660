package list

import "time"

// State says whether the list is used, and if not, why.
type State uint8

// The states.
const (
	// Used means: it replaces polls, or is about to be tried.
	Used State = iota
	// Disabled means: it is not to be read.
	Disabled
	// Unneeded means: no more jobs wait for news than it has pages.
	Unneeded
	// Gone means that the server says it has no list.
	Gone
	// Failing means: it has not been read for longer than jobs wait for it.
	Failing
	// Behind means: it shows jobs running that ended long before.
	Behind
	// Incomplete means: it has proved not to show most of the jobs that wait.
	Incomplete
)

// State returns the state of the list.
func (l *List) State(now time.Duration, d Demand) State {
	switch {
	case !l.enabled || l.stopped:
		return Disabled
	case !l.On(now):
		return Gone
	case l.stale:
		return Behind
	case !l.Works(now):
		return Failing
	case d.Waiting < 2 || d.Waiting <= l.pages:
		return Unneeded
	case d.Waiting-d.Unshown <= l.pages:
		return Incomplete
	default:
		return Used
	}
}

// Stale reports whether the last whole scan showed jobs that had ended long
// before: what it shows running may have ended.
func (l *List) Stale() bool { return l.stale }

// Scan is the number of the scan that is under way, or of the last one.
func (l *List) Scan() uint32 { return l.scan }

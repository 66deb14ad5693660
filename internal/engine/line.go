package engine

import "time"

// line is calls in the order of their turns.
type line struct{ first, last *Call }

// enter puts the call at the end of the line.
func (l *line) enter(c *Call) {
	c.inLine, c.prev, c.next = true, l.last, nil
	if l.last == nil {
		l.first = c
	} else {
		l.last.next = c
	}
	l.last = c
}

func (l *line) leave(c *Call) {
	if c.prev == nil {
		l.first = c.next
	} else {
		c.prev.next = c.next
	}
	if c.next == nil {
		l.last = c.prev
	} else {
		c.next.prev = c.prev
	}
	c.inLine, c.prev, c.next = false, nil, nil
}

// lines are the calls that want a request now. Each gets a turn, so a call with one job
// waits for as many requests as there are calls in line, not for as many as they have jobs.
//
// Calls whose time runs out stand apart. In one line with a thousand others, a call that
// has two seconds left would have its final poll in a hundred. Both lines take turns:
// deadlines that keep coming would take every request from calls that have none.
type lines struct {
	usual, ending line
	usualNext     bool // the ending line has had the last turn
}

// of is the line in which the call stands, or would stand.
func (l *lines) of(c *Call) *line {
	if c.ending {
		return &l.ending
	}
	return &l.usual
}

// place has the call stand in line or not, in the line for its remaining time.
func (l *lines) place(c *Call, wants bool, now time.Duration) {
	ending := now < c.endsBy
	if wants == c.inLine && (!wants || ending == c.ending) {
		return
	}
	if c.inLine {
		l.of(c).leave(c)
	}
	if c.ending = ending; wants {
		l.of(c).enter(c)
	}
}

// heads are the first calls of both lines, the next turn's first; nil if there is none.
func (l *lines) heads() [2]*Call {
	if l.usualNext {
		return [2]*Call{l.usual.first, l.ending.first}
	}
	return [2]*Call{l.ending.first, l.usual.first}
}

// turn ends the turn of a call: it goes to the end of its line.
func (l *lines) turn(c *Call) {
	l.usualNext = c.ending
	if own := l.of(c); c.inLine && c != own.last {
		own.leave(c)
		own.enter(c)
	}
}

// nextInLine is the GET of the call whose turn it is.
func (e *Engine) nextInLine(now time.Duration) (choice, bool) {
	for _, c := range e.calls.lines.heads() {
		if c == nil {
			continue
		}
		if j, ok := e.pick(c, now); ok {
			return choice{kind: getJob, job: j, call: c}, true
		}
	}
	return choice{}, false
}

// pick is the job that a call polls next.
func (e *Engine) pick(c *Call, now time.Duration) (int32, bool) {
	if q := c.queues[urgent]; len(q) > 0 {
		return e.table.waits.at(q[0]).job, true
	}
	from, due := polled, e.table.due(c.queues[polled])
	if e.calls.uncovered && len(c.queues[listed]) > 0 {
		if lists := min(e.table.due(c.queues[listed]), e.calls.by); lists < due {
			from, due = listed, lists
		}
	}
	if due > now {
		return none, false
	}
	return e.table.waits.at(c.queues[from][0]).job, true
}

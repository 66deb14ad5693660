package engine

import "time"

// If a host is down, it is down for all jobs. While all requests fail, for more than one
// job, one request at a time is sent, at delays that grow to half a minute. All waits
// then end as soon as the wait of a single job would.
const (
	outageAfter = 8 // failures in a row
	// hopelessAfter and hopelessLimit are for failures that no retry mends, such as
	// a certificate that is not trusted.
	hopelessAfter = 3
	hopelessLimit = time.Minute
	// leastOutage is how long an outage lasts at least before it ends a wait that
	// has seen no failure of its own.
	leastOutage   = 10 * time.Second
	maxProbeDelay = 30 * time.Second
	probeGrows    = 1.3
)

// outage is a streak of failures, for any jobs.
type outage struct {
	count    int
	since    time.Duration // when the first of them was sent, or the last answer before it came
	first    Key           // whose job it was
	others   bool          // there was another's
	hopeless bool          // all were
	value    any           // the last one's
	delay    time.Duration
	next     time.Duration // when the next probe may go
	began    time.Duration // when it was active first
	good     time.Duration // when the last request was sent that was answered
	probe    RequestID     // the last one
}

// failed records a failure. If the request was sent before another request that has been
// answered, its failure does not count: its connection was dead, but others work.
func (o *outage) failed(now, sent time.Duration, key Key, a *Answer) {
	if sent < o.good {
		return
	}
	if o.count == 0 {
		*o = outage{since: max(sent, o.since), first: key, hopeless: true, delay: time.Second, good: o.good}
	}
	before := o.active()
	o.count++
	o.value = a.Value
	o.others = o.others || key != o.first
	o.hopeless = o.hopeless && a.Hopeless
	switch {
	case !o.active():
	case !before:
		o.began, o.next = now, now+o.delay
	case sent > o.began:
		// Of the requests that were under way when it began, twenty may share a
		// connection, and fail with it: they are one failure.
		o.delay = min(time.Duration(float64(o.delay)*probeGrows), maxProbeDelay)
		o.next = now + o.delay
	}
}

// answered records any answer that shows a server at work.
func (o *outage) answered(now, sent time.Duration) {
	*o = outage{since: now, good: max(o.good, sent)}
}

func (o *outage) active() bool {
	return o.count >= outageAfter && o.others || o.count >= hopelessAfter && o.hopeless
}

// down reports whether an outage is under way. An own Backoff's delays hold as they
// are, unless no retry mends what fails.
func (e *Engine) down() bool {
	return e.outage.active() && (e.config.NewBackoff == nil || e.outage.hopeless)
}

// outageLimit is how long an outage lasts that ends waits: as long as one job
// that is alone would be polled in vain.
func outageLimit(delays []time.Duration, maxErrors int) time.Duration {
	var sum time.Duration
	for i := range min(maxErrors-1, len(delays)-1) {
		sum += delays[i]
	}
	if more := maxErrors - len(delays); more > 0 {
		sum += time.Duration(min(float64(more)*float64(delays[len(delays)-1]), float64(maxDelay)))
	}
	return max(sum, leastOutage)
}

// stall records how long no request has succeeded, and when to report it
// again.
type stall struct {
	good   time.Duration // when the last answer came that was of use
	next   time.Duration // how long after it the log is told again
	failed int           // requests since that came to nothing,
	since  time.Duration // when the first of them did,
	value  any           // and what the last one came to
}

const (
	firstStall = time.Minute
	lastStall  = time.Hour
	// leastStall is how long requests come to nothing before that is a state, and
	// not an accident.
	leastStall = 10 * time.Second
)

func (s *stall) over(now time.Duration) { *s = stall{good: now, next: firstStall} }

// add records a request that failed.
func (s *stall) add(now time.Duration, value any) {
	if s.failed == 0 {
		s.since = now
	}
	s.failed++
	s.value = value
}

// due reports whether it is time to report the stall.
func (s *stall) due(now time.Duration) bool {
	if now-s.good < s.next {
		return false
	}
	s.next += min(s.next, lastStall)
	return true
}

// Stalled returns how long no request has succeeded, and the result of the last one.
// The time is 0 while requests succeed, and for the first seconds.
func (e *Engine) Stalled(now time.Duration) (since time.Duration, value any) {
	if e.stall.failed == 0 || now-e.stall.since < leastStall {
		return 0, nil
	}
	return now - e.stall.since, e.stall.value
}

package engine

import "time"

// A refused key (401, 402, 403) ends every call, so one strange answer of a
// gateway must not be taken for one. If a key has never worked, one refusal is enough. A
// key that has worked is only suspected: until an answer decides, only probes are sent,
// which are GETs of another job if there is one. A good answer
// clears the key. A refusal that was sent a second after the first confirms it.
const confirmAfter = time.Second

// refusal is the suspicion of a key that has worked.
type refusal struct {
	worked bool
	active bool
	since  time.Duration
	probe  time.Duration // when the next probe may go
	delay  time.Duration // between probes that decide nothing
	asking RequestID     // the probe under way; 0 if none
	key    Key           // of the job that was refused
}

// suspect starts probing, unless that has begun already. It reports whether it is new.
func (r *refusal) suspect(now time.Duration, key Key) (began bool) {
	if r.active {
		return false
	}
	r.active, r.since, r.probe, r.key, r.delay = true, now, now, key, confirmAfter
	return true
}

// confirms reports whether a refusal sent at that time decides.
func (r *refusal) confirms(sent time.Duration) bool {
	return !r.worked || r.active && sent >= r.since+confirmAfter
}

// accepted records a good answer to a request sent at that time.
func (r *refusal) accepted(sent time.Duration) {
	r.worked = true
	if r.active && sent >= r.since {
		r.active = false
	}
}

// again puts off the next probe until it can decide. Where probes fail,
// their delays grow: else the one job that is asked for would see so many failures
// in a minute that it is given up.
func (r *refusal) again(now time.Duration) {
	r.asking = 0
	if r.probe = r.since + confirmAfter; r.probe <= now {
		r.probe = now + r.delay
		r.delay = min(time.Duration(float64(r.delay)*probeGrows), maxProbeDelay)
	}
}

package edenwait

import "time"

const (
	// sleepCheck is how often, in waking time, it is looked whether the machine has
	// been asleep.
	sleepCheck = 10 * time.Second
	// leastSleep is how far the clocks must be apart. Less is a clock that was set
	// right, and no matter.
	leastSleep = 5 * time.Second
)

// sleepClock notices that the machine has been asleep. Timers, and with them every
// due time, MaxWait and the deadline of a context, follow the monotonic clock, which
// stops meanwhile. The wall clock goes on.
type sleepClock struct {
	last time.Time        // with both readings
	wall func() time.Time // for tests; nil is the wall clock
	was  time.Time        // the wall clock at last
}

func (c *sleepClock) start() { c.last, c.was = time.Now(), c.now() }

// slept reports whether the machine has been asleep since it was last called, or its
// clock was set forward.
func (c *sleepClock) slept() bool {
	last, was := c.last, c.was
	c.start()
	return c.was.Sub(was)-c.last.Sub(last) > leastSleep
}

func (c *sleepClock) now() time.Time {
	if c.wall != nil {
		return c.wall()
	}
	return time.Now().Round(0) // without the monotonic reading
}

package edentemporal

import "time"

// moment is a reading of both clocks. One of them may stand still while the
// machine sleeps, and the other may be set back.
type moment struct {
	wall      time.Time     // without a monotonic reading
	monotonic time.Duration // since some time in the past
}

var someTime = time.Now()

func now() moment {
	t := time.Now()
	return moment{wall: t.Round(0), monotonic: t.Sub(someTime)}
}

// since is the most time that has passed, by either clock.
func (m moment) since(earlier moment) time.Duration {
	return max(m.wall.Sub(earlier.wall), m.monotonic-earlier.monotonic)
}

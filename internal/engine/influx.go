package engine

import (
	"time"

	"github.com/edenwait/edenwait/internal/list"
)

// influx notices that many jobs are being taken in. A scan says nothing of the jobs that
// come after it began: it would show the end of few, and the next one comes
// seconds later.
type influx struct {
	since, last time.Duration
	jobs        int
}

const (
	// influxQuiet is how long after its last job an influx is over, and influxMost how long
	// it puts a scan off.
	influxQuiet = 10 * time.Millisecond
	influxMost  = 2 * time.Second
)

func (i *influx) add(now time.Duration) {
	if now-i.last > influxQuiet {
		i.since, i.jobs = now, 0
	}
	i.last = now
	i.jobs++
}

// over is when a scan may begin. For fewer jobs than a page shows, it is at once.
func (i *influx) over() time.Duration {
	if i.jobs < list.PageSize {
		return 0
	}
	return min(i.last+influxQuiet, i.since+influxMost)
}

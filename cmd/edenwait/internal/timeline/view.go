package timeline

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/edenwait/edenwait/cmd/edenwait/internal/report"
)

// view is what is drawn: the jobs in order, and the span of time.
type view struct {
	jobs         []job
	polls        map[int32][]time.Duration // by the place in jobs
	requests     []request
	from, until  time.Duration
	ended, bad   int
	gets, listed int // requests of each kind
}

// view sorts the jobs by when their results came, which makes of the rows a curve
// that shows the pace. Before the wait began, only a part as long as a quarter of
// it is shown: a job of yesterday would squeeze everything else.
func (r *Recorder) view() *view {
	v := &view{requests: r.requests, until: max(time.Since(r.began), time.Millisecond), polls: map[int32][]time.Duration{}}
	order := make([]int32, len(r.jobs))
	for i := range order {
		order[i] = int32(i)
	}
	end := func(j *job) time.Duration {
		if j.ended {
			return j.known
		}
		return v.until
	}
	slices.SortStableFunc(order, func(a, b int32) int {
		return cmp.Or(cmp.Compare(end(&r.jobs[a]), end(&r.jobs[b])), cmp.Compare(r.jobs[a].from, r.jobs[b].from))
	})
	place := make([]int32, len(order))
	for i, row := range order {
		place[row] = int32(i)
		j := r.jobs[row]
		j.known = end(&j)
		if j.ended {
			v.ended++
		}
		if j.failed {
			v.bad++
		}
		v.from = min(v.from, j.from)
		v.jobs = append(v.jobs, j)
	}
	v.from = max(v.from, -v.until/4)
	for _, q := range r.requests {
		if q.row == list {
			v.listed++
			continue
		}
		v.gets++
		if v.inRows() {
			v.polls[place[q.row]] = append(v.polls[place[q.row]], q.at)
		}
	}
	return v
}

// mostRows is how many jobs have a row each. More are drawn as areas.
const mostRows = 120

func (v *view) inRows() bool { return len(v.jobs) <= mostRows }

// title counts what the picture shows.
func (v *view) title() string {
	return fmt.Sprintf("%d of %s ended, %d without success: %s, %s",
		v.ended, report.Count(len(v.jobs), "job"), v.bad, report.Count(v.gets, "GET"), report.Count(v.listed, "list page"))
}

package cost

import (
	"context"
	"errors"
	"net/http"
	"slices"

	"github.com/edenwait/edenwait/bench/rival"
)

// A Report is everything that this package measures.
type Report struct {
	Gets   []Get    `json:"gets"`
	Memory []Memory `json:"memory"`
	Speed  []Speed  `json:"speed"`
}

// Measure measures everything; progress hears what comes next. It takes about
// two minutes.
func Measure(ctx context.Context, progress func(what string)) (report *Report, err error) {
	server, err := StartServer(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, server.Close()) }()
	report = new(Report)
	for _, get := range []struct{ what, id string }{{"small output", SmallJob}, {"8 MB output", LargeJob}} {
		progress("GET, " + get.what)
		report.Gets = append(report.Gets, MeasureGet(get.what, server.URL, get.id))
	}
	progress("polling at full speed")
	for _, measure := range []func(string) (Speed, error){SpeedEdenwait, SpeedHand} {
		speed, err := bestOf(3, func() (Speed, error) { return measure(server.URL) })
		if err != nil {
			return nil, err
		}
		report.Speed = append(report.Speed, speed)
	}
	http.DefaultTransport.(*http.Transport).CloseIdleConnections()
	report.Memory = measureMemory(ctx, progress)
	return report, nil
}

// bestOf is the fastest of several: what a busy machine took away is lost.
func bestOf(times int, measure func() (Speed, error)) (best Speed, err error) {
	for range times {
		s, err := measure()
		if err != nil {
			return best, err
		}
		if s.PollsASec > best.PollsASec {
			best = s
		}
	}
	return best, nil
}

// most is how many jobs a goroutine-a-job rival is weighed with; the simplest of
// them with ten times as many, to show that what a job takes does not change.
const (
	most     = 10_000
	simplest = "backoff.Retry"
)

func measureMemory(ctx context.Context, progress func(what string)) (all []Memory) {
	for _, list := range []bool{true, false} {
		for n := 1000; n <= 1_000_000; n *= 10 {
			progress("memory, edenwait")
			all = append(all, WeighEdenwait(ctx, n, list))
		}
	}
	rivals := slices.DeleteFunc(rival.All(), func(r rival.Rival) bool { return r.Bare || !r.PerJob })
	for _, r := range rivals {
		progress("memory, " + r.Name)
		for n := 1000; n <= most || n <= 10*most && r.Name == simplest; n *= 10 {
			all = append(all, Weigh(ctx, r, n))
		}
	}
	return all
}

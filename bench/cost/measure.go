package cost

import (
	"context"
	"errors"
	"net/http"
)

// A Report is everything that this package measures.
type Report struct {
	Gets   []Get    `json:"gets"`
	Rates  []Rate   `json:"rates"`
	Memory []Memory `json:"memory"`
	Speed  []Speed  `json:"speed"`
}

// Measure measures everything and calls progress before each part. It takes about
// four minutes.
func Measure(ctx context.Context, progress func(what string)) (report *Report, err error) {
	server, err := StartServer(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, server.Close()) }()
	report = new(Report)
	if report.Rates, err = MeasureRates(ctx, server.URL, progress); err != nil {
		return nil, err
	}
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

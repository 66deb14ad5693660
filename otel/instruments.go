package edenotel

import (
	"errors"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/edenwait/edenwait"
)

// The names of what is not read from Stats.
const (
	jobWaited      = "edenwait.job.waited"
	jobLag         = "edenwait.job.lag"
	webhookRejects = "edenwait.webhook.rejects"
)

const (
	requestKind  = attribute.Key("edenwait.request.kind")
	requestClass = attribute.Key("edenwait.request.class")
	hintResult   = attribute.Key("edenwait.hint.result")
	listState    = attribute.Key("edenwait.list.state")
)

// shape is what an instrument's value does.
type shape int

const (
	counter shape = iota // grows
	upDown               // is a number of things now
	gauge                // is a measure now
)

// count is a whole number, with a value per attribute.
type count struct {
	name, unit string
	shape      shape
	about      string
	points     []point
}

type point struct {
	attribute attribute.KeyValue // none if it is zero
	value     func(*edenwait.Stats) int
}

// one is a count without an attribute.
func one(value func(*edenwait.Stats) int) []point { return []point{{value: value}} }

// counts are the instruments of whole numbers.
var counts = []count{
	{"edenwait.call.active", "{call}", upDown, "Calls of Wait, WaitAll and AsCompleted under way.",
		one(func(s *edenwait.Stats) int { return s.Calls })},
	{"edenwait.job.active", "{job}", upDown, "Jobs that are waited for, each once.",
		one(func(s *edenwait.Stats) int { return s.Jobs })},
	{"edenwait.wait.active", "{wait}", upDown, "Pairs of a call and a job that it waits for.",
		one(func(s *edenwait.Stats) int { return s.Waits })},
	{"edenwait.job.backlog", "{job}", upDown, "Jobs that are known to have ended and have yet to be fetched.",
		one(func(s *edenwait.Stats) int { return s.Backlog })},
	{"edenwait.request.active", "{request}", upDown, "Requests of the Waiter under way.",
		one(func(s *edenwait.Stats) int { return s.InFlight })},
	{"edenwait.requests", "{request}", counter, "Requests sent: GETs of a job, pages of the job list, and own requests through Transport.", []point{
		{requestKind.String("get"), func(s *edenwait.Stats) int { return s.Gets }},
		{requestKind.String("list"), func(s *edenwait.Stats) int { return s.Lists }},
		{requestKind.String("own"), func(s *edenwait.Stats) int { return s.Own }},
	}},
	{"edenwait.rate_limited_requests", "{request}", counter, "Requests that were answered 429.", []point{
		{requestClass.String("poll"), func(s *edenwait.Stats) int { return s.RateLimited }},
		{requestClass.String("own"), func(s *edenwait.Stats) int { return s.OwnRateLimited }},
	}},
	{"edenwait.own_request.waiting", "{request}", upDown, "Own requests in line for a turn.",
		one(func(s *edenwait.Stats) int { return s.OwnWaiting })},
	{"edenwait.jobs", "{job}", counter, "Jobs that ended. Those of calls that ended early are not counted.", []point{
		{outcomeKey.String(string(edenwait.OutcomeSuccess)), func(s *edenwait.Stats) int { return s.Succeeded }},
		{outcomeKey.String(string(edenwait.OutcomeFail)), func(s *edenwait.Stats) int { return s.Failed }},
		{outcomeKey.String(string(edenwait.OutcomeError)), func(s *edenwait.Stats) int { return s.Errored }},
	}},
	{"edenwait.jobs_without_lag", "{job}", counter, "Jobs with a final response that no request saw running before, so that nothing bounds their lag.",
		one(func(s *edenwait.Stats) int { return s.LagUnbounded })},
	{"edenwait.hook.active", "{hook}", upDown, "Hooks that run.",
		one(func(s *edenwait.Stats) int { return s.HooksRunning })},
	{"edenwait.hook.waiting", "{hook}", upDown, "Hooks that wait for one of the places of their call.",
		one(func(s *edenwait.Stats) int { return s.HooksWaiting })},
	// A hint that was early becomes true, so neither grows for certain.
	{"edenwait.hint.checked", "{hint}", upDown, "Hints of Notify that a GET confirmed, or did not.", []point{
		{hintResult.String("true"), func(s *edenwait.Stats) int { return s.HintsTrue }},
		{hintResult.String("false"), func(s *edenwait.Stats) int { return s.HintsFalse }},
	}},
	{"edenwait.list.status", "{list}", upDown, "1 for the state that the job list is in, 0 for the others.", listPoints()},
}

func listPoints() (points []point) {
	for _, state := range []edenwait.ListState{
		edenwait.ListUsed, edenwait.ListDisabled, edenwait.ListUnneeded, edenwait.ListMissing,
		edenwait.ListFailing, edenwait.ListBehind, edenwait.ListIncomplete,
	} {
		points = append(points, point{listState.String(string(state)), func(s *edenwait.Stats) int {
			if s.List == state {
				return 1
			}
			return 0
		}})
	}
	return points
}

// measure is a number with a fraction.
type measure struct {
	name, unit string
	shape      shape
	about      string
	value      func(*edenwait.Stats) float64
}

// seconds is the value of a duration.
func seconds(value func(*edenwait.Stats) time.Duration) func(*edenwait.Stats) float64 {
	return func(s *edenwait.Stats) float64 { return value(s).Seconds() }
}

// measures are the other instruments.
var measures = []measure{
	{"edenwait.request.limit", "{request}/s", gauge, "Config.Rate: the most requests per second.",
		func(s *edenwait.Stats) float64 { return s.Limit }},
	{"edenwait.request.rate", "{request}/s", gauge, "Requests per second that the Waiter allows itself now: less than the limit after 429s.",
		func(s *edenwait.Stats) float64 { return s.Rate }},
	{"edenwait.own_request.wait_time", "s", counter, "Time that own requests spent in line for a turn.",
		seconds(func(s *edenwait.Stats) time.Duration { return s.OwnWaited })},
	{"edenwait.backlog.drain_time", "s", gauge, "How long fetching the backlog will take at the rate of now.",
		seconds(func(s *edenwait.Stats) time.Duration { return s.BacklogTime })},
	{"edenwait.pause.remaining", "s", gauge, "For how long no polls go, because of a 429 or Retry-After.",
		seconds(func(s *edenwait.Stats) time.Duration { return s.Paused })},
	{"edenwait.stall.duration", "s", gauge, "For how long requests have failed, or been refused, without one answer of use.",
		seconds(func(s *edenwait.Stats) time.Duration { return s.Stalled })},
	{"edenwait.answer.age", "s", gauge, "Time since the last answer of use to a poll; 0 while no call is under way.",
		seconds(func(s *edenwait.Stats) time.Duration { return s.SinceAnswer })},
}

// statsInstruments are those that are read from Stats.
type statsInstruments struct {
	all      []metric.Observable
	counts   []metric.Int64Observable
	measures []metric.Float64Observable
	points   [][][]metric.ObserveOption // of each count
	waiter   []metric.ObserveOption
}

func newStatsInstruments(meter metric.Meter, name string) (*statsInstruments, error) {
	waiter := waiterName.String(name)
	with := func(more ...attribute.KeyValue) []metric.ObserveOption {
		return []metric.ObserveOption{metric.WithAttributeSet(attribute.NewSet(append(more, waiter)...))}
	}
	s := &statsInstruments{waiter: with()}
	var errs []error
	for i := range counts {
		c := &counts[i]
		instrument, err := c.make(meter)
		errs = append(errs, err)
		s.counts, s.all = append(s.counts, instrument), append(s.all, instrument)
		var points [][]metric.ObserveOption
		for _, p := range c.points {
			if p.attribute.Valid() {
				points = append(points, with(p.attribute))
			} else {
				points = append(points, s.waiter)
			}
		}
		s.points = append(s.points, points)
	}
	for i := range measures {
		instrument, err := measures[i].make(meter)
		errs = append(errs, err)
		s.measures, s.all = append(s.measures, instrument), append(s.all, instrument)
	}
	return s, errors.Join(errs...)
}

func (c *count) make(meter metric.Meter) (metric.Int64Observable, error) {
	unit, about := metric.WithUnit(c.unit), metric.WithDescription(c.about)
	if c.shape == counter {
		return meter.Int64ObservableCounter(c.name, unit, about)
	}
	return meter.Int64ObservableUpDownCounter(c.name, unit, about)
}

func (m *measure) make(meter metric.Meter) (metric.Float64Observable, error) {
	unit, about := metric.WithUnit(m.unit), metric.WithDescription(m.about)
	if m.shape == counter {
		return meter.Float64ObservableCounter(m.name, unit, about)
	}
	return meter.Float64ObservableGauge(m.name, unit, about)
}

func (s *statsInstruments) observe(o metric.Observer, stats *edenwait.Stats) {
	for i, instrument := range s.counts {
		for n, p := range counts[i].points {
			o.ObserveInt64(instrument, int64(p.value(stats)), s.points[i][n]...)
		}
	}
	for i, instrument := range s.measures {
		o.ObserveFloat64(instrument, measures[i].value(stats), s.waiter...)
	}
}

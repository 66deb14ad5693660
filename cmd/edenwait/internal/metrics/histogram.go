package metrics

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode"

	"github.com/edenwait/edenwait"
)

// edenotel has the same buckets.
var (
	lagBuckets    = []float64{0.1, 0.25, 0.5, 1, 1.5, 2, 3, 5, 7.5, 10, 15, 30, 60}
	waitedBuckets = []float64{1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 14400, 21600}
)

const (
	// maxKinds is the maximum number of kinds of jobs. Their names come from a
	// server, and each is dozens of time series.
	maxKinds = 200
	// other stands for all further kinds.
	other = "_OTHER"
	// maxText bounds a name that a server gave, in bytes.
	maxText = 64
)

// kind is the feature, subfeature and provider of jobs.
type kind struct{ feature, subfeature, provider string }

// series identifies a histogram.
type series struct {
	kind
	outcome edenwait.Outcome
}

func (s series) compare(t series) int {
	return cmp.Or(cmp.Compare(s.feature, t.feature), cmp.Compare(string(s.outcome), string(t.outcome)),
		cmp.Compare(s.provider, t.provider), cmp.Compare(s.subfeature, t.subfeature))
}

func (s series) labels() []label {
	return []label{
		{"edenwait_job_feature", s.feature}, {jobOutcome, string(s.outcome)},
		{"edenwait_job_provider", s.provider}, {"edenwait_job_subfeature", s.subfeature},
	}
}

// ends are the histograms of jobs that ended.
type ends struct {
	mu     sync.Mutex
	kinds  map[kind]struct{}
	lag    map[series]*buckets
	waited map[series]*buckets
}

func newEnds() *ends {
	return &ends{kinds: map[kind]struct{}{}, lag: map[series]*buckets{}, waited: map[series]*buckets{}}
}

// record counts a job. It is called as jobs end, so it is quick.
func (e *ends) record(info *edenwait.JobEndInfo) {
	k := kind{short(info.Feature), short(info.Subfeature), short(info.Provider)}
	e.mu.Lock()
	defer e.mu.Unlock()
	if _, known := e.kinds[k]; !known {
		if len(e.kinds) >= maxKinds {
			k = kind{other, other, other}
		} else {
			e.kinds[k] = struct{}{}
		}
	}
	s := series{k, info.Outcome}
	bucketsOf(e.waited, s, waitedBuckets).add(info.Waited)
	if info.LagBounded {
		bucketsOf(e.lag, s, lagBuckets).add(info.Lag)
	}
}

// short bounds a text, and replaces terminal control characters. It copies the text, so that
// the response is not kept in memory.
func short(text string) string {
	return strings.Map(func(c rune) rune {
		if !unicode.IsPrint(c) {
			return unicode.ReplacementChar
		}
		return c
	}, strings.Clone(strings.ToValidUTF8(text[:min(len(text), maxText)], "")))
}

// write writes both histograms.
func (e *ends) write(t *text, waiter label) {
	e.mu.Lock()
	defer e.mu.Unlock()
	writeHistogram(t, "edenwait_job_lag_seconds", "Upper bound of how late the ends of jobs were known.", e.lag, waiter)
	writeHistogram(t, "edenwait_job_waited_seconds", "For how long jobs were waited for, by the call that waited longest.", e.waited, waiter)
}

func writeHistogram(t *text, name, help string, all map[series]*buckets, waiter label) {
	if len(all) == 0 {
		return
	}
	t.head(name, histogram, help)
	for _, s := range slices.SortedFunc(maps.Keys(all), series.compare) {
		b, labels := all[s], append(s.labels(), waiter)
		sum := 0.0
		for i, n := range b.counts {
			bound := "+Inf"
			if i < len(b.bounds) {
				bound = number(b.bounds[i])
			}
			sum += float64(n)
			t.sample(name+"_bucket", sum, append(labels, label{"le", bound})...)
		}
		t.sample(name+"_sum", b.sum, labels...)
		t.sample(name+"_count", sum, labels...)
	}
}

// buckets count durations up to each bound, in seconds, and above the last one.
type buckets struct {
	bounds []float64
	counts []uint64
	sum    float64
}

func bucketsOf(all map[series]*buckets, s series, bounds []float64) *buckets {
	b := all[s]
	if b == nil {
		b = &buckets{bounds: bounds, counts: make([]uint64, len(bounds)+1)}
		all[s] = b
	}
	return b
}

func (b *buckets) add(d time.Duration) {
	i, _ := slices.BinarySearch(b.bounds, d.Seconds()) // a bound is in its own bucket
	b.counts[i]++
	b.sum += d.Seconds()
}

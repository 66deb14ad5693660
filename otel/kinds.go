package edenotel

import (
	"strings"
	"sync"
	"unicode"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/edenwait/edenwait"
)

// maxKinds is how many kinds of jobs are told apart: each is a dozen time series or
// two, and their names come from a server.
const maxKinds = 200

// other stands for all further kinds.
const other = "_OTHER"

// maxText bounds a name that a server gave, in bytes.
const maxText = 64

const (
	waiterName = attribute.Key("edenwait.waiter.name")
	outcomeKey = attribute.Key("edenwait.job.outcome")
	featureKey = attribute.Key("edenwait.job.feature")
	subfeature = attribute.Key("edenwait.job.subfeature")
	provider   = attribute.Key("edenwait.job.provider")
)

// kind is what tells jobs apart.
type kind struct{ feature, subfeature, provider string }

// others is the kind of all jobs of further kinds. A server can give one of its names
// to a kind of its own, which counts like any other.
var others = kind{other, other, other}

type kindAndOutcome struct {
	kind
	outcome edenwait.Outcome
}

// kinds has the attributes of each kind that has been seen, made once: a set of
// attributes costs more than what is recorded with it.
type kinds struct {
	waiter attribute.KeyValue

	mu      sync.Mutex
	seen    map[kind]struct{}
	options map[kindAndOutcome][]metric.RecordOption
}

func newKinds(name string) *kinds {
	return &kinds{
		waiter:  waiterName.String(name),
		seen:    map[kind]struct{}{},
		options: map[kindAndOutcome][]metric.RecordOption{},
	}
}

// record returns the attributes of a job that ended.
func (s *kinds) record(info *edenwait.JobEndInfo) []metric.RecordOption {
	k := kind{short(info.Feature), short(info.Subfeature), short(info.Provider)}
	s.mu.Lock()
	defer s.mu.Unlock()
	if options, known := s.options[kindAndOutcome{k, info.Outcome}]; known {
		return options
	}
	if _, known := s.seen[k]; !known && len(s.seen) >= maxKinds {
		k = others
	}
	k = kind{strings.Clone(k.feature), strings.Clone(k.subfeature), strings.Clone(k.provider)} // not parts of a response
	key := kindAndOutcome{k, info.Outcome}
	options, known := s.options[key]
	if !known {
		if k != others {
			s.seen[k] = struct{}{}
		}
		options = []metric.RecordOption{metric.WithAttributeSet(s.attributes(key))}
		s.options[key] = options
	}
	return options
}

// attributes leave out what is not known, as of a job without a final response.
func (s *kinds) attributes(k kindAndOutcome) attribute.Set {
	attributes := []attribute.KeyValue{s.waiter, outcomeKey.String(string(k.outcome))}
	for _, a := range []attribute.KeyValue{featureKey.String(k.feature), subfeature.String(k.subfeature), provider.String(k.provider)} {
		if a.Value.AsString() != "" {
			attributes = append(attributes, a)
		}
	}
	return attribute.NewSet(attributes...)
}

// short bounds a text, and makes it valid: an exporter may refuse all metrics for one
// that is not. Control characters are replaced, since a terminal could execute them.
func short(text string) string {
	if len(text) > maxText {
		text = text[:maxText]
	}
	return strings.Map(func(c rune) rune {
		if !unicode.IsPrint(c) {
			return unicode.ReplacementChar
		}
		return c
	}, strings.ToValidUTF8(text, ""))
}

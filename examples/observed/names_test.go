package main

import (
	"bytes"
	"context"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"github.com/edenwait/edenwait/edentest"
	"github.com/edenwait/edenwait/examples/observed/internal/board"
	"github.com/edenwait/edenwait/webhook"
)

// gather is what the exporter shows.
func gather(t *testing.T, m *metrics) map[string]*dto.MetricFamily {
	t.Helper()
	families, err := m.registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]*dto.MetricFamily{}
	for _, f := range families {
		if strings.HasPrefix(f.GetName(), "edenwait_") {
			all[f.GetName()] = f
		}
	}
	return all
}

// everyMetric are all metrics that the module has, as the exporter shows them.
func everyMetric(t *testing.T) (all map[string]*dto.MetricFamily) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		api := edentest.New(edentest.Options{Latency: 40 * time.Millisecond})
		m, err := newMetrics()
		if err != nil {
			t.Fatal(err)
		}
		s, err := newService(edentest.DefaultToken, api.Client().Transport, m.provider)
		if err != nil {
			t.Fatal(err)
		}
		defer s.close()
		id := api.Submit(edentest.Script{After: time.Minute})
		if _, err := s.waiter.Wait(context.Background(), id); err != nil {
			t.Fatal(err)
		}
		for _, err := range []error{webhook.ErrSignature, &http.MaxBytesError{}, context.Canceled} {
			s.telemetry.CountReject(&http.Request{}, err)
		}
		all = gather(t, m)
	})
	return all
}

// shape is what there is to know of a family, but its values.
func shape(f *dto.MetricFamily) string {
	var series []string
	for _, m := range f.GetMetric() {
		var labels []string
		for _, l := range m.GetLabel() {
			value := l.GetValue()
			switch l.GetName() {
			case "edenwait_waiter_name":
				continue
			case "edenwait_job_feature", "edenwait_job_subfeature", "edenwait_job_provider":
				value = "any"
			}
			labels = append(labels, l.GetName()+"="+value)
		}
		slices.Sort(labels)
		for _, b := range m.GetHistogram().GetBucket() {
			if !strings.Contains(model.SampleValue(b.GetUpperBound()).String(), "Inf") {
				labels = append(labels, model.SampleValue(b.GetUpperBound()).String())
			}
		}
		series = append(series, strings.Join(labels, " "))
	}
	slices.Sort(series)
	if f.GetType() == dto.MetricType_HISTOGRAM {
		series = []string{slices.MaxFunc(series, func(a, b string) int { return len(a) - len(b) })} // the one with all labels
	}
	return f.GetType().String() + " " + f.GetHelp() + "\n" + strings.Join(series, "\n")
}

// TestNames: the command's --metrics has the metrics of the module behind the exporter:
// names, types, labels, their values, buckets and texts.
func TestNames(t *testing.T) {
	page, err := os.ReadFile(root + "/cmd/edenwait/internal/metrics/testdata/page.txt")
	if err != nil {
		t.Fatal(err)
	}
	parser := expfmt.NewTextParser(model.LegacyValidation)
	command, err := parser.TextToMetricFamilies(bytes.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	module := everyMetric(t)
	for name, f := range module {
		if command[name] == nil {
			t.Errorf("the command has no %s", name)
		} else if got, want := shape(command[name]), shape(f); got != want {
			t.Errorf("%s: the command has\n%s\nthe exporter\n%s", name, got, want)
		}
	}
	for name := range command {
		if module[name] == nil {
			t.Errorf("the exporter has no %s", name)
		}
	}
}

var (
	grouping = regexp.MustCompile(`\b(by|on) \([^)]*\)`)
	selector = regexp.MustCompile(`\b(edenwait_\w+?)(?:_bucket|_count|_sum)?\b(?:\{([^}]*)\})?`)
	matchers = regexp.MustCompile(`(\w+)=~?"([^"$]*)"`)
)

// TestMetricsExist: a panel or an alert that asks for a metric, or for a value of a
// label, that nothing has would be empty forever.
func TestMetricsExist(t *testing.T) {
	module := everyMetric(t)
	check := func(where, expression string) {
		expression = grouping.ReplaceAllString(expression, "")
		for _, found := range selector.FindAllStringSubmatch(expression, -1) {
			f := module[found[1]]
			if f == nil {
				t.Errorf("%s: there is no %s", where, found[1])
				continue
			}
			for _, matcher := range matchers.FindAllStringSubmatch(found[2], -1) {
				for value := range strings.SplitSeq(matcher[2], "|") {
					if !strings.Contains(shape(f), matcher[1]+"="+value) {
						t.Errorf("%s: %s has no %s=%q", where, found[1], matcher[1], value)
					}
				}
			}
		}
	}
	for _, p := range board.Panels(t, root) {
		for _, target := range p.Targets {
			check(p.Title, target.Expr)
		}
	}
	for _, alert := range board.Alerts(t, root) {
		check(alert.Name, alert.Expr)
	}
}

package metrics

import (
	"errors"
	"flag"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"github.com/edenwait/edenwait"
	"github.com/edenwait/edenwait/webhook"
)

var update = flag.Bool("update", false, "write testdata/page.txt")

// parse reads the text as Prometheus' own library does: the value of each sample by
// its name and labels.
func parse(t testing.TB, page string) map[string]float64 {
	t.Helper()
	parser := expfmt.NewTextParser(model.LegacyValidation)
	families, err := parser.TextToMetricFamilies(strings.NewReader(page))
	if err != nil {
		t.Fatalf("%v in\n%s", err, page)
	}
	samples := map[string]float64{}
	for _, family := range families {
		vector, err := expfmt.ExtractSamples(&expfmt.DecodeOptions{}, family)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range vector {
			delete(s.Metric, "edenwait_waiter_name")
			samples[s.Metric.String()] = float64(s.Value)
		}
	}
	return samples
}

// numbered are Stats whose every field has a number of its own, so that no two can
// be mixed up.
func numbered() (s edenwait.Stats) {
	v := reflect.ValueOf(&s).Elem()
	for i := range v.NumField() {
		switch f := v.Field(i); f.Interface().(type) {
		case int:
			f.SetInt(int64(100 + i))
		case time.Duration:
			f.SetInt(int64(100+i)*int64(time.Second) + int64(time.Second/4))
		case float64:
			f.SetFloat(float64(100+i) + 0.5)
		}
	}
	s.List = edenwait.ListBehind
	return s
}

func endedJob(provider string, outcome edenwait.Outcome, lag, waited time.Duration) *edenwait.JobEndInfo {
	return &edenwait.JobEndInfo{
		Outcome: outcome, Feature: "audio", Subfeature: "speech_to_text_async", Provider: provider,
		Waited: waited, Lag: lag, LagBounded: lag > 0,
	}
}

func samplePage() (*Page, edenwait.Stats) {
	p := NewPage()
	p.ends.record(endedJob("deepgram", edenwait.OutcomeSuccess, 100*time.Millisecond, 90*time.Second))
	p.ends.record(endedJob("deepgram", edenwait.OutcomeSuccess, 1200*time.Millisecond, 7*time.Hour))
	p.ends.record(endedJob("deepgram", edenwait.OutcomeSuccess, 0, time.Second))
	p.ends.record(&edenwait.JobEndInfo{Outcome: edenwait.OutcomeError, Waited: time.Minute})
	p.Reject(fmt.Errorf("a delivery: %w", webhook.ErrSignature))
	p.Reject(&http.MaxBytesError{Limit: 1})
	p.Reject(&http.MaxBytesError{Limit: 1})
	p.Reject(errors.New("no id"))
	return p, numbered()
}

// TestPage: every field of Stats is on the page once, and so is each job and each
// delivery that was rejected.
func TestPage(t *testing.T) {
	p, stats := samplePage()
	page := p.Text("edenwait", stats)
	golden := filepath.Join("testdata", "page.txt")
	if *update {
		if err := os.WriteFile(golden, []byte(page), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if want, err := os.ReadFile(golden); err != nil || string(want) != page {
		t.Errorf("%v; got\n%s\nwant\n%s", err, page, want)
	}
	got := parse(t, page)
	const kind = `{edenwait_job_feature="audio", edenwait_job_outcome="success", edenwait_job_provider="deepgram", edenwait_job_subfeature="speech_to_text_async"`
	want := map[string]float64{
		"edenwait_job_lag_seconds_bucket" + kind + `, le="0.1"}`:     1, // the bound is in it
		"edenwait_job_lag_seconds_bucket" + kind + `, le="1"}`:       1,
		"edenwait_job_lag_seconds_bucket" + kind + `, le="1.5"}`:     2,
		"edenwait_job_lag_seconds_bucket" + kind + `, le="60"}`:      2,
		"edenwait_job_lag_seconds_bucket" + kind + `, le="+Inf"}`:    2,
		"edenwait_job_lag_seconds_sum" + kind + `}`:                  1.3,
		"edenwait_job_lag_seconds_count" + kind + `}`:                2,
		"edenwait_job_waited_seconds_bucket" + kind + `, le="1"}`:    1,
		"edenwait_job_waited_seconds_bucket" + kind + `, le="120"}`:  2,
		"edenwait_job_waited_seconds_bucket" + kind + `, le="+Inf"}`: 3,
		"edenwait_job_waited_seconds_sum" + kind + `}`:               7*3600 + 91,
		"edenwait_job_waited_seconds_count" + kind + `}`:             3,

		`edenwait_job_waited_seconds_sum{edenwait_job_outcome="error"}`:   60,
		`edenwait_job_waited_seconds_count{edenwait_job_outcome="error"}`: 1,

		`edenwait_list_status{edenwait_list_state="behind"}`:     1,
		`edenwait_list_status{edenwait_list_state="used"}`:       0,
		`edenwait_webhook_rejects_total{error_type="signature"}`: 1,
		`edenwait_webhook_rejects_total{error_type="too_large"}`: 2,
		`edenwait_webhook_rejects_total{error_type="_OTHER"}`:    1,
	}
	for name, value := range want {
		if got[name] != value {
			t.Errorf("%s is %v, want %v", name, got[name], value)
		}
	}
	values := map[float64]int{}
	for _, value := range got {
		values[value]++
	}
	// The mean lag is that of the histogram.
	skip := []string{"List", "LagSum", "LagBounded"}
	v := reflect.ValueOf(stats)
	for i := range v.NumField() {
		name := v.Type().Field(i).Name
		value := float64(100 + i)
		switch v.Field(i).Interface().(type) {
		case time.Duration:
			value += 0.25
		case float64:
			value += 0.5
		}
		if values[value] != 1 && !slices.Contains(skip, name) {
			t.Errorf("%s is on the page %d times", name, values[value])
		}
	}
}

// TestHelpIsSorted: families stand in order, as other exporters have them.
func TestHelpIsSorted(t *testing.T) {
	if !slices.IsSortedFunc(families, func(a, b family) int { return strings.Compare(a.name, b.name) }) {
		t.Error("not in order")
	}
}

// TestKindsAreBounded: a server that names a new provider with each job does not fill
// Prometheus, nor the memory.
func TestKindsAreBounded(t *testing.T) {
	p := NewPage()
	for i := range 10_000 {
		p.ends.record(endedJob(fmt.Sprintf("provider %d", i), edenwait.OutcomeSuccess, time.Second, time.Minute))
	}
	p.ends.record(endedJob("provider 7", edenwait.OutcomeSuccess, time.Second, time.Minute))
	got := parse(t, p.Text("edenwait", edenwait.Stats{}))
	counts := maps.Clone(got)
	maps.DeleteFunc(counts, func(name string, _ float64) bool {
		return !strings.HasPrefix(name, "edenwait_job_waited_seconds_count")
	})
	if len(counts) != maxKinds+1 {
		t.Errorf("%d kinds", len(counts))
	}
	for name, want := range map[string]float64{
		`{edenwait_job_feature="_OTHER", edenwait_job_outcome="success", edenwait_job_provider="_OTHER", edenwait_job_subfeature="_OTHER"}`:                  10_000 - maxKinds,
		`{edenwait_job_feature="audio", edenwait_job_outcome="success", edenwait_job_provider="provider 7", edenwait_job_subfeature="speech_to_text_async"}`: 2,
	} {
		if counts["edenwait_job_waited_seconds_count"+name] != want {
			t.Errorf("%s: %v, want %v", name, counts["edenwait_job_waited_seconds_count"+name], want)
		}
	}
}

// TestHandler: other paths, other methods, and more scrapes at the same time than are
// answered.
func TestHandler(t *testing.T) {
	p := NewPage()
	inStats, goOn := make(chan struct{}), make(chan struct{})
	stats := func() edenwait.Stats { return edenwait.Stats{} }
	get := func(method, path string) *httptest.ResponseRecorder {
		w := httptest.NewRecorder()
		p.Handler("edenwait", stats).ServeHTTP(w, httptest.NewRequest(method, path, nil))
		return w
	}
	for _, test := range []struct {
		method, path string
		code         int
	}{
		{"GET", "/metrics", 200}, {"HEAD", "/metrics", 200}, {"POST", "/metrics", 404}, {"GET", "/", 404}, {"GET", "/metrics/x", 404},
	} {
		w := get(test.method, test.path)
		if w.Code != test.code || w.Code == 200 && w.Header().Get("Content-Type") != ContentType {
			t.Errorf("%s %s: %d, %s", test.method, test.path, w.Code, w.Header())
		}
	}
	stats = func() edenwait.Stats {
		inStats <- struct{}{}
		<-goOn
		return edenwait.Stats{}
	}
	codes := make(chan int)
	for range maxScrapes {
		go func() { codes <- get("GET", "/metrics").Code }()
		<-inStats
	}
	if code := get("GET", "/metrics").Code; code != http.StatusServiceUnavailable {
		t.Errorf("one scrape too many is answered with %d", code)
	}
	close(goOn)
	for range maxScrapes {
		if code := <-codes; code != http.StatusOK {
			t.Errorf("a scrape is answered with %d", code)
		}
	}
}

// FuzzLabels: whatever a server calls its providers, the page can be read, and says so.
func FuzzLabels(f *testing.F) {
	for _, seed := range []string{"deepgram", `a"b\c` + "\nd", "\xff\xfe", "", "é\x00", `\`, "\u2028", strings.Repeat("é", 40), "x} 1\n# EOF\n"} {
		f.Add(seed, seed)
	}
	f.Fuzz(func(t *testing.T, feature, provider string) {
		ends := newEnds()
		info := endedJob(provider, edenwait.OutcomeFail, 0, time.Minute)
		info.Feature = feature
		ends.record(info)
		var page text // without the rest, which is always the same
		ends.write(&page, label{"edenwait_waiter_name", "edenwait"})
		got := parse(t, page.String())
		want := model.Metric{
			"__name__": "edenwait_job_waited_seconds_count", "edenwait_job_outcome": "fail", "edenwait_job_subfeature": "speech_to_text_async",
		}
		for name, value := range map[model.LabelName]string{"edenwait_job_feature": feature, "edenwait_job_provider": provider} {
			value = strings.Map(func(c rune) rune {
				if !unicode.IsPrint(c) {
					return unicode.ReplacementChar
				}
				return c
			}, strings.ToValidUTF8(value[:min(len(value), maxText)], ""))
			if value != "" {
				want[name] = model.LabelValue(value)
			}
		}
		if got[want.String()] != 1 {
			t.Errorf("no %s in %v", want, got)
		}
	})
}

package main

import (
	"bufio"
	"context"
	"flag"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/common/expfmt"
	"gonum.org/v1/plot/plotter"

	"github.com/edenwait/edenwait/edentest"
	"github.com/edenwait/edenwait/examples/observed/internal/board"
	"github.com/edenwait/edenwait/examples/observed/internal/promtest"
)

// The incidents of the two hours.
var (
	second  = incident{15 * time.Minute, 35 * time.Minute, "a second program"}
	behind  = incident{50 * time.Minute, 70 * time.Minute, "the list is behind"}
	stalled = incident{85 * time.Minute, 105 * time.Minute, "a provider stalls"}

	incidents = []incident{second, behind, stalled}
)

type incident struct {
	from, until time.Duration
	name        string
}

const (
	history  = 2 * time.Hour
	scrapes  = 15 * time.Second
	step     = 30 * time.Second // between two looks at an alert
	pixel    = time.Minute      // of the picture
	interval = "1m"             // what Grafana makes of scrapes for $__rate_interval
)

// began is when the two hours began, as Prometheus is told. Any time will do.
var began = time.Date(2026, 1, 5, 10, 0, 0, 0, time.UTC)

// writeHistory runs the program for two hours of virtual time, in which it is scraped
// every quarter of a minute, and writes all scrapes into a file.
func writeHistory(t *testing.T, file string) {
	t.Helper()
	out, err := os.Create(file)
	if err != nil {
		t.Fatal(err)
	}
	w := bufio.NewWriter(out)
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		rng := rand.New(rand.NewPCG(1, 2))
		usual := edentest.Lognormal{Median: time.Minute, Sigma: 0.5, Cap: 5 * time.Minute}
		api := edentest.New(edentest.Options{
			Latency: 40 * time.Millisecond,
			Faults:  []edentest.Fault{{On: edentest.List, From: behind.from, Until: behind.until, Do: edentest.StaleList(5 * time.Minute)}},
			OnSubmit: func(s edentest.Submission) edentest.Script {
				script := edentest.Script{After: usual.Draw(rng)}
				now := time.Since(start)
				if strings.HasSuffix(s.Model, "openai") && now >= stalled.from && now < stalled.until {
					script.After += stalled.until - now // it waits in the provider's line
				}
				if rng.Float64() < 0.03 {
					script.Status = "fail"
				}
				return script
			},
		})
		m, err := newMetrics()
		if err != nil {
			t.Fatal(err)
		}
		s, err := newService(edentest.DefaultToken, api.Client().Transport, m.provider)
		if err != nil {
			t.Fatal(err)
		}
		defer s.close()
		go func() {
			time.Sleep(second.from)
			api.SetBackgroundRate(6)
			time.Sleep(second.until - second.from)
			api.SetBackgroundRate(0)
		}()
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		worked := make(chan struct{})
		go func() {
			defer close(worked)
			_ = s.work(ctx, history, 500*time.Millisecond)
		}()
		for time.Since(start) < history {
			time.Sleep(scrapes)
			scrape(t, m, w, began.Add(time.Since(start)))
		}
		cancel()
		<-worked
	})
	fmt.Fprintln(w, "# EOF")
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	if err := out.Close(); err != nil {
		t.Fatal(err)
	}
}

// scrape writes what a scrape would get, and when.
func scrape(t *testing.T, m *metrics, w *bufio.Writer, at time.Time) {
	t.Helper()
	stamp := at.UnixMilli()
	for _, family := range gather(t, m) {
		for _, series := range family.GetMetric() {
			series.TimestampMs = &stamp
		}
		if _, err := expfmt.MetricFamilyToOpenMetrics(w, family); err != nil {
			t.Fatal(err)
		}
	}
}

// startHistory is a Prometheus that has scraped the two hours.
func startHistory(t *testing.T) *promtest.Server {
	t.Helper()
	tools := promtest.Find(t)
	dir := t.TempDir()
	file := filepath.Join(dir, "history.txt")
	writeHistory(t, file)
	blocks := filepath.Join(dir, "blocks")
	tools.Promtool(t, "tsdb", "create-blocks-from", "openmetrics", file, blocks)
	return tools.Start(t, "{}", blocks)
}

// fired are the times at which an alert fires, since the beginning.
func fired(t *testing.T, prometheus *promtest.Server, alert board.Alert) (at []time.Duration) {
	t.Helper()
	pending := time.Duration(0)
	if alert.For != "" {
		var err error
		if pending, err = time.ParseDuration(alert.For); err != nil {
			t.Fatal(err)
		}
	}
	for _, series := range prometheus.QueryRange(alert.Expr, began, began.Add(history), step) {
		since := -1
		for i, p := range series.Points {
			if since < 0 || p.Time.Sub(series.Points[i-1].Time) > step {
				since = i
			}
			if p.Time.Sub(series.Points[since].Time) >= pending {
				at = append(at, p.Time.Sub(began))
			}
		}
	}
	slices.Sort(at)
	return at
}

// panels evaluates all panels over the two hours: by title, then by legend.
func panels(t *testing.T, prometheus *promtest.Server) map[string]map[string]line {
	t.Helper()
	all := map[string]map[string]line{}
	for _, panel := range board.Panels(t, root) {
		all[panel.Title] = map[string]line{}
		for _, target := range panel.Targets {
			for _, series := range prometheus.QueryRange(target.Expression("transcripts", interval), began, began.Add(history), pixel) {
				var l line
				last := began
				for _, p := range series.Points {
					if p.Time.Sub(last) > pixel { // it was not there
						l = append(l, plotter.XY{X: last.Sub(began).Minutes(), Y: math.NaN()})
					}
					l = append(l, plotter.XY{X: p.Time.Sub(began).Minutes(), Y: p.Value})
					last = p.Time
				}
				all[panel.Title][target.Name(series.Labels)] = l
			}
		}
	}
	return all
}

var redraw = flag.Bool("draw", false, "draw docs/telemetry/incidents.svg")

// most is how large the picture may be: it travels with every clone.
const most = 90_000

// TestIncidents: each incident looks as docs/telemetry.md says, on the panels and by its
// alerts, and there is no alert while all is well. With -draw, it draws the picture.
func TestIncidents(t *testing.T) {
	prometheus := startHistory(t)
	lines := panels(t, prometheus)
	file := filepath.Join(t.TempDir(), "incidents.svg")
	if *redraw {
		file = picture
	}
	drawIncidents(t, lines, file)
	for _, file := range []string{file, picture} {
		if info, err := os.Stat(file); err != nil || info.Size() > most {
			t.Errorf("%s: %v, want at most %d bytes", file, err, most)
		}
	}

	const settled = 5 * time.Minute // after which an incident, or the calm, is all that shows
	calm := incident{settled, second.from, "nothing"}
	for _, test := range []struct {
		panel, legend string
		when          incident
		low, high     float64 // of the mean
	}{
		{"Requests, rate and limit", "rate", calm, 10, 10},
		{"429s, by class", "poll", calm, 0, 0},
		{"Lag", "median", calm, 1, 4},
		{"Job list", "used", calm, 1, 1},
		{"Jobs", "waited for", calm, 100, 180},

		{"Requests, rate and limit", "rate", second, 3, 6.5},
		{"429s, by class", "poll", second, 0.1, 1},
		{"Lag", "median", second, 3, 12},
		{"Job list", "used", second, 1, 1},

		{"Job list", "behind", behind, 1, 1},
		{"Lag", "median", behind, 15, 40},
		{"Requests, rate and limit", "sent", behind, 9.5, 10},
		{"429s, by class", "poll", behind, 0, 0},

		{"Jobs ended, by provider", "openai", stalled, 0, 0.01},
		{"Jobs ended, by provider", "deepgram", stalled, 0.8, 1.2},
		{"Waited for a job, median by provider", "deepgram", stalled, 50, 90},
		{"Jobs", "waited for", stalled, 500, 1300},
		{"Lag", "median", stalled, 1, 4},
		{"Waited for a job, median by provider", "openai", incident{stalled.until, stalled.until + settled, ""}, 300, 1500},
	} {
		from := test.when.from + settled
		if test.when == calm || test.when.name == "" {
			from = test.when.from
		}
		if got := lines[test.panel][test.legend].mean(from, test.when.until); !(got >= test.low && got <= test.high) {
			t.Errorf("%s: %s: %q is %.2f, want %v to %v", test.when.name, test.panel, test.legend, got, test.low, test.high)
		}
	}

	expected := map[string][]incident{
		"EdenwaitSharedAccount":  {second},
		"EdenwaitListUnusable":   {behind},
		"EdenwaitLate":           {behind},
		"EdenwaitProviderSilent": {stalled},
	}
	for _, alert := range board.Alerts(t, root) {
		at := fired(t, prometheus, alert)
		for _, incident := range expected[alert.Name] {
			// An alert looks back for ten minutes, and so may fire a while longer.
			during := func(at time.Duration) bool { return at >= incident.from && at <= incident.until+15*time.Minute }
			if !slices.ContainsFunc(at, during) {
				t.Errorf("%s: no %s", incident.name, alert.Name)
			}
			at = slices.DeleteFunc(at, during)
		}
		if alert.Name == "EdenwaitLate" { // a thousand jobs that end at once may be late, too
			at = slices.DeleteFunc(at, func(at time.Duration) bool { return at >= stalled.until })
		}
		if len(at) > 0 {
			t.Errorf("%s at %v", alert.Name, at)
		}
	}
}

// picture is that of the docs.
var picture = filepath.Join(root, "docs", "telemetry", "incidents.svg")

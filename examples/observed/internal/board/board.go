// Package board reads the dashboard and the alert rules, for tests.
package board

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// Panel is one panel of the dashboard.
type Panel struct {
	Title, Type string
	Targets     []Target
}

// Target is one expression of a panel. Its series are called after its legend.
type Target struct {
	RefID  string `json:"refId"`
	Expr   string `json:"expr"`
	Legend string `json:"legendFormat"`
}

// Panels reads the panels of the dashboard that have an expression.
func Panels(t testing.TB, root string) (panels []Panel) {
	t.Helper()
	var board struct{ Panels []Panel }
	text := read(t, root, "edenwait.json")
	if err := json.Unmarshal(text, &board); err != nil {
		t.Fatal(err)
	}
	for _, p := range board.Panels {
		if len(p.Targets) > 0 {
			panels = append(panels, p)
		}
	}
	return panels
}

// File is the path of a file beside the dashboard.
func File(root, name string) string { return filepath.Join(root, "otel", "dashboard", name) }

func read(t testing.TB, root, name string) []byte {
	t.Helper()
	text, err := os.ReadFile(File(root, name))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// Expression is the target's, with values for Grafana's variables: one Waiter, and
// an interval such as 1m.
func (target Target) Expression(waiter, interval string) string {
	return strings.NewReplacer("$__rate_interval", interval, "$waiter", regexp.QuoteMeta(waiter)).Replace(target.Expr)
}

var variable = regexp.MustCompile(`\{\{(\w+)\}\}`)

// Name is what the legend calls a series with these labels.
func (target Target) Name(labels map[string]string) string {
	return variable.ReplaceAllStringFunc(target.Legend, func(v string) string {
		return labels[strings.Trim(v, "{}")]
	})
}

// Alert is one alert rule.
type Alert struct{ Name, Expr, For string }

var alert = regexp.MustCompile(`(?m)^      - alert: (\w+)\n        expr: (>-\n(?:          .*\n)+|.*\n)(?:        for: (\w+)\n)?`)

// Alerts reads the alert rules. It knows as much YAML as they need.
func Alerts(t testing.TB, root string) (alerts []Alert) {
	t.Helper()
	text := string(read(t, root, "alerts.yml"))
	for _, match := range alert.FindAllStringSubmatch(text, -1) {
		expression := strings.Join(strings.Fields(strings.TrimPrefix(match[2], ">-")), " ")
		alerts = append(alerts, Alert{match[1], expression, match[3]})
	}
	if want := strings.Count(text, "- alert:"); len(alerts) != want {
		t.Fatal(fmt.Errorf("read %d of %d alerts", len(alerts), want))
	}
	return alerts
}

package main

import (
	"encoding/json"
	"os"
	"regexp"
	"testing"

	"github.com/grafana/grafana-foundation-sdk/go/cog"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
	"github.com/grafana/grafana-foundation-sdk/go/prometheus"
	"github.com/grafana/grafana-foundation-sdk/go/stat"
	"github.com/grafana/grafana-foundation-sdk/go/statetimeline"
	"github.com/grafana/grafana-foundation-sdk/go/timeseries"

	"github.com/edenwait/edenwait/examples/observed/internal/board"
	"github.com/edenwait/edenwait/examples/observed/internal/promtest"
)

// root is the repository.
const root = "../.."

// TestDashboard: Grafana's own types know every field of the dashboard, no two panels
// overlap, and all of them are of the chosen Waiters.
func TestDashboard(t *testing.T) {
	runtime := cog.NewRuntime()
	runtime.RegisterPanelcfgVariant(stat.VariantConfig())
	runtime.RegisterPanelcfgVariant(statetimeline.VariantConfig())
	runtime.RegisterPanelcfgVariant(timeseries.VariantConfig())
	runtime.RegisterDataqueryVariant(prometheus.VariantConfig())
	text, err := os.ReadFile(board.File(root, "edenwait.json"))
	if err != nil {
		t.Fatal(err)
	}
	var d dashboard.Dashboard //nolint:staticcheck // every Grafana reads this one, only the newest its successor
	for _, err := range []error{d.UnmarshalJSONStrict(text), d.Validate()} {
		if err != nil && err.Error() != "" { // an empty list of errors is not nil
			t.Error(err)
		}
	}

	var raw struct {
		Panels []struct {
			ID                 int
			Title, Description string
			Type               string
			GridPos            struct{ X, Y, W, H int }
		}
	}
	if err := json.Unmarshal(text, &raw); err != nil {
		t.Fatal(err)
	}
	ids, cells := map[int]string{}, map[[2]int]string{}
	for _, p := range raw.Panels {
		if ids[p.ID] != "" {
			t.Errorf("%s and %s have one id", p.Title, ids[p.ID])
		}
		ids[p.ID] = p.Title
		if p.Description == "" && p.Type != "row" {
			t.Errorf("%s has no description", p.Title)
		}
		for x := range p.GridPos.W {
			for y := range p.GridPos.H {
				cell := [2]int{p.GridPos.X + x, p.GridPos.Y + y}
				if cells[cell] != "" || cell[0] >= 24 {
					t.Errorf("%s is over %s, or beyond the edge", p.Title, cells[cell])
				}
				cells[cell] = p.Title
			}
		}
	}
	for _, p := range board.Panels(t, root) {
		for _, target := range p.Targets {
			for _, selector := range regexp.MustCompile(`\bedenwait_\w+\{[^}]*\}?`).FindAllString(target.Expr, -1) {
				if !regexp.MustCompile(`edenwait_waiter_name=~"\$waiter"\}$`).MatchString(selector) {
					t.Errorf("%s: %s is of all Waiters", p.Title, selector)
				}
			}
		}
	}
}

// TestAlerts: promtool reads the rules, and they fire as alerts_test.yml says. Each has a
// row in the docs.
func TestAlerts(t *testing.T) {
	docs, err := os.ReadFile(root + "/docs/telemetry.md")
	if err != nil {
		t.Fatal(err)
	}
	tested, err := os.ReadFile(board.File(root, "alerts_test.yml"))
	if err != nil {
		t.Fatal(err)
	}
	for _, alert := range board.Alerts(t, root) {
		if !regexp.MustCompile("`" + alert.Name + "`").Match(docs) {
			t.Errorf("docs/telemetry.md does not say what %s means", alert.Name)
		}
		if !regexp.MustCompile(`alertname: ` + alert.Name + `\n.*exp_alerts:\n`).Match(tested) {
			t.Errorf("alerts_test.yml does not have %s fire", alert.Name)
		}
	}
	tools := promtest.Find(t)
	tools.Promtool(t, "check", "config", "--syntax-only", "prometheus.yml")
	tools.Promtool(t, "check", "rules", board.File(root, "alerts.yml"))
	tools.Promtool(t, "test", "rules", board.File(root, "alerts_test.yml"))
}

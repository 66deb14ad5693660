package bench

import (
	"cmp"
	"flag"
	"io"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/edenwait/edenwait/bench/baseline"
	"github.com/edenwait/edenwait/bench/cost"
	"github.com/edenwait/edenwait/bench/page"
	"github.com/edenwait/edenwait/bench/scenario"
)

// command is how the page is made, from the root of the repository.
const command = "go test -C bench -run TestReport -timeout 60m -full"

var (
	full   = flag.Bool("full", false, "run every scenario, measure the costs, and write docs/benchmarks.md and the README's figures")
	only   = flag.String("only", "", "with -full: run these baselines, separated by semicolons, and keep the stored figures of the others")
	seeds  = flag.Int("seeds", 0, "with -full: run each scenario with so many seeds at most, 2 or more, for a trial")
	out    = flag.String("out", "", "with -full: write below this directory, which has a README.md, and not into the repository")
	render = flag.Bool("render", false, "write docs/benchmarks.md and the README's figures from the figures stored beside it")
)

// docs is where the page goes; the figures are in the directory of its plots.
var (
	docs    = filepath.Join("..", "docs")
	figures = filepath.Join(docs, "benchmarks", "results.json")
)

func TestMain(m *testing.M) {
	cost.ServeIfAsked()
	flag.Parse()
	log.SetOutput(io.Discard) // Terraform's waiter logs every poll
	os.Exit(m.Run())
}

// TestReport makes the page from the repository's own code.
func TestReport(t *testing.T) {
	switch {
	case *render:
		report, err := page.Load(figures)
		if err != nil {
			t.Fatal(err)
		}
		write(t, report, "..")
		return
	case !*full:
		t.Skip("takes more than ten minutes; run it with -full")
	}
	stored, err := page.Load(figures)
	if err != nil && *only != "" {
		t.Fatal(err)
	}
	// The costs come first: of ten thousand goroutines of a scenario, stacks remain that
	// the next to be weighed would be given, and a heap that is collected more slowly.
	costs, err := cost.Measure(t.Context(), func(what string) { t.Log(time.Now().Format(time.TimeOnly), what) })
	if err != nil {
		t.Fatal(err)
	}
	report := measure(t, atMost(*seeds, scenario.Full()), wanted)
	report.Costs = costs
	report.About.Took = time.Since(began).Round(time.Minute).String()
	if *only != "" {
		report.About.Only = *only
		stored.Replace(report)
		report = stored
	}
	write(t, report, cmp.Or(*out, ".."))
}

// write renders everything that shows figures in the repository at root.
func write(t *testing.T, report *page.Report, root string) {
	t.Helper()
	if err := report.Render(filepath.Join(root, "docs")); err != nil {
		t.Fatal(err)
	}
	if err := report.RenderReadMe(filepath.Join(root, "README.md")); err != nil {
		t.Fatal(err)
	}
}

// atMost is the scenarios with so many seeds at most, 0 for as many as they have.
func atMost(seeds int, scenarios []scenario.Scenario) []scenario.Scenario {
	for i := range scenarios {
		if seeds > 0 {
			scenarios[i].Seeds = min(scenarios[i].Seeds, seeds)
		}
	}
	return scenarios
}

// wanted reports whether a baseline is to run.
func wanted(b baseline.Baseline) bool {
	return *only == "" || slices.Contains(strings.Split(*only, ";"), b.Name)
}

var began = time.Now()

// measure runs the scenarios and says where the figures come from.
func measure(t *testing.T, scenarios []scenario.Scenario, wanted func(baseline.Baseline) bool) *page.Report {
	t.Helper()
	report := &page.Report{About: about()}
	for _, b := range baseline.All() {
		report.Entries = append(report.Entries, page.Entry{
			Name: b.Name, Module: b.Module, Version: version(b.Module), How: b.How, Settings: b.Settings,
			NeedsList: b.NeedsList, PerJob: b.PerJob, Paced: b.Paced, AsItComes: b.AsItComes,
		})
	}
	report.Scenarios = scenario.Collect(t, scenarios, wanted, func(result scenario.Result) {
		t.Log(time.Now().Format(time.TimeOnly), result.Scenario)
		for _, row := range result.Rows {
			t.Log(result.Describe(row))
		}
	})
	return report
}

func about() page.About {
	return page.About{
		Commit:  commit(),
		Go:      runtime.Version() + " " + runtime.GOOS + "/" + runtime.GOARCH,
		CPU:     processor(),
		Cores:   runtime.NumCPU(),
		Date:    began.UTC().Format(time.DateOnly),
		Command: command,
	}
}

// commit names the library's source, with a note if it is not that of a commit.
func commit() string {
	git := func(args ...string) string {
		out, err := exec.Command("git", append([]string{"-C", ".."}, args...)...).Output()
		if err != nil {
			return ""
		}
		return strings.TrimSpace(string(out))
	}
	head := git("rev-parse", "--short=12", "HEAD")
	if head == "" {
		return "unknown"
	}
	if git("status", "--porcelain", "--", "*.go", "internal", "edentest", ":!bench") != "" {
		head += " with changes"
	}
	return head
}

// processor is the model's name, where the system tells it.
func processor() string {
	data, err := os.ReadFile("/proc/cpuinfo")
	if err == nil {
		for line := range strings.Lines(string(data)) {
			if name, model, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == "model name" {
				return strings.TrimSpace(model)
			}
		}
	}
	return runtime.GOARCH
}

// version is the pinned version of a module; none for this repository's own.
func version(module string) string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return ""
	}
	for _, dep := range info.Deps {
		if dep.Path == module && dep.Version != "(devel)" && (dep.Replace == nil || dep.Replace.Version != "") {
			return dep.Version
		}
	}
	return ""
}

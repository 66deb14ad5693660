package bench

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/edenwait/edenwait/bench/page"
	"github.com/edenwait/edenwait/bench/rival"
	"github.com/edenwait/edenwait/bench/world"
)

// TestNobodyIsAhead runs the small set of worlds: no rival may have less lag than
// edenwait at as many requests or fewer. That a page comes out of it is tried too.
func TestNobodyIsAhead(t *testing.T) {
	if *full {
		t.Skip("the full set is running")
	}
	report := measure(t, world.Small(), func(rival.Rival) bool { return true })
	for _, result := range report.Worlds {
		if lost := result.Rows[0].Mean(world.Lost); lost > 0 {
			t.Errorf("%s: edenwait lost %v results", result.World, lost)
		}
		for _, row := range result.Rows[1:] {
			if result.Judge(row) == world.Ahead {
				t.Errorf("ahead of edenwait:\n%s\n%s", result.Describe(row), result.Describe(result.Rows[0]))
			}
		}
	}

	dir := t.TempDir()
	if err := report.Render(dir); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(dir, "benchmarks.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, result := range report.Worlds {
		if !strings.Contains(string(text), result.Title) {
			t.Errorf("the page does not show %q", result.Title)
		}
	}
}

// TestPageIsOfItsFigures renders the page from the stored figures anew: what is
// shown must be what was measured, by the code that is here.
func TestPageIsOfItsFigures(t *testing.T) {
	report, err := page.Load(figures)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := report.Render(dir); err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(dir, "benchmarks", "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range append(files, filepath.Join(dir, "benchmarks.md")) {
		name, err := filepath.Rel(dir, file)
		if err != nil {
			t.Fatal(err)
		}
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile(filepath.Join(docs, name))
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("docs/%s is not what its figures make (%v); run %s", name, err, command)
		}
	}
}

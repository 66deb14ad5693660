// Package promtest runs a real Prometheus in tests.
package promtest

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// variable names a directory with prometheus and promtool. If it is set, they must be
// there.
const variable = "EDENWAIT_PROMETHEUS"

// Tools are the programs of Prometheus.
type Tools struct{ prometheus, promtool string }

// Find finds the programs, in the directory that EDENWAIT_PROMETHEUS names or in PATH. It
// skips the test if the variable is not set and they are not there.
func Find(t testing.TB) Tools {
	t.Helper()
	find := func(name string) string {
		if dir := os.Getenv(variable); dir != "" {
			path, err := exec.LookPath(filepath.Join(dir, name))
			if err != nil {
				t.Fatalf("%s: %v", variable, err)
			}
			return path
		}
		path, err := exec.LookPath(name)
		if err != nil {
			t.Skipf("no %s in PATH. To run this test, install Prometheus, or: make prometheus; export %s=$PWD/.tools/prometheus/usr/bin", name, variable)
		}
		return path
	}
	return Tools{find("prometheus"), find("promtool")}
}

// Promtool runs promtool, and fails the test if it fails.
func (tools Tools) Promtool(t testing.TB, args ...string) {
	t.Helper()
	var out bytes.Buffer
	cmd := exec.CommandContext(t.Context(), tools.promtool, args...)
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Run(); err != nil {
		t.Fatalf("promtool %v: %v\n%s", args, err, out.Bytes())
	}
}

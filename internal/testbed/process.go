package testbed

import (
	"os"
	"os/exec"
	"testing"
)

// Process is this test, in a process of its own with these variables.
func Process(t *testing.T, name string, env ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	command := exec.CommandContext(t.Context(), self, "-test.run=^"+name+"$")
	command.Env = append(os.Environ(), env...)
	return command
}

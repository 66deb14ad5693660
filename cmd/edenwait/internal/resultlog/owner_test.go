//go:build !windows

package resultlog

import (
	"os"
	"slices"
	"syscall"
	"testing"

	"github.com/edenwait/edenwait"
)

// TestRetryKeepsOwner: root's --retry-errors leaves a file to its owner.
func TestRetryKeepsOwner(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can make a file of another user")
	}
	path := write(t, slices.Concat(threeLines(t)[0], encode(t, Line{ID: idC, Outcome: edenwait.OutcomeError, Error: "gone"})))
	if err := os.Chown(path, 65534, 65533); err != nil {
		t.Skip(err)
	}
	f, err := Open(path, func(string) bool { return true }, func(Entry) {})
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil || f.Dropped != 1 {
		t.Errorf("%d dropped, %v", f.Dropped, err)
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if owner := info.Sys().(*syscall.Stat_t); owner.Uid != 65534 || owner.Gid != 65533 || info.Mode().Perm() != 0o600 {
		t.Errorf("the owner is %d:%d, the mode %v", owner.Uid, owner.Gid, info.Mode())
	}
}

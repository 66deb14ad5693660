//go:build !windows

package resultlog

import (
	"io/fs"
	"os"
	"syscall"
)

// keepOwner gives a file the owner and the group of another, as far as this process may.
// Otherwise a run by root, or by another member of a group, would take the file away from
// its next run.
func keepOwner(file *os.File, of fs.FileInfo) {
	owner, ok := of.Sys().(*syscall.Stat_t)
	if ok && file.Chown(int(owner.Uid), int(owner.Gid)) != nil {
		_ = file.Chown(-1, int(owner.Gid)) // only root may change the owner
	}
}

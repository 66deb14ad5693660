package resultlog

import (
	"os"
	"path/filepath"
)

// folderOf is the folder that a file's name stands in: of a link, the one of what
// it leads to.
func folderOf(path string) string {
	if target, err := filepath.EvalSymlinks(path); err == nil {
		path = target
	}
	return filepath.Dir(path)
}

// syncFolder makes a new file's name outlive a power cut too. Not every system
// can sync a folder, and the file is of use without it.
func syncFolder(path string) {
	folder, err := os.Open(path)
	if err != nil {
		return
	}
	_ = folder.Sync()
	_ = folder.Close()
}

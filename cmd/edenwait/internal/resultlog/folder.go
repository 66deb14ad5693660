package resultlog

import (
	"os"
	"path/filepath"
)

// folderOf returns the directory of a file. For a link it is the directory of its target.
func folderOf(path string) string {
	if target, err := filepath.EvalSymlinks(path); err == nil {
		path = target
	}
	return filepath.Dir(path)
}

// syncFolder makes the name of a new file survive a power cut. Errors are ignored, since some
// systems cannot sync a directory.
func syncFolder(path string) {
	folder, err := os.Open(path)
	if err != nil {
		return
	}
	_ = folder.Sync()
	_ = folder.Close()
}

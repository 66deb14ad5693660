package resultlog

import (
	"io/fs"
	"os"
)

// keepOwner does nothing: a new file has the permissions of its directory.
func keepOwner(*os.File, fs.FileInfo) {}

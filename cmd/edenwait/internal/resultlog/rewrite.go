package resultlog

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"

	"github.com/edenwait/edenwait"
)

// retried reports whether a line is to be removed, so that its job is retried.
func (e Entry) retried(retry func(id string) bool) bool {
	return retry != nil && e.Outcome == edenwait.OutcomeError && retry(e.ID)
}

// rewrite replaces the file by one without the lines to be retried, in one step: if the
// process is killed, the path leads to one complete file or the other. The new file is
// locked before the rename.
func (f *File) rewrite(newLock func(string) locker, retry func(id string) bool) error {
	path := f.path
	if target, err := filepath.EvalSymlinks(path); err == nil {
		path = target
	}
	info, err := f.file.Stat()
	if err != nil {
		return err
	}
	beside := filepath.Join(filepath.Dir(path), fmt.Sprintf(".%s.%08x", filepath.Base(path), rand.Uint32()))
	file, err := os.OpenFile(beside, os.O_RDWR|os.O_CREATE|os.O_EXCL|os.O_APPEND, info.Mode().Perm())
	if err != nil {
		return err
	}
	size, err := f.copyKept(file, retry)
	keepOwner(file, info) // before Chmod, since a change of the owner can clear bits of the mode
	err = errors.Join(err, file.Chmod(info.Mode().Perm()), file.Sync())
	lock := f.lock
	if lockName(beside) == beside && err == nil {
		lock = newLock(beside)
		_, err = tryLock(lock, beside) // f.Unlocked says already if there are no locks
	}
	// Some systems cannot replace an open file.
	err = errors.Join(err, file.Close(), f.file.Close())
	if f.file = nil; err == nil {
		err = os.Rename(beside, path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(beside))
	}
	syncFolder(filepath.Dir(path))
	if old := f.lock; old != lock {
		f.lock = lock
		err = old.Unlock()
	}
	f.size = size
	file, openErr := os.OpenFile(path, os.O_RDWR|os.O_APPEND, 0o644)
	f.file = file
	return errors.Join(err, openErr)
}

// copyKept copies the other lines, and returns their size.
func (f *File) copyKept(to io.Writer, retry func(id string) bool) (size int64, err error) {
	w := bufio.NewWriterSize(to, 256<<10)
	_, scanErr := scan(f.file, f.size, func(e Entry) {
		if err == nil && !e.retried(retry) {
			_, err = io.Copy(w, io.NewSectionReader(f.file, e.at, e.size))
			size += e.size
		}
	})
	return size, errors.Join(scanErr, err, w.Flush())
}

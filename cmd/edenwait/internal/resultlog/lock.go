package resultlog

import (
	"errors"
	"fmt"
	"io/fs"

	"github.com/gofrs/flock"
)

// ErrBusy is the error of a file that another process writes to.
var ErrBusy = errors.New("in use by another edenwait process")

// locker is a lock on a file between processes.
type locker interface {
	TryLock() (bool, error)
	Unlock() error
}

func newLock(path string) locker { return flock.New(lockName(path), flock.SetPermissions(0o644)) }

// tryLock locks a file, or returns ErrBusy. If the file system has no locks, unlocked says
// why.
func tryLock(l locker, path string) (unlocked, err error) {
	locked, err := l.TryLock()
	var notOpened *fs.PathError
	switch {
	case errors.As(err, &notOpened):
		return nil, err
	case err != nil:
		return err, nil
	case !locked:
		return nil, fmt.Errorf("%s: %w", path, ErrBusy)
	}
	return nil, nil
}

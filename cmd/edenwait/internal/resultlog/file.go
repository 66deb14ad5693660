package resultlog

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"

	"github.com/gofrs/flock"
)

// ErrBusy is a file that another process writes to.
var ErrBusy = errors.New("another edenwait is writing to it")

// File is a file of result lines. Appended to by one process at a time, it holds
// whole lines whatever happens, but for one torn at its end, which the next Open
// cuts off. One that is whole and only lacks its newline gets that.
//
//   - A line is one write. A process that is killed leaves it whole or, if the
//     kernel was just copying it, torn; what was written earlier is the kernel's
//     and safe.
//   - A line that could not be written whole, on a full disk say, is cut off
//     again at once.
//   - After a power cut only what was synced is certain. Every line is therefore
//     synced as soon as it is written, in a goroutine of its own, so that the
//     next line need not wait: at the pace of the API, a few lines a second, each
//     is safe before the next is there, and only that last one can suffer. Where
//     lines come faster than the disk syncs, those written meanwhile share the
//     next sync. Then a power cut can harm a few lines at the end; the first of
//     them that is damaged is cut off with what follows it, and those jobs are
//     asked about again.
type File struct {
	// Cut is how many bytes of a torn line Open has cut off.
	Cut int64

	file *os.File
	lock *flock.Flock
	size int64

	dirty  chan struct{} // there is something to sync
	synced chan struct{} // closed when nothing will be synced any more

	mu       sync.Mutex
	syncFail error
}

// Open opens a file to append to, or makes one, and tells of every line that it
// holds. A file that this command has not written stays as it is.
func Open(path string, each func(id string, outcome Outcome)) (*File, error) {
	f := &File{
		lock:  flock.New(lockName(path), flock.SetPermissions(0o644)),
		dirty: make(chan struct{}, 1), synced: make(chan struct{}),
	}
	locked, err := f.lock.TryLock()
	if err != nil {
		return nil, err
	}
	if !locked {
		return nil, fmt.Errorf("%s: %w", path, ErrBusy)
	}
	if err := f.open(path, each); err != nil {
		return nil, errors.Join(err, f.release())
	}
	go f.syncLoop()
	return f, nil
}

func (f *File) open(path string, each func(id string, outcome Outcome)) (err error) {
	f.file, err = os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o644)
	if err != nil {
		return err
	}
	info, err := f.file.Stat()
	if err != nil {
		return err
	}
	size := info.Size()
	if size == 0 {
		syncFolder(folderOf(path))
		return nil
	}
	e, err := scan(f.file, size, each)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	f.size, f.Cut = e.whole, size-e.whole-e.blank
	if size > e.whole {
		if err := f.file.Truncate(e.whole); err != nil {
			return err
		}
	}
	if e.open {
		if _, err := f.file.Write([]byte("\n")); err != nil {
			return err
		}
		f.size++
	}
	return nil
}

// Append writes a line.
func (f *File) Append(line []byte) error {
	if err := f.syncError(); err != nil {
		return err
	}
	if n, err := f.file.Write(line); err != nil {
		if n > 0 {
			err = errors.Join(err, f.file.Truncate(f.size))
		}
		return err
	}
	f.size += int64(len(line))
	select {
	case f.dirty <- struct{}{}:
	default:
	}
	return nil
}

// Close syncs what is not yet, and lets others write.
func (f *File) Close() error {
	close(f.dirty)
	<-f.synced
	return errors.Join(f.syncError(), f.release())
}

func (f *File) release() (err error) {
	if f.file != nil {
		err = f.file.Close()
	}
	return errors.Join(err, f.lock.Unlock())
}

func (f *File) syncLoop() {
	defer close(f.synced)
	for range f.dirty {
		if err := f.file.Sync(); err != nil {
			f.mu.Lock()
			f.syncFail = err
			f.mu.Unlock()
			return // after a failure, a later success would mean nothing
		}
	}
}

func (f *File) syncError() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.syncFail
}

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

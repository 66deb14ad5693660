package resultlog

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"time"
)

// File is a file of result lines that one process at a time appends to. It always has
// complete lines, except for a torn line at its end, which the next Open removes. If only
// the last newline is missing, Open adds it.
//
//   - A line is one write. If the process is killed, the line is complete, or torn if the
//     kernel was just copying it. Earlier lines are safe in the kernel.
//   - A line that could not be written completely, such as on a full disk, is removed at
//     once.
//   - After a power cut only synced lines are certain. Every line is therefore synced as
//     soon as it is written, in a goroutine of its own, so that the next line need not
//     wait. At the rate of the API, a few lines per second, each line is synced before
//     the next one, so only the last can be damaged. If lines come faster than the disk
//     syncs, several share a sync, and a power cut can damage a few lines at the end. The
//     next Open removes the first damaged line and the lines after it, and their jobs are
//     polled again.
type File struct {
	// Cut is how many bytes of a torn line Open has removed.
	Cut int64
	// Dropped is how many lines Open has removed to have their jobs retried.
	Dropped int
	// Unlocked is why the file could not be locked; nil if it is locked.
	Unlocked error

	path    string
	file    *os.File
	lock    locker
	size    int64     // where the last line ends
	tail    []byte    // how it ends
	checked time.Time // when path last led to file

	dirty  chan struct{} // receives when there is something to sync
	synced chan struct{} // closed after the last sync

	mu       sync.Mutex
	syncFail error
}

// Open opens or creates a file to append to, and calls each for every line in it. It
// returns an error and does not change the file if this command has not written it. Lines
// with edenwait.OutcomeError for which retry returns true are removed and not passed to each. A nil
// retry removes none.
//
// Some file systems have no locks. Then Open succeeds without a lock, and Unlocked says
// why.
func Open(path string, retry func(id string) bool, each func(Entry)) (*File, error) {
	return open(path, newLock, retry, each)
}

func open(path string, newLock func(string) locker, retry func(id string) bool, each func(Entry)) (*File, error) {
	f := &File{path: path, lock: newLock(path), dirty: make(chan struct{}, 1), synced: make(chan struct{})}
	var err error
	if f.Unlocked, err = tryLock(f.lock, path); err != nil {
		return nil, err
	}
	if err := f.open(retry, each); err != nil {
		return nil, errors.Join(err, f.release())
	}
	if f.Dropped > 0 {
		err := f.rewrite(newLock, retry)
		if err == nil {
			err = f.readTail()
		}
		if err != nil {
			return nil, errors.Join(err, f.release())
		}
	}
	go f.syncLoop()
	return f, nil
}

func (f *File) open(retry func(id string) bool, each func(Entry)) (err error) {
	f.file, err = os.OpenFile(f.path, os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o644)
	if err != nil {
		return err
	}
	info, err := f.file.Stat()
	if err != nil {
		return err
	}
	size := info.Size()
	if size == 0 {
		syncFolder(folderOf(f.path))
		return nil
	}
	e, err := scan(f.file, size, func(e Entry) {
		if e.retried(retry) {
			f.Dropped++
			return
		}
		each(e)
	})
	if err != nil {
		return fmt.Errorf("%s: %w", f.path, err)
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
	return f.readTail()
}

// tailSize is how much of the last line is looked for, to see that it is still there.
const tailSize = 256

func (f *File) readTail() error {
	f.tail = make([]byte, min(f.size, tailSize))
	_, err := f.file.ReadAt(f.tail, f.size-int64(len(f.tail)))
	return err
}

// ErrGone is the error of a file that another program has removed, moved, replaced or
// truncated since it was opened.
var ErrGone = errors.New("was changed by another program while results were written to it")

// check returns ErrGone if the path no longer leads to the lines.
func (f *File) check() error {
	here, err := f.file.Stat()
	if err != nil {
		return err
	}
	there, err := os.Stat(f.path)
	switch {
	case err != nil:
		return fmt.Errorf("%s %w: it was moved or removed (%w)", f.path, ErrGone, err)
	case !os.SameFile(here, there):
		return fmt.Errorf("%s %w: it was replaced by another file", f.path, ErrGone)
	case here.Size() < f.size:
		return fmt.Errorf("%s %w: it was cut to %d of %d bytes", f.path, ErrGone, here.Size(), f.size)
	}
	tail := make([]byte, len(f.tail))
	if _, err := f.file.ReadAt(tail, f.size-int64(len(tail))); err != nil || !bytes.Equal(tail, f.tail) {
		return errors.Join(err, fmt.Errorf("%s %w: its last line was overwritten", f.path, ErrGone))
	}
	f.checked = time.Now()
	return nil
}

// checkEvery bounds how often Append checks the path. Close always does.
const checkEvery = time.Second

// Append writes a line.
func (f *File) Append(line []byte) error {
	if err := f.syncError(); err != nil {
		return err
	}
	if time.Since(f.checked) > checkEvery {
		if err := f.check(); err != nil {
			return err
		}
	}
	n, err := f.file.Write(line)
	// Another program may have appended something before it.
	end, seekErr := f.file.Seek(0, io.SeekCurrent)
	switch {
	case err == nil && seekErr == nil:
		f.size, f.tail = end, append(f.tail[:0], line[max(0, len(line)-tailSize):]...)
	case err == nil: // no file that can be looked at
		f.size, f.tail = f.size+int64(len(line)), nil
	case n > 0 && seekErr == nil:
		return errors.Join(err, f.file.Truncate(end-int64(n)))
	default:
		return err
	}
	select {
	case f.dirty <- struct{}{}:
	default:
	}
	return nil
}

// Close syncs the last lines and unlocks the file. It returns ErrGone if the path no longer
// leads to the lines.
func (f *File) Close() error {
	close(f.dirty)
	<-f.synced
	return errors.Join(f.syncError(), f.check(), f.release())
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

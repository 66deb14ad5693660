package resultlog

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// TestGone: lines that cannot be found where they were written to are no success.
func TestGone(t *testing.T) {
	line := threeLines(t)[0]
	for name, change := range map[string]func(path string) error{
		"removed": os.Remove,
		"moved":   func(path string) error { return os.Rename(path, path+".old") },
		"replaced": func(path string) error {
			return errors.Join(os.WriteFile(path+".new", line, 0o600), os.Rename(path+".new", path))
		},
		"overwritten in place": func(path string) error {
			return writeInPlace(path, bytes.Repeat([]byte("x"), len(line)))
		},
		"another copied over it": func(path string) error {
			return os.WriteFile(path, bytes.Repeat([]byte("x\n"), len(line)), 0o600)
		},
		"cut": func(path string) error { return os.Truncate(path, 0) },
		"a folder moved": func(path string) error {
			return os.Rename(filepath.Dir(path), filepath.Dir(path)+".old")
		},
	} {
		t.Run(name, func(t *testing.T) {
			folder := filepath.Join(t.TempDir(), "folder")
			if err := os.Mkdir(folder, 0o700); err != nil {
				t.Fatal(err)
			}
			path := filepath.Join(folder, "results.jsonl")
			open := func() *File {
				f, _, err := openFile(t, path)
				if err != nil {
					t.Fatal(err)
				}
				if err := f.Append(line); err != nil {
					t.Fatal(err)
				}
				return f
			}
			f := open()
			if err := change(path); err != nil {
				t.Skip(err)
			}
			f.checked = f.checked.Add(-checkEvery)
			if err := f.Append(line); !errors.Is(err, ErrGone) {
				t.Errorf("the next line: %v", err)
			}
			if err := f.Close(); !errors.Is(err, ErrGone) {
				t.Errorf("at the end: %v", err)
			}
		})
	}
}

func writeInPlace(path string, text []byte) error {
	file, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = file.Write(text)
	return errors.Join(err, file.Close())
}

// TestAppendedByAnother: what another program adds behind the lines takes none away.
func TestAppendedByAnother(t *testing.T) {
	lines := threeLines(t)
	path := filepath.Join(t.TempDir(), "results.jsonl")
	f, _, err := openFile(t, path)
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range lines[:2] {
		f.checked = f.checked.Add(-checkEvery)
		if err := f.Append(line); err != nil {
			t.Fatal(err)
		}
		other, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
		if err != nil {
			t.Fatal(err)
		}
		_, err = other.Write(lines[2])
		if err := errors.Join(err, other.Close()); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.Close(); err != nil {
		t.Error(err)
	}
}

// refusing is a file system without locks.
type refusing struct{ err error }

func (r refusing) TryLock() (bool, error) { return false, r.err }
func (refusing) Unlock() error            { return nil }

// TestNoLocks: a file system without locks takes results all the same.
func TestNoLocks(t *testing.T) {
	line := threeLines(t)[2]
	for _, errno := range []syscall.Errno{syscall.ENOSYS, syscall.ENOTSUP, syscall.ENOLCK, syscall.EINVAL, syscall.EIO} {
		path := write(t, line)
		newLock := func(string) locker { return refusing{errno} }
		f, err := open(path, newLock, func(string) bool { return true }, func(Entry) {})
		if err != nil {
			t.Fatal(errno, err)
		}
		if !errors.Is(f.Unlocked, errno) || f.Dropped != 1 {
			t.Errorf("%v: unlocked because of %v", errno, f.Unlocked)
		}
		if err := errors.Join(f.Append(line), f.Close()); err != nil || string(content(t, path)) != string(line) {
			t.Errorf("%v: %v, %q", errno, err, content(t, path))
		}
	}
}

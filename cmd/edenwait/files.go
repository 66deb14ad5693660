package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// await calls what may block for as long as somebody else pleases: to open a
// named pipe is to wait for its other end. It returns when ctx ends, and leaves
// the call behind, since nothing can end that; the command is about to end too.
func await[T any](ctx context.Context, call func() (T, error)) (T, error) {
	type result struct {
		value T
		err   error
	}
	done := make(chan result, 1)
	go func() {
		value, err := call()
		done <- result{value, err}
	}()
	select {
	case r := <-done:
		return r.value, r.err
	case <-ctx.Done():
		var none T
		return none, unfinished("%w; %s", context.Cause(ctx), hintKept)
	}
}

func openFile(ctx context.Context, name string, flag int) (*os.File, error) {
	return await(ctx, func() (*os.File, error) { return os.OpenFile(name, flag, 0o644) })
}

// openIDs opens a file to read ids from, and finds out whether they can be read.
func openIDs(ctx context.Context, name string) (*os.File, error) {
	file, err := openFile(ctx, name, os.O_RDONLY)
	if err != nil {
		return nil, err
	}
	if err := readable(file); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return file, nil
}

// readable tries to read what is not read up by that. A folder can be opened like
// a file, and there are files that cannot be read.
func readable(file *os.File) error {
	info, err := file.Stat()
	if err != nil || !info.IsDir() && !info.Mode().IsRegular() {
		return err
	}
	if _, err := file.ReadAt(make([]byte, 1), 0); !errors.Is(err, io.EOF) {
		return err
	}
	return nil
}

// clash finds that the picture would take the place of what is read, or of the
// results. It looks before anything is opened, and so before anything is touched.
func (f *waitFlags) clash(stdin io.Reader, stdout io.Writer) error {
	if f.timeline == "" {
		return nil
	}
	others := map[string][]string{"--token-file": {f.tokenFile}, "--ids-file": f.idsFiles, "--output": {f.output}}
	for flag, names := range others {
		for _, name := range names {
			var stream any
			switch {
			case flag == "--ids-file" && name == "-":
				stream = stdin
			case flag == "--output" && (name == "" || name == "-"):
				stream = stdout
			}
			same := name != "" && sameFile(f.timeline, name)
			if file, ok := fileOf(stream); ok {
				same = isFile(f.timeline, file)
			}
			if same {
				return fmt.Errorf("--timeline is %s, which %s has taken", f.timeline, flag)
			}
		}
	}
	return nil
}

// isFile reports whether a path leads to a file that is open.
func isFile(path string, file *os.File) bool {
	a, err := os.Stat(path)
	if err != nil {
		return false
	}
	b, err := file.Stat()
	return err == nil && a.Mode().IsRegular() && os.SameFile(a, b)
}

// sameFile reports whether two paths lead to one file, also where it is not there
// yet. A device or a pipe can be written to by many.
func sameFile(a, b string) bool {
	x, errA := os.Stat(a)
	y, errB := os.Stat(b)
	if errA == nil && errB == nil {
		return x.Mode().IsRegular() && os.SameFile(x, y)
	}
	return errors.Is(errA, fs.ErrNotExist) && errors.Is(errB, fs.ErrNotExist) && follow(a) == follow(b)
}

// follow is where a file will be when it is made at a path.
func follow(path string) string {
	const mostLinks = 40 // a system follows no more either
	for range mostLinks {
		target, err := os.Readlink(path)
		if err != nil {
			break
		}
		if !filepath.IsAbs(target) {
			target = filepath.Join(filepath.Dir(path), target)
		}
		path = target
	}
	folder, name := filepath.Split(path)
	if target, err := filepath.EvalSymlinks(folder); err == nil {
		folder = target
	}
	if abs, err := filepath.Abs(folder); err == nil {
		folder = abs
	}
	return filepath.Join(folder, name)
}

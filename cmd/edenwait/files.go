package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// await calls a function that may block without limit: opening a named pipe waits for its
// other end. It returns when ctx ends. The blocked goroutine stays behind, since nothing
// can end it, and the process is about to end too.
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

// openIDs opens a file of ids, and checks that it can be read.
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

// readStart reads at most this many bytes of a file. A wrong file may be a device, or not
// fit into memory.
func readStart(name string, most int64) ([]byte, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	content, err := io.ReadAll(io.LimitReader(file, most))
	return content, errors.Join(err, file.Close())
}

// readable checks that a regular file can be read. A directory can be opened too, and some
// files cannot be read.
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

// checkTimeline refuses a picture that would overwrite another file of this run.
func (f *waitFlags) checkTimeline(stdout io.Writer) error {
	if file, ok := fileOf(stdout); ok && f.timeline != "" {
		lines, err := file.Stat()
		if there, errThere := os.Stat(f.timeline); err == nil && errThere == nil && lines.Mode().IsRegular() && os.SameFile(lines, there) {
			return fmt.Errorf("--timeline and stdout are the same file, %s", f.timeline)
		}
	}
	for flag, names := range map[string][]string{
		"--token-file": {f.tokenFile}, "--webhook-key": {f.webhookKey}, "--ids-file": f.idsFiles, "--output": {f.output},
	} {
		for _, name := range names {
			if f.timeline != "" && name != "" && sameFile(f.timeline, name) {
				return fmt.Errorf("--timeline and %s name the same file, %s", flag, f.timeline)
			}
		}
	}
	return nil
}

// sameFile reports whether two paths name the same regular file, or the same path where
// there is no file yet.
func sameFile(a, b string) bool {
	x, errA := os.Stat(a)
	y, errB := os.Stat(b)
	if errA != nil || errB != nil {
		return target(a) == target(b)
	}
	return x.Mode().IsRegular() && os.SameFile(x, y)
}

// target returns the absolute path to which a path leads, even if there is no file yet.
func target(path string) string {
	for range 40 { // as many links as systems follow
		to, err := os.Readlink(path)
		if err != nil {
			break
		}
		if !filepath.IsAbs(to) {
			to = filepath.Dir(path) + string(filepath.Separator) + to
		}
		path = to
	}
	folder := filepath.Dir(path)
	if there, err := filepath.EvalSymlinks(folder); err == nil {
		folder = there
	}
	path = filepath.Join(folder, filepath.Base(path))
	if absolute, err := filepath.Abs(path); err == nil {
		return absolute
	}
	return path
}

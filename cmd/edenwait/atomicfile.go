package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
)

// atomicFile is the file that a picture goes into. Until then, and if it cannot be
// drawn, the picture of an earlier run stays.
type atomicFile struct {
	path string
	file *os.File // what is written to, where no new file can take its place
}

// openAtomicFile finds out whether a picture can be put at a path. A new one is drawn
// beside the old one and then takes its place, unless the path is a link, a
// device or a pipe, whose place is not to be taken, or a file in a folder where
// no other can be made.
func openAtomicFile(ctx context.Context, path string) (*atomicFile, error) {
	info, err := os.Lstat(path)
	there := err == nil
	if !there || info.Mode().IsRegular() {
		beside, err := createBeside(path)
		if err == nil {
			err = errors.Join(beside.Close(), os.Remove(beside.Name()))
		}
		if !there {
			return &atomicFile{path: path}, err
		}
		if err == nil && writable(path) {
			return &atomicFile{path: path}, nil
		}
	}
	file, err := openFile(ctx, path, os.O_WRONLY|os.O_CREATE)
	return &atomicFile{path: path, file: file}, err
}

// writable reports whether a file may be written to. One that may not be is not
// to be replaced either.
func writable(path string) bool {
	file, err := os.OpenFile(path, os.O_WRONLY, 0)
	return err == nil && file.Close() == nil
}

// createBeside makes a file in the same folder.
func createBeside(path string) (*os.File, error) {
	folder, name := filepath.Split(path)
	file, err := os.OpenFile(fmt.Sprintf("%s.%s.%08x", folder, name, rand.Uint32()), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	var known *fs.PathError
	if errors.As(err, &known) {
		known.Path = path // which is what the user knows
	}
	return file, err
}

// put draws the picture.
func (c *atomicFile) put(draw func(io.Writer) error) error {
	var picture bytes.Buffer
	if err := draw(&picture); err != nil {
		return err
	}
	if c.file != nil {
		return c.overwrite(picture.Bytes())
	}
	beside, err := createBeside(c.path)
	if err != nil {
		return err
	}
	if info, statErr := os.Stat(c.path); statErr == nil {
		err = beside.Chmod(info.Mode().Perm())
	}
	if err == nil {
		_, err = beside.Write(picture.Bytes())
	}
	if err = errors.Join(err, beside.Close()); err == nil {
		err = os.Rename(beside.Name(), c.path)
	}
	if err != nil {
		err = errors.Join(err, os.Remove(beside.Name()))
	}
	return err
}

func (c *atomicFile) overwrite(picture []byte) error {
	info, err := c.file.Stat()
	if err == nil && info.Mode().IsRegular() {
		err = c.file.Truncate(0)
	}
	if err == nil {
		_, err = c.file.Write(picture)
	}
	return errors.Join(err, c.file.Close())
}

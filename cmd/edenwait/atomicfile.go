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

// atomicFile is the file of a picture. The picture of an earlier run stays until the new
// one is complete.
type atomicFile struct {
	path string
	file *os.File // open if no new file can replace it; otherwise nil
}

// openAtomicFile checks that a picture can be written to a path. The new picture is
// written to a temporary file, which then replaces the old one. A link, a device, a pipe,
// and a file in a read-only directory are not replaced but overwritten.
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

// writable reports whether a file may be written to. A read-only file is not replaced
// either.
func writable(path string) bool {
	file, err := os.OpenFile(path, os.O_WRONLY, 0)
	return err == nil && file.Close() == nil
}

// createBeside creates a temporary file in the same directory.
func createBeside(path string) (*os.File, error) {
	folder, name := filepath.Split(path)
	file, err := os.OpenFile(fmt.Sprintf("%s.%s.%08x", folder, name, rand.Uint32()), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	var known *fs.PathError
	if errors.As(err, &known) {
		known.Path = path // the user does not know the other name
	}
	return file, err
}

// write draws the picture and writes it to the file.
func (a *atomicFile) write(draw func(io.Writer) error) error {
	var picture bytes.Buffer
	if err := draw(&picture); err != nil {
		return err
	}
	if a.file != nil {
		return a.overwrite(picture.Bytes())
	}
	beside, err := createBeside(a.path)
	if err != nil {
		return err
	}
	if info, statErr := os.Stat(a.path); statErr == nil {
		err = beside.Chmod(info.Mode().Perm())
	}
	if err == nil {
		_, err = beside.Write(picture.Bytes())
	}
	if err = errors.Join(err, beside.Close()); err == nil {
		err = os.Rename(beside.Name(), a.path)
	}
	if err != nil {
		err = errors.Join(err, os.Remove(beside.Name()))
	}
	return err
}

func (a *atomicFile) overwrite(picture []byte) error {
	info, err := a.file.Stat()
	if err == nil && info.Mode().IsRegular() {
		err = a.file.Truncate(0)
	}
	if err == nil {
		_, err = a.file.Write(picture)
	}
	return errors.Join(err, a.file.Close())
}

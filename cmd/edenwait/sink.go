package main

import (
	"context"
	"io"
	"os"

	"github.com/edenwait/edenwait/cmd/edenwait/internal/resultlog"
)

// sink is the destination of the lines.
type sink interface {
	Append(line []byte) error
	Close() error
}

// device is a Stream that this command has opened, and closes.
type device struct {
	resultlog.Stream
	file *os.File
}

func (d device) Close() error { return d.file.Close() }

// openSink opens the destination of the lines. Only a regular file can be resumed. A
// device or a named pipe is treated like stdout.
func openSink(ctx context.Context, path string, stdout io.Writer, retry func(string) bool, each func(resultlog.Entry)) (sink, error) {
	if path == "" || path == "-" {
		return resultlog.Stream{Writer: stdout}, nil
	}
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() && !info.IsDir() {
		file, err := openFile(ctx, path, os.O_WRONLY)
		if err != nil {
			return nil, err
		}
		return device{resultlog.Stream{Writer: file}, file}, nil
	}
	return resultlog.Open(path, retry, each)
}

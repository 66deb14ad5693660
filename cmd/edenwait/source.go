package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"

	"github.com/edenwait/edenwait/cmd/edenwait/internal/ids"
)

// source reads ids: from the arguments, then from the files.
type source struct {
	args  []string
	names []string
	files []io.Reader
	stdin io.Reader // stays open
}

// openSource opens all files, so that a wrong name is reported before the first request.
func openSource(ctx context.Context, args, names []string, stdin io.Reader) (*source, error) {
	s := &source{args: args, names: names, stdin: stdin}
	for _, name := range names {
		file, err := s.open(ctx, name)
		if err != nil {
			s.close()
			return nil, err
		}
		s.files = append(s.files, file)
	}
	return s, nil
}

func (s *source) open(ctx context.Context, name string) (io.Reader, error) {
	if name != "-" {
		return openIDs(ctx, name)
	}
	if file, ok := s.stdin.(*os.File); ok {
		if err := readable(file); err != nil {
			return nil, err
		}
	}
	return s.stdin, nil
}

func (s *source) close() {
	for _, file := range s.files {
		if c, ok := file.(io.Closer); ok && file != s.stdin {
			_ = c.Close() // nothing was written
		}
	}
}

// repeatable reports whether the ids can be read more than once: all files are regular.
func (s *source) repeatable() bool {
	for _, reader := range s.files {
		file, ok := reader.(*os.File)
		if !ok || reader == s.stdin {
			return false
		}
		if info, err := file.Stat(); err != nil || !info.Mode().IsRegular() {
			return false
		}
	}
	return true
}

// locatedID is an id and its place.
type locatedID struct {
	ids.Found
	place string
}

// all yields the ids, from the beginning. An error concerns one file, and the ids of the
// next file follow.
func (s *source) all() iter.Seq2[locatedID, error] {
	return func(yield func(locatedID, error) bool) {
		for i, id := range s.args {
			id = ids.Sanitize(id)
			if !yield(locatedID{ids.Found{ID: id, Valid: ids.IsValid(id)}, fmt.Sprintf("argument %d", i+1)}, nil) {
				return
			}
		}
		for i, file := range s.files {
			if !s.read(s.names[i], file, yield) {
				return
			}
		}
	}
}

func (s *source) read(name string, file io.Reader, yield func(locatedID, error) bool) bool {
	if seeker, ok := file.(io.Seeker); ok && file != s.stdin {
		_, _ = seeker.Seek(0, io.SeekStart) // fails for a pipe, which is read once
	}
	shown := name
	if name == "-" {
		shown = "stdin"
	}
	for found, err := range ids.NewReader(file).All() {
		var none *ids.NoIDError
		switch {
		case errors.As(err, &none):
			err = usageError("--ids-file", fmt.Errorf("%s: %w", shown, none))
		case err != nil:
			err = unfinished("reading ids from %s: %w", name, err)
		}
		n := locatedID{Found: found}
		if !found.Valid {
			n.place = fmt.Sprintf("%s:%d", shown, found.Line)
		}
		if !yield(n, err) {
			return false
		}
	}
	return true
}

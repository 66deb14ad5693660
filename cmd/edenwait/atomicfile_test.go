package main

import (
	"io"
	"os"
	"path/filepath"
	"runtime"
	"testing"
)

// TestAtomicFileRights: a picture does not replace a read-only file, and overwrites a
// file in a read-only directory.
func TestAtomicFileRights(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" || os.Geteuid() == 0 {
		t.Skip("nothing is forbidden here")
	}
	const old = "what was there before, and is longer"
	for _, test := range []struct {
		name         string
		folder, file os.FileMode
		want         string
	}{
		{"all is allowed", 0o700, 0o600, "new"},
		{"not the file", 0o700, 0o400, old},
		{"not the folder", 0o500, 0o600, "new"},
		{"neither", 0o500, 0o400, old},
	} {
		folder := t.TempDir()
		path := filepath.Join(folder, "batch.svg")
		if err := os.WriteFile(path, []byte(old), test.file); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(folder, test.folder); err != nil {
			t.Fatal(err)
		}
		c, err := openAtomicFile(t.Context(), path)
		if err == nil {
			err = c.write(func(w io.Writer) error {
				_, err := io.WriteString(w, "new")
				return err
			})
		}
		text, readErr := os.ReadFile(path)
		if readErr != nil {
			t.Fatal(readErr)
		}
		if got := string(text); got != test.want || (err == nil) != (test.want == "new") {
			t.Errorf("%s: the file holds %q, %v, want %q", test.name, got, err, test.want)
		}
		if err := os.Chmod(folder, 0o700); err != nil { // so that it can be tidied up
			t.Fatal(err)
		}
	}
}

//go:build !windows

package resultlog

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// unsyncable is a File on what takes lines and cannot be synced, as a disk that
// has begun to fail.
func unsyncable(t *testing.T) *File {
	t.Helper()
	f, _, err := openFile(t, filepath.Join(t.TempDir(), "results.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	if err := f.file.Close(); err != nil {
		t.Fatal(err)
	}
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = read.Close() })
	f.file = write // which syncLoop looks at only after a line
	f.checked = time.Now().Add(time.Hour)
	return f
}

// TestSyncFails: lines that were written and may not last are no success.
func TestSyncFails(t *testing.T) {
	line := threeLines(t)[0]
	f := unsyncable(t)
	if err := f.Append(line); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err == nil || !strings.Contains(err.Error(), "sync") {
		t.Fatal("a batch ends well whose last line was not synced")
	}

	f = unsyncable(t)
	if err := f.Append(line); err != nil {
		t.Fatal(err)
	}
	<-f.synced // it has failed, and nothing will be synced any more
	if err := f.Append(line); err == nil {
		t.Error("a line is taken that will not be synced")
	}
	if err := f.Close(); err == nil || !strings.Contains(err.Error(), "sync") {
		t.Error("forgotten at the end")
	}
}

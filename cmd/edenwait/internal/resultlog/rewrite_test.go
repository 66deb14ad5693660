package resultlog

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/edenwait/edenwait"
)

// TestRetry: lines without a result are removed where retry says so, in a file
// that is locked all the while; the other lines stay to the byte.
func TestRetry(t *testing.T) {
	lines := threeLines(t)
	odd := encode(t, Line{ID: idC, Outcome: edenwait.OutcomeError, Error: "gone"})
	path := write(t, slices.Concat(lines[0], odd, lines[1], lines[2]))
	link := filepath.Join(t.TempDir(), "link.jsonl")
	if err := os.Symlink(path, link); err != nil {
		t.Skip(err)
	}
	var got []seen
	f, err := Open(link, func(id string) bool { return id != idC }, func(e Entry) { got = append(got, seen{e.ID, e.Outcome}) })
	if err != nil {
		t.Fatal(err)
	}
	if want := []seen{{idA, edenwait.OutcomeSuccess}, {idC, edenwait.OutcomeError}, {idB, edenwait.OutcomeFail}}; !slices.Equal(got, want) || f.Dropped != 1 {
		t.Errorf("got %v, %d dropped, want %v", got, f.Dropped, want)
	}
	if text := content(t, path); string(text) != string(slices.Concat(lines[0], odd, lines[1])) {
		t.Errorf("the file is %q", text)
	}
	if _, _, err := openFile(t, path); !errors.Is(err, ErrBusy) {
		t.Errorf("the second got %v, want ErrBusy", err)
	}
	if err := f.Append(lines[2]); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if text := content(t, path); string(text) != string(slices.Concat(lines[0], odd, lines[1], lines[2])) {
		t.Errorf("the file is %q", text)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("its mode is %v, %v", info.Mode(), err)
	}
	if files, err := os.ReadDir(filepath.Dir(path)); err != nil || len(files) != 1 {
		t.Errorf("beside it: %v, %v", files, err)
	}
	if f, _, err := openFile(t, path); err != nil || f.Close() != nil {
		t.Error("it stays locked: ", err)
	}
}

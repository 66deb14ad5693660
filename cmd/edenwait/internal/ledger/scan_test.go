package ledger

import (
	"bufio"
	"bytes"
	"strings"
	"testing"
)

// TestLongestID: the longest id that is written is found again, in the worst case
// too: a bad one of 200 bytes, each of which takes six in JSON.
func TestLongestID(t *testing.T) {
	id := strings.Repeat("\x01", 200)
	path := write(t, encode(t, Line{ID: id, Outcome: OutcomeError, Error: "not an id"}))
	f, got, err := openFile(t, path)
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != 1 || got[0].id != id {
		t.Errorf("got %q", got)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestHeadIsBounded: of a line, however long, no more is held than its head.
func TestHeadIsBounded(t *testing.T) {
	text := bytes.Repeat([]byte("x"), 10*headSize)
	lines := lineScanner{r: bufio.NewReaderSize(bytes.NewReader(text), 1000)}
	line, err := lines.next()
	if err != nil || line.size != int64(len(text)) || len(line.head) != headSize {
		t.Errorf("of %d bytes %d are held, %v", line.size, len(line.head), err)
	}
}

package bar

import (
	"bytes"
	"io"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mattn/go-runewidth"
	"github.com/vbauerster/mpb/v8/decor"

	"github.com/edenwait/edenwait"
)

// TestScreenAtTheEnd: the last that was said of a batch is what stays on the
// screen, and what is written after it is not lost.
func TestScreenAtTheEnd(t *testing.T) {
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	drawn := make(chan []byte)
	go func() {
		text, _ := io.ReadAll(read) // what is missing of it the test sees
		drawn <- text
	}()
	s := NewScreen(write, Style{})
	s.Row("").Set(halfway)
	s.Stop()
	if _, err := s.Write([]byte("a line after it\n")); err != nil {
		t.Error(err)
	}
	if err := write.Close(); err != nil {
		t.Fatal(err)
	}
	text := <-drawn
	if bar := bytes.LastIndex(text, []byte("130 succeeded")); bar < 0 || bar > bytes.Index(text, []byte("a line after it\n")) {
		t.Errorf("drawn is %q", text)
	}
}

// TestRowWidth: a row leaves the last column free, where some terminals wrap.
func TestRowWidth(t *testing.T) {
	r := Row{gauge: Style{}.gauge(), columns: func(s decor.Statistics) int { return s.AvailableWidth }}
	r.Set(halfway)
	for _, columns := range []int{20, 40, 80} {
		var row strings.Builder
		if err := r.fill(&row, decor.Statistics{AvailableWidth: columns}); err != nil {
			t.Fatal(err)
		}
		if got := runewidth.StringWidth(row.String()); got == 0 || got >= columns {
			t.Errorf("%d of %d columns: %q", got, columns, row.String())
		}
	}
}

// TestRowTimeLeft: it counts down between two reports, and only a report says that
// nothing is left.
func TestRowTimeLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var r Row
		for _, test := range []struct{ said, passed, want time.Duration }{
			{10 * time.Second, 0, 10 * time.Second}, {10 * time.Second, 4 * time.Second, 6 * time.Second},
			{10 * time.Second, time.Minute, time.Second}, {0, time.Second, 0},
		} {
			r.Set(edenwait.Progress{TimeLeft: test.said})
			time.Sleep(test.passed)
			if got := r.snapshot().TimeLeft; got != test.want {
				t.Errorf("%v were left %v ago: %v, want %v", test.said, test.passed, got, test.want)
			}
		}
	})
}

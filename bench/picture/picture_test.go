package picture

import (
	"flag"
	"os"
	"path/filepath"
	"testing"
)

var redraw = flag.Bool("draw", false, "draw docs/how-it-asks/*.svg")

// most is how large a picture may be: it travels with every clone.
const most = 60_000

// TestPictures draws, and asserts of each picture what docs/how-it-asks.md says
// is to be seen on it.
func TestPictures(t *testing.T) {
	docs := filepath.Join("..", "..", "docs", "how-it-asks")
	dir := t.TempDir()
	if *redraw {
		dir = docs
	}

	if r := batch(t, dir); len(r.asked[ended]) != 100 || len(r.asked[refused]) > 0 || len(r.asked[page]) == 0 {
		t.Errorf("batch: %d ends, %d pages and %d 429s of 100 jobs", len(r.asked[ended]), len(r.asked[page]), len(r.asked[refused]))
	}

	r := limited(t, dir)
	if first := r.asked[refused]; len(first) == 0 || first[0] < othersFrom.Seconds() || len(first)*20 > r.requests() {
		t.Errorf("limited: %d of %d requests refused, at %v", len(first), r.requests(), first)
	}
	if last := r.rate[len(r.rate)-1]; last.Y < 0.99*limit {
		t.Errorf("limited: the rate is %v at the end", last.Y)
	}
	for _, at := range r.rate {
		// Once the half is found, it is held to within what probing costs.
		if t0 := othersFrom.Seconds() + 20; at.X > t0 && at.X < othersUntil.Seconds() && (at.Y < 2 || at.Y > 7) {
			t.Errorf("limited: the rate is %.1f at %.0f s", at.Y, at.X)
		}
	}

	r = cadence(t, dir)
	if gaps := r.gaps(page); gaps[len(gaps)/4].Y > 2.5 || gaps[len(gaps)-1].Y < 3 {
		t.Errorf("cadence: the gaps do not grow as ends become rare: %v", gaps)
	}

	r = delays(t, dir)
	for i, gap := range r.gaps(running) {
		if gap.Y > 11.1 || i == 0 && (gap.Y < 0.9 || gap.Y > 1.2) || gap.X > 90 && gap.Y < 9 {
			t.Errorf("delays: %.1f s at %.0f s", gap.Y, gap.X)
		}
	}

	for _, name := range []string{"batch.svg", "limited.svg", "cadence.svg", "delays.svg"} {
		for _, path := range []string{filepath.Join(dir, name), filepath.Join(docs, name)} {
			if info, err := os.Stat(path); err != nil || info.Size() > most {
				t.Errorf("%s: %v, want at most %d bytes", path, err, most)
			}
		}
	}
}

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
	if n := len(r.asked[refused]); n == 0 || r.asked[refused][0] < othersFrom.Seconds() || n*20 > r.requests() {
		t.Errorf("limited: %d of %d requests refused", n, r.requests())
	}
	probes := 0
	for _, at := range r.asked[refused] {
		if at > 60 && at < othersUntil.Seconds() {
			probes++
		}
	}
	if probes < 20 || probes > 36 {
		t.Errorf("limited: %d refusals in a minute and a half, want one in about three seconds", probes)
	}
	for _, at := range r.rate {
		shared := at.X > othersFrom.Seconds()+20 && at.X < othersUntil.Seconds()
		if shared && (at.Y < 2 || at.Y > 8) || at.X > othersUntil.Seconds()+5 && at.Y < 0.99*limit {
			t.Errorf("limited: the rate is %.1f at %.0f s", at.Y, at.X)
			break
		}
	}

	r = cadence(t, dir)
	longest := 0.0
	for _, gap := range r.gaps(page) {
		longest = max(longest, gap.Y)
		if gap.Y < 1 {
			t.Errorf("cadence: a gap of %.2f s", gap.Y)
		}
	}
	if gaps := r.gaps(page); gaps[len(gaps)/4].Y > 2.5 || longest < 6 || longest > 8 {
		t.Errorf("cadence: gaps of %.1f s while many jobs end, and of up to %.1f s later", gaps[len(gaps)/4].Y, longest)
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

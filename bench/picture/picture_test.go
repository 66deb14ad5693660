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
		if gap.Y < 0.5 {
			t.Errorf("cadence: a gap of %.2f s", gap.Y)
		}
	}
	if gaps := r.gaps(page); gaps[len(gaps)/4].Y > 2.5 || longest < 1.5 || longest > 11 {
		t.Errorf("cadence: gaps of %.1f s while many jobs end, and of up to %.1f s later", gaps[len(gaps)/4].Y, longest)
	}

	r = delays(t, dir)
	for _, gap := range r.gaps(running) {
		// Beyond the jitter: the round trip, and the time until a turn is free.
		if want := expected(gap.X); gap.X > 5 && (gap.Y < 0.75*want || gap.Y > 1.25*want+0.1) || gap.Y > 3.5 {
			t.Errorf("delays: %.1f s at %.0f s, want about %.1f s", gap.Y, gap.X, want)
		}
	}

	// The products in the page's table.
	laws := []law{{"jobs that last alike: σ = 0.3", 0.3}, {"σ = 0.5", 0.5}, {"jobs that differ: σ = 1", 1}}
	seeds := 40
	if *redraw {
		seeds = 2000
	}
	var rules [][]schedule
	for i, l := range laws {
		rules = append(rules, schedules(l, seeds))
		want := [...][]float64{{63, 60, 32, 22, 16, 63}, {68, 62, 35, 31, 25, 66}, {100, 76, 51, 54, 47, 75}}[i]
		for j, rule := range rules[i] {
			at := rule.at[min(1, len(rule.at)-1)]
			t.Logf("%s, %s: %.1f requests, %.2f s, product %.1f", l.title, rule.name, at.X, at.Y, product(at))
			if got := product(at); got < want[j]*0.92 || got > want[j]*1.08 {
				t.Errorf("%s, %s: product %.1f, want %v", l.title, rule.name, got, want[j])
			}
		}
	}
	drawSchedules(t, dir, []law{laws[0], laws[2]}, [][]schedule{rules[0], rules[2]})

	for _, name := range []string{"schedules.svg", "batch.svg", "limited.svg", "cadence.svg", "delays.svg"} {
		for _, path := range []string{filepath.Join(dir, name), filepath.Join(docs, name)} {
			if info, err := os.Stat(path); err != nil || info.Size() > most {
				t.Errorf("%s: %v, want at most %d bytes", path, err, most)
			}
		}
	}
}

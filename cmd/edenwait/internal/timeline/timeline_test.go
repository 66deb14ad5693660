package timeline

import (
	"encoding/xml"
	"errors"
	"fmt"
	"image/color"
	"io"
	"math"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"
	"gonum.org/v1/plot/plotter"
)

// record plays a batch of n jobs of growing length, where the list is read once
// a second; the last job does not end.
func record(n int) *Recorder {
	r := NewRecorder()
	ids := make([]uuid.UUID, n)
	created := time.Now().Add(-time.Hour)
	for i := range ids {
		ids[i] = uuid.New()
		r.Taken(ids[i])
	}
	for i, id := range ids {
		r.List(time.Now())
		time.Sleep(time.Second)
		r.Get(id, time.Now())
		if i == n-1 {
			break
		}
		if i%2 == 1 {
			created = time.Time{}
		}
		r.Ended(id, created, i%10 == 3)
	}
	return r
}

func drawn(t *testing.T, r *Recorder) string {
	t.Helper()
	var b strings.Builder
	if err := r.Draw(&b); err != nil {
		t.Fatal(err)
	}
	for d := xml.NewDecoder(strings.NewReader(b.String())); ; {
		_, err := d.Token()
		if errors.Is(err, io.EOF) {
			return b.String()
		}
		if err != nil {
			t.Fatalf("%v in:\n%s", err, b.String())
		}
	}
}

func TestDraw(t *testing.T) {
	for _, test := range []struct {
		jobs  int
		texts []string
		dots  int
	}{
		{0, []string{"0 of 0 jobs known"}, 0},
		{1, []string{"0 of 1 jobs known to have ended, 0 without success: 1 GETs, 1 list pages", "known to have failed"}, 0},
		{20, []string{"19 of 20 jobs known to have ended, 2 without success: 20 GETs, 20 list pages", ">ran<", ">10s<"}, 19},
		{500, []string{"499 of 500 jobs known to have ended, 50 without success", ">submitted, not known to have ended<", ">4:00<"}, 0},
	} {
		synctest.Test(t, func(t *testing.T) {
			svg := drawn(t, record(test.jobs))
			for _, want := range append(test.texts, "time since the wait began", "requests/s", "Arial") {
				if !strings.Contains(svg, want) {
					t.Errorf("%d jobs: no %q in the picture", test.jobs, want)
				}
			}
			// A dot is drawn as two arcs; two more dots are in the legend of rows.
			if got := strings.Count(svg, "A2.4,2.4"); test.jobs <= mostRows && got != 2*(test.dots+2) {
				t.Errorf("%d jobs: %d arcs, want those of %d dots", test.jobs, got, test.dots)
			}
		})
	}
}

// filled are the outlines of what is filled with a color.
func filled(t *testing.T, svg string, c color.RGBA) (outlines [][]plotter.XY) {
	t.Helper()
	path := regexp.MustCompile(fmt.Sprintf(`<path d="M([^"]*)Z" style="fill:#%02X%02X%02X" />`, c.R, c.G, c.B))
	for _, match := range path.FindAllStringSubmatch(svg, -1) {
		var outline []plotter.XY
		for point := range strings.SplitSeq(match[1], "L") {
			var p plotter.XY
			if _, err := fmt.Sscanf(point, "%g,%g", &p.X, &p.Y); err != nil {
				break // an arc, of which the place counts
			}
			outline = append(outline, p)
		}
		outlines = append(outlines, outline)
	}
	return outlines
}

// TestRows: of few jobs each has its dot, of the color of how it ended.
func TestRows(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		svg := drawn(t, record(20))
		// One more of each stands in the legend.
		if good, bad := len(filled(t, svg, succeeded))-1, len(filled(t, svg, failed))-1; good != 17 || bad != 2 {
			t.Errorf("%d jobs succeeded and %d failed, want 17 and 2", good, bad)
		}
	})
}

// TestFlow: of many jobs, one of which was there when the picture begins, the
// areas are as high as their numbers, and the bars as high as the pace.
func TestFlow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := record(500)
		svg := drawn(t, r)
		jobs := func(c color.RGBA) (first, last float64) {
			outlines := filled(t, svg, c)
			if len(outlines) != 1 {
				t.Fatalf("%d areas, want one", len(outlines))
			}
			area := outlines[0]
			return area[1].Y - area[0].Y, area[len(area)-2].Y - area[0].Y
		}
		first, all := jobs(running)
		_, known := jobs(succeeded)
		_, bad := jobs(failed)
		for what, test := range map[string]struct{ got, want float64 }{
			"submitted before": {first, 1}, "known": {known, 499}, "failed": {bad, 50},
		} {
			if got := test.got / all * 500; math.Abs(got-test.want) > .1 {
				t.Errorf("%s: %.2f jobs, want %v", what, got, test.want)
			}
		}
		if gets, lists := len(filled(t, svg, asked)), len(filled(t, svg, listed)); gets == 0 || gets != lists {
			t.Errorf("%d bars of GETs, %d of the list, want as many", gets, lists)
		}
		if pace := r.view().requests().Y.Max; math.Abs(pace-2) > .01 {
			t.Errorf("%v requests a second at most, want 2", pace)
		}
	})
}

// TestNil: without a picture nothing is recorded.
func TestNil(t *testing.T) {
	var r *Recorder
	r.Taken(uuid.New())
	r.Get(uuid.New(), time.Now())
	r.List(time.Now())
	r.Ended(uuid.New(), time.Now(), false)
}

func TestView(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := record(20).view()
		if v.until != 20*time.Second || v.from != -5*time.Second {
			t.Errorf("from %v until %v, want a quarter before the beginning, and 20s", v.from, v.until)
		}
		for i, j := range v.jobs {
			if want := time.Duration(i+1) * time.Second; j.known != want || len(v.gets[int32(i)]) != 1 || v.gets[int32(i)][0] != want {
				t.Errorf("row %d: known at %v, asked at %v, want %v", i, j.known, v.gets[int32(i)], want)
			}
		}
	})
}

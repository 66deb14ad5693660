package timeline

import (
	"encoding/xml"
	"errors"
	"io"
	"math"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"
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
		r.List()
		time.Sleep(time.Second)
		r.Get(id)
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
	}{
		{0, []string{"0 of 0 jobs ended"}},
		{1, []string{"0 of 1 job ended, 0 without success: 1 GET, 1 list page", "</tspan> failed"}},
		{20, []string{"19 of 20 jobs ended, 2 without success: 20 GETs, 20 list pages", "</tspan> ran", ">10s<"}},
		{500, []string{"499 of 500 jobs ended, 50 without success", "</tspan> running", ">4m<", ">500<"}},
	} {
		synctest.Test(t, func(t *testing.T) {
			svg := drawn(t, record(test.jobs))
			for _, want := range append(test.texts, "time since the wait began", "requests/s", "Arial", "prefers-color-scheme") {
				if !strings.Contains(svg, want) {
					t.Errorf("%d jobs: no %q in the picture", test.jobs, want)
				}
			}
		})
	}
}

// TestRows: each of few jobs has its sign, of how it ended, and its polls.
func TestRows(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		svg := drawn(t, record(20))
		for sign, want := range map[string]int{
			`<circle class="succeeded"`: 17, `<rect class="failed"`: 2, `<path class="get"`: 20, `<path class="list line"`: 20, `<path class="running"`: 20,
		} {
			if got := strings.Count(svg, sign); got != want {
				t.Errorf("%d times %s, want %d", got, sign, want)
			}
		}
	})
}

// TestInside: nothing is drawn outside of the picture, also of a job that is older
// than what is shown.
func TestInside(t *testing.T) {
	for _, jobs := range []int{0, 1, 20, 500} {
		synctest.Test(t, func(t *testing.T) {
			svg := drawn(t, record(jobs))
			number := regexp.MustCompile(` (x|cx|width|y|cy|height)="([^"%]+)"`)
			for _, match := range number.FindAllStringSubmatch(svg, -1) {
				n, err := strconv.ParseFloat(match[2], 64)
				if err != nil || n < 0 || strings.Contains("x cx width", match[1]) && n > width {
					t.Errorf("%d jobs: %s", jobs, match[0])
				}
			}
			for _, bad := range []string{"NaN", "Inf"} {
				if strings.Contains(svg, bad) {
					t.Errorf("%d jobs: %s in the picture", jobs, bad)
				}
			}
		})
	}
}

// heights are those that an area begins and ends with.
func heights(t *testing.T, svg, class string) (first, last float64) {
	t.Helper()
	area := regexp.MustCompile(`<path class="` + class + `" d="M[0-9.]+,([0-9.]+)\s((?:H[0-9.]+V[0-9.]+\s)+)H[0-9.]+V[0-9.]+Z"/>`).FindStringSubmatch(svg)
	if area == nil {
		t.Fatalf("no area %s", class)
	}
	steps := strings.Fields(area[2])
	height := func(step string) float64 {
		bottom, err := strconv.ParseFloat(area[1], 64)
		_, text, _ := strings.Cut(step, "V")
		y, errY := strconv.ParseFloat(text, 64)
		if err != nil || errY != nil {
			t.Fatal(err, errY)
		}
		return bottom - y
	}
	return height(steps[0]), height(steps[len(steps)-1])
}

// TestAreas: of many jobs, one of which was there when the picture begins, the
// areas are as high as their numbers, and the bars as high as the rate.
func TestAreas(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := record(500)
		svg := drawn(t, r)
		first, all := heights(t, svg, "running bar")
		_, ended := heights(t, svg, "succeeded")
		_, bad := heights(t, svg, "failed")
		for what, test := range map[string]struct{ got, want float64 }{
			"submitted before": {first, 1}, "ended": {ended, 499}, "failed": {bad, 50},
		} {
			if got := test.got / all * 500; math.Abs(got-test.want) > .2 {
				t.Errorf("%s: %.2f jobs, want %v", what, got, test.want)
			}
		}
		gets, lists := strings.Count(svg, `<rect class="get"`), strings.Count(svg, `<rect class="list bar"`)
		if gets == 0 || gets != lists {
			t.Errorf("%d bars of GETs, %d of the list, want as many", gets, lists)
		}
		_, _, counts := r.view().perSecond()
		most := 0.0
		for _, n := range counts {
			most = max(most, n.gets+n.lists)
		}
		if math.Abs(most-2) > .01 {
			t.Errorf("%v requests per second at most, want 2", most)
		}
	})
}

func TestLabel(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0s", 200 * time.Millisecond: "200ms", -10 * time.Second: "-10s", time.Minute: "1m", 90 * time.Second: "1m30s",
		2 * time.Hour: "2h", 150 * time.Minute: "2h30m",
	} {
		if got := label(d); got != want {
			t.Errorf("label(%v) = %s, want %s", d, got, want)
		}
	}
}

// TestNil: without a picture nothing is recorded.
func TestNil(t *testing.T) {
	var r *Recorder
	r.Taken(uuid.New())
	r.Get(uuid.New())
	r.List()
	r.Ended(uuid.New(), time.Now(), false)
}

func TestView(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := record(20).view()
		if v.until != 20*time.Second || v.from != -5*time.Second {
			t.Errorf("from %v until %v, want a quarter before the beginning, and 20s", v.from, v.until)
		}
		for i, j := range v.jobs {
			if want := time.Duration(i+1) * time.Second; j.known != want || len(v.polls[int32(i)]) != 1 || v.polls[int32(i)][0] != want {
				t.Errorf("row %d: result at %v, polled at %v, want %v", i, j.known, v.polls[int32(i)], want)
			}
		}
	})
}

package page

import (
	"testing"

	"gonum.org/v1/plot/vg"
)

// Names never overlap, keep their order, and stay inside the picture.
func TestSpread(t *testing.T) {
	for _, wanted := range [][]vg.Length{
		{50, 50, 50, 50}, {1, 1, 2, 3}, {99, 99, 99}, {10, 40, 41, 90}, {30, 35, 45, 46, 70}, {50}, nil,
	} {
		places := spread(wanted, 0, 100)
		if len(places) != len(wanted) {
			t.Fatalf("%v became %v", wanted, places)
		}
		for i, place := range places {
			if place < 0 || place > 100 || i > 0 && place-places[i-1] < lineHeight-1e-9 {
				t.Errorf("%v became %v", wanted, places)
				break
			}
		}
	}
	if got := spread([]vg.Length{10, 40, 90}, 0, 100); got[0] != 10 || got[1] != 40 || got[2] != 90 {
		t.Errorf("places that do not overlap moved: %v", got)
	}
}

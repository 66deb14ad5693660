package engine

import (
	"math/rand/v2"
	"testing"
)

// TestIndex: it finds what a map finds, while it grows and jobs come and go.
func TestIndex(t *testing.T) {
	var tab table
	want := map[Key]int32{}
	r := rand.New(rand.NewPCG(1, 1))
	for step := range 200_000 {
		key := keyOf(r.IntN(1 + min(step, 30_000)))
		j, known := tab.find(key)
		if w, ok := want[key]; ok != known || ok && w != j {
			t.Fatalf("step %d: job %d, %v; want %d, %v", step, j, known, w, ok)
		}
		switch {
		case !known:
			want[key] = tab.addJob(key, 0)
		case r.IntN(2) == 0:
			tab.dropJob(j)
			delete(want, key)
		}
		if int(tab.index.jobs) != len(want) {
			t.Fatalf("%d jobs, want %d", tab.index.jobs, len(want))
		}
	}
	for key, w := range want {
		if j, known := tab.find(key); !known || j != w {
			t.Errorf("job %d is not found", w)
		}
	}
	// Chains are short: the hash spreads keys that differ in few bits.
	longest := 0
	for b := range tab.index.buckets.len() {
		n := 0
		for j := *tab.index.buckets.at(b) - 1; j != none; j = tab.jobs.at(j).chain {
			n++
		}
		longest = max(longest, n)
	}
	if longest > 12 {
		t.Errorf("a bucket has %d jobs", longest)
	}
}

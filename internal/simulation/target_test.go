package simulation

import (
	"testing"
	"time"
)

func TestFirst(t *testing.T) {
	began := time.Now()
	steps := 0
	for _, n := range []int{1, 10, 100, 1000, 10000} {
		for _, c := range []Callers{Together, Apart} {
			seeds := max(2, min(200, 5000/n))
			b := time.Now()
			s := Mean(Scenario{Jobs: n, Callers: c}, seeds)
			steps += s.Steps
			t.Logf("%d %d: %+v %v", n, c, s, time.Since(b))
		}
	}
	t.Logf("%+v", Mean(Scenario{Jobs: 1, Callers: Crowd}, 50))
	t.Logf("%+v", Mean(Scenario{Jobs: 3000, Arrivals: 2, Callers: Apart}, 20))
	t.Logf("%d steps in %v", steps, time.Since(began))
}

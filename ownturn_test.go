package edenwait

import "testing"

// A request that gives up its place after a crash takes nobody else's: the next engine
// counts its places from the start again.
func TestPlaceOfCrashedEngineIsNobodyElses(t *testing.T) {
	w, err := New(Config{Token: "key"})
	if err != nil {
		t.Fatal(err)
	}
	d := w.driver
	core, old, _, _ := d.reserve()
	d.fail("thrown")
	d.mu.Lock()
	turn := make(chan struct{})
	next, _ := d.core.Reserve()
	d.turns[next] = turn // in line
	d.mu.Unlock()
	d.withdraw(core, old)
	<-turn
	if own := w.Stats().Own; own != 1 {
		t.Errorf("%d own requests were let go, want 1", own)
	}
}

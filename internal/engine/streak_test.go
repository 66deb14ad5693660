package engine

import (
	"testing"
	"time"
)

// A request that was silent for half a minute must not date an outage back to
// before answers that came meanwhile.
func TestOutageBeginsAfterTheLastAnswer(t *testing.T) {
	var o outage
	o.answered(30 * time.Second)
	for i := range outageAfter {
		o.failed(31*time.Second, time.Second, Key{byte(i)}, &Answer{})
	}
	if !o.active() || o.since != 30*time.Second {
		t.Errorf("active %v since %v", o.active(), o.since)
	}
}

package testbed

import (
	"testing"
	"time"
)

// Eventually looks until it sees what it waits for. It is for what goroutines and
// kernels do at their own pace. The bound of a minute is for what never comes.
func Eventually(t testing.TB, what string, seen func() bool) {
	t.Helper()
	ticker := time.NewTicker(time.Millisecond)
	defer ticker.Stop()
	for late := time.After(time.Minute); !seen(); {
		select {
		case <-ticker.C:
		case <-late:
			t.Fatalf("not seen in a minute: %s", what)
		}
	}
}

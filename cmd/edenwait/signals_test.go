package main

import (
	"os"
	"testing"
	"testing/synctest"
	"time"
)

// TestSignals: what comes soon after the first signal is part of it.
func TestSignals(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		signals, began := make(chan os.Signal, 2), time.Now()
		var first, second time.Duration
		for _, at := range []time.Duration{time.Second, time.Second, time.Second + echo - 1, 1500 * time.Millisecond, 2 * time.Second} {
			time.AfterFunc(at, func() {
				select {
				case signals <- os.Interrupt:
				default:
				}
			})
		}
		awaitSignals(signals, func() { first = time.Since(began) }, func() { second = time.Since(began) })
		if first != time.Second || second != 1500*time.Millisecond {
			t.Errorf("first at %v, second at %v", first, second)
		}
	})
}

package testbed

import (
	"runtime"
	"runtime/metrics"
)

// Footprint is what the process holds: live heap, and stacks in use.
func Footprint() (bytes uint64, goroutines int) {
	runtime.GC()
	runtime.GC() // the first may have ended what the second sweeps
	samples := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}, {Name: "/memory/classes/heap/stacks:bytes"}}
	metrics.Read(samples)
	return samples[0].Value.Uint64() + samples[1].Value.Uint64(), runtime.NumGoroutine()
}

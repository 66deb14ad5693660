//go:build unix

package edenotel_test

import (
	"syscall"
	"time"
)

// cpu is the CPU time of the process so far.
func cpu() time.Duration {
	var usage syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &usage) != nil {
		return 0
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

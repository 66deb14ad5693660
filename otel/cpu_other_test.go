//go:build !unix

package edenotel_test

import "time"

// cpu is unknown.
func cpu() time.Duration { return 0 }

package chain

import "testing"

func check(t *testing.T) { TestRun(t) }

package chain

import "testing"

func TestRun(t *testing.T) {
	if check(t); Run() != Limit {
		t.Fatal("not the limit")
	}
}

package main

import (
	"fmt"
	"strconv"
	"strings"
)

// limits is the size of the largest circle tolerated per package path. It is a [flag.Value] that
// may be given repeatedly.
type limits map[string]int

func (limits) String() string { return "" }

func (l limits) Set(text string) error {
	name, size, _ := strings.Cut(text, "=")
	n, err := strconv.Atoi(size)
	if name == "" || err != nil || n < 2 {
		return fmt.Errorf("invalid exception %q: want package=size, with a size of at least 2", text)
	}
	l[name] = n
	return nil
}

package main

import (
	"fmt"
	"io"
)

// message writes one line for people.
func message(stderr io.Writer, format string, args ...any) {
	fmt.Fprintf(stderr, "edenwait: "+format+"\n", args...)
}

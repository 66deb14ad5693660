package main

import (
	"fmt"
	"io"
)

// say writes a message for people.
func say(stderr io.Writer, format string, args ...any) {
	fmt.Fprintf(stderr, "edenwait: "+format+"\n", args...)
}

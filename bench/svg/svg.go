// Package svg stores the pictures of the docs.
package svg

import (
	"bytes"
	"os"
	"strings"

	"gonum.org/v1/plot/vg/vgsvg"
)

// Write stores a picture. Its names are as wide as they were placed where one of three
// fonts with the same widths is installed: one is on nearly every machine.
func Write(canvas *vgsvg.Canvas, path string) error {
	var b bytes.Buffer
	if _, err := canvas.WriteTo(&b); err != nil {
		return err
	}
	text := strings.ReplaceAll(b.String(), "font-family:Liberation Serif", "font-family:Liberation Serif,Times New Roman,Times,serif")
	return os.WriteFile(path, []byte(text), 0o644)
}

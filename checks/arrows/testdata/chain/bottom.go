package chain

import "strings"

func bottom(hook func()) {
	var text strings.Builder
	text.WriteString("bottom")
	hook()
}

package ids

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestSanitize(t *testing.T) {
	x200, x199 := strings.Repeat("x", maxBad), strings.Repeat("x", maxBad-1)
	for _, id := range []string{"", a, "nonsense", "日本", x200, "a\nb\x00"} {
		if got := Sanitize(id); got != id {
			t.Errorf("%q became %q", id, got)
		}
	}
	seen := map[string]string{}
	for _, id := range []string{
		"caf\xe9", "caf\xe8", "\xff", "\xff\xff", "\xed\xa0\x80", x200 + "y", x200 + "z", x200 + "yz", x199 + "é", x199 + "è",
		strings.Repeat("é", 5000), strings.Repeat("\xe9", 5000),
	} {
		got := Sanitize(id)
		if !utf8.ValidString(got) || len(got) > maxBad {
			t.Errorf("%.20q became %q, of %d bytes", id, got, len(got))
		}
		if Sanitize(got) != got {
			t.Errorf("%q became %q when it was tidied again", got, Sanitize(got))
		}
		if other, taken := seen[got]; taken {
			t.Errorf("%.20q and %.20q both became %q", id, other, got)
		}
		seen[got] = id
		text, err := json.Marshal(got)
		var back string
		if err != nil || json.Unmarshal(text, &back) != nil || back != got {
			t.Errorf("%q became %q in JSON, %v", got, back, err)
		}
	}
}

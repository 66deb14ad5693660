package edentest

import (
	"encoding/json"

	"github.com/google/uuid"
)

// appendID writes the id in canonical form.
func appendID(b []byte, id uuid.UUID) []byte {
	var text [36]byte
	const digits = "0123456789abcdef"
	k := 0
	for i, v := range id {
		if i == 4 || i == 6 || i == 8 || i == 10 {
			text[k] = '-'
			k++
		}
		text[k], text[k+1] = digits[v>>4], digits[v&15]
		k += 2
	}
	return append(b, text[:]...)
}

// appendString writes s as a JSON string.
func appendString(b []byte, s string) []byte {
	for _, c := range []byte(s) {
		if c < ' ' || c >= 0x7f || c == '"' || c == '\\' {
			quoted, _ := json.Marshal(s) // a string always marshals
			return append(b, quoted...)
		}
	}
	b = append(b, '"')
	b = append(b, s...)
	return append(b, '"')
}

// canonical returns the id as requests show it.
func canonical(id string) string {
	if u, err := uuid.Parse(id); err == nil {
		return u.String()
	}
	return id
}

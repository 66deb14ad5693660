package ids

import (
	"fmt"
	"hash/fnv"
	"strings"
	"unicode/utf8"

	"github.com/google/uuid"
)

// Parse parses an id: a UUID in the usual form of 36 characters, in any letter case.
func Parse(id string) (uuid.UUID, bool) {
	parsed, err := uuid.Parse(id)
	return parsed, err == nil && len(id) == len("xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx")
}

// IsValid reports whether a text is an id.
func IsValid(id string) bool {
	_, ok := Parse(id)
	return ok
}

// Sanitize makes a malformed id printable: valid UTF-8, and not too long. It does not change
// valid ids, nor its own results.
//
// If text is lost, a hash of the whole text is added, so that two malformed ids which
// differ only in the lost text stay different.
func Sanitize(id string) string {
	valid := strings.ToValidUTF8(id, string(utf8.RuneError))
	if valid == id && len(id) <= maxBad {
		return id
	}
	hash := fnv.New64a()
	_, _ = hash.Write([]byte(id)) // never fails
	mark := fmt.Sprintf("…%016x", hash.Sum64())
	cut := min(len(valid), maxBad-len(mark))
	for cut < len(valid) && !utf8.RuneStart(valid[cut]) {
		cut--
	}
	return valid[:cut] + mark
}

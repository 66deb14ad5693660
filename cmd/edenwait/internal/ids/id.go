package ids

import (
	"fmt"
	"hash/fnv"
	"strings"
	"unicode/utf8"

	"github.com/google/uuid"
)

// IsValid reports whether a text is an id, in the one form that the API uses.
func IsValid(id string) bool {
	_, err := uuid.Parse(id)
	return err == nil && len(id) == len("xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx")
}

// Sanitize makes of anything that stands in the place of an id what a results file
// can hold and give back: valid UTF-8, since JSON turns other bytes into U+FFFD,
// and not too long. An id stays as it is, and so does what is tidy already:
// otherwise a run that finds a bad id in its results file would not know it
// again, and write it a line anew each time.
//
// What loses something gets a hash of all of it, so that two lines that differ
// only in what is lost count as two. It need not withstand an attack, since who
// writes the list can leave a line out more easily.
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

package testbed

import (
	"encoding/binary"
	"fmt"
	"strings"

	"github.com/google/uuid"
)

// ID is the nth of some ids.
func ID(n int) string { return fmt.Sprintf("00000000-0000-4000-8000-%012x", n) }

// SpreadID is the nth of any number of ids, spread as ids are.
func SpreadID(n int) string {
	var id uuid.UUID
	binary.BigEndian.PutUint64(id[:], uint64(n)*0x9e3779b97f4a7c15)
	binary.BigEndian.PutUint64(id[8:], uint64(n))
	return id.String()
}

// SomeID is the id of a job where any will do.
const SomeID = "7f1c2e6a-3b4d-4c5e-8f90-a1b2c3d4e5f6"

// IsJobID is written anew here, so as not to believe the parser under test.
func IsJobID(id string) bool {
	if len(id) != 36 {
		return false
	}
	for i, c := range strings.ToLower(id) {
		if dash := i == 8 || i == 13 || i == 18 || i == 23; dash && c != '-' || !dash && !strings.ContainsRune("0123456789abcdef", c) {
			return false
		}
	}
	return true
}

// Canonical is the id as the API spells it.
func Canonical(id string) string {
	if IsJobID(id) {
		return strings.ToLower(id)
	}
	return id
}

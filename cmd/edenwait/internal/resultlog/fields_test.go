package resultlog

import (
	"strings"
	"testing"
)

// TestFields: the cost and the provider are the job's, wherever they stand in it
// and however the line comes in pieces.
func TestFields(t *testing.T) {
	for _, test := range []struct{ line, cost, provider string }{
		{`{"id":"x","outcome":"success","job":{"public_id":"x","cost":"0.25","provider":"p\"q","output":1}}`, `"0.25"`, `"p\"q"`},
		{`{"id":"x","job":{"output":{"cost":"1","provider":"no","a":[{"cost":2}]},"cost": 0.5 , "provider" : null}}`, `0.5`, `null`},
		{`{"cost":"1","job":{"output":"\"cost\":\"2\"","cost":1e-3}}`, `1e-3`, ``},
		{`{"job":["cost","provider"],"x":{"cost":7}}`, ``, ``},
		{`{"Job":{"cost":7},"job":{"Cost":8}}`, ``, ``},
		{`{"job":{"cost":"` + strings.Repeat("1", 300) + `"}}`, ``, ``},
		{`{"job":"cost"}`, ``, ``},
	} {
		for size := 1; size <= len(test.line); size += 1 + size/2 {
			var s fieldScanner
			for rest := test.line; rest != ""; rest = rest[min(size, len(rest)):] {
				s.read([]byte(rest[:min(size, len(rest))]))
			}
			if s.cost != test.cost || s.provider != test.provider {
				t.Errorf("%s in pieces of %d: got %s, %s", test.line, size, s.cost, s.provider)
			}
		}
	}
}

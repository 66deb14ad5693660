package edentest

import (
	"math/bits"
	"net/http"
	"strings"
)

const (
	root    = "/v3/universal-ai/async"
	jobPath = root + "/"
)

// A Kind is the kind of a request. In Fault.On, kinds can be combined with |.
type Kind uint8

// The kinds of requests.
const (
	Submit Kind = 1 << iota // POST of a new job
	Get                     // GET of one job
	List                    // GET of a page of the job list
	Delete                  // DELETE of one job
	Other                   // anything else: unknown paths, wrong methods
)

// String returns the kind's name in lower case, combined ones joined by |.
func (k Kind) String() string {
	var names []string
	for i, name := range []string{"submit", "get", "list", "delete", "other"} {
		if k&(1<<i) != 0 {
			names = append(names, name)
		}
	}
	if names == nil {
		return "any"
	}
	return strings.Join(names, "|")
}

// index is the place of a single kind among all.
func (k Kind) index() int { return bits.TrailingZeros8(uint8(k)) }

// isJobPath tells whether the path has one segment in the place of a job's id.
func isJobPath(path string) bool {
	id, ok := strings.CutPrefix(path, jobPath)
	return ok && id != "" && !strings.Contains(id, "/")
}

func kindOf(method, path string) Kind {
	switch single := isJobPath(path); {
	case path == root && method == http.MethodPost:
		return Submit
	case path == root && method == http.MethodGet:
		return List
	case single && method == http.MethodGet:
		return Get
	case single && method == http.MethodDelete:
		return Delete
	}
	return Other
}

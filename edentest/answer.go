package edentest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"time"
)

// An Answer is an answer that is about to be sent. An [Effect] made by [Edit] may change
// it.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
	Delay  time.Duration // extra time before it is sent

	wire wire
	drip time.Duration // slow: over which the body is spread
	pad  int64         // whitespace inserted after the first byte of the body
	hurt bool          // changed by a fault
}

// A wire is how an answer travels.
type wire uint8

const (
	intact  wire = iota
	slow         // the body comes bit by bit
	refused      // no connection
	dropped      // the connection ends before the answer
	broken       // the connection ends inside the body
	stalled      // the body stops halfway, the connection stays
	hung         // no answer comes, the connection stays
	silent       // the connection stays open, but no more data arrives
)

// whole tells whether the client gets what a healthy service would have sent.
func (ans *Answer) whole() bool { return !ans.hurt && (ans.wire == intact || ans.wire == slow) }

// bodyAllowed tells whether an answer of that status can have a body.
func bodyAllowed(status int) bool {
	return status != http.StatusNoContent && status != http.StatusNotModified
}

// finish turns what the named fault has left into an answer that can be sent.
func (ans *Answer) finish(fault string) {
	if ans.Header == nil { // by an Edit that has put an Answer of its own there
		ans.Header = make(http.Header, 4)
	}
	if ans.Status < 200 || ans.Status > 999 {
		ans.detail(http.StatusInternalServerError, fmt.Sprintf("edentest: the fault %q left the status %d, want one from 200 to 999", fault, ans.Status))
	}
	if !bodyAllowed(ans.Status) {
		ans.Body, ans.pad = nil, 0
		ans.Header.Del("Content-Type")
	}
}

// bodyless tells whether the answer is whole once its header is there.
func (ans *Answer) bodyless(method string) bool {
	return len(ans.Body) == 0 || method == http.MethodHead
}

func (ans *Answer) json(status int, body []byte) {
	ans.Status = status
	ans.Header.Set("Content-Type", "application/json")
	ans.Body = body
}

func (ans *Answer) detail(status int, text string) {
	b := append([]byte(nil), `{"detail":`...)
	b = appendString(b, text)
	ans.json(status, append(b, '}'))
}

// A problem is one entry of the list that a 422 carries.
type problem struct {
	Loc  []string `json:"loc"`
	Msg  string   `json:"msg"`
	Type string   `json:"type"`
}

func (ans *Answer) unprocessable(problems ...problem) {
	b, _ := json.Marshal(map[string][]problem{"detail": problems}) // strings always marshal
	ans.json(http.StatusUnprocessableEntity, b)
}

func (ans *Answer) invalidID() {
	ans.unprocessable(problem{[]string{"path", "job_id"}, "Input should be a valid UUID, unable to parse string as a UUID", "uuid_parsing"})
}

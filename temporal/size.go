package edentemporal

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"go.temporal.io/sdk/converter"
	"google.golang.org/protobuf/proto"

	"github.com/edenwait/edenwait"
)

// sizer measures an Outcome as it will be stored, encrypted or compressed as the
// client does it.
type sizer func(Outcome) (int, error)

func newSizer(c converter.DataConverter) sizer {
	return func(o Outcome) (int, error) {
		payload, err := c.ToPayload(o)
		return proto.Size(payload), err
	}
}

// What is left of the texts of an Outcome that is too large.
const (
	maxText = 512
	maxName = 128
)

// fit returns the Outcome, or what of it can be stored, and its size. Neither a large
// value nor a chatty error may fail the Await, since its next attempt would fail
// likewise.
func (size sizer) fit(o Outcome) (Outcome, int) {
	n, err := size(o)
	if err == nil && n <= MaxOutcomeBytes {
		return o, n
	}
	if o.Value != nil {
		o.Code, o.Error = CodeTooLarge, fmt.Sprintf("the outcome has %d bytes with its value of %d, allowed are %d", n, len(o.Value), MaxOutcomeBytes)
		if err != nil {
			o.Code, o.Error = CodeReduceFailed, "the value cannot be encoded: "+err.Error()
		}
		o.Value = nil
	}
	o.Error, o.Code = cut(o.Error, maxText), cut(o.Code, maxName)
	o.Status, o.Cost = edenwait.Status(cut(string(o.Status), maxName)), edenwait.Cost(cut(string(o.Cost), maxName))
	if n, err = size(o); err != nil || n > MaxOutcomeBytes {
		// A DataConverter that needs more than a kilobyte for almost nothing, or that fails.
		o = Outcome{ID: o.ID, Status: o.Status, Code: CodeTooLarge, Error: "the DataConverter makes too much of it"}
		n, _ = size(o)
	}
	return o, n
}

// cut returns at most n bytes of valid UTF-8.
func cut(text string, n int) string {
	text = strings.ToValidUTF8(text, "\uFFFD")
	if len(text) <= n {
		return text
	}
	const mark = "…"
	n -= len(mark)
	for n > 0 && !utf8.RuneStart(text[n]) {
		n--
	}
	return text[:n] + mark
}

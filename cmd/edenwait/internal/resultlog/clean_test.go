package resultlog

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/edenwait/edenwait"
)

// TestLineIsUnicode: whatever a server puts into an output, the line is valid
// UTF-8 and JSON, keeps what it can, and says how much it could not.
func TestLineIsUnicode(t *testing.T) {
	for _, test := range []struct {
		output, want string
		replaced     int
	}{
		{`"plain ü 😀"`, `"plain ü 😀"`, 0},
		{"\"caf\xe9\"", `"caf�"`, 1},
		{"\"\xff\xfe\"", `"�"`, 2},
		{"\"\xed\xa0\x80\"", `"�"`, 3},    // half a pair, as UTF-8
		{"\"\xc0\x80 \xf5\"", `"� �"`, 3}, // overlong, and beyond Unicode
		{"\"\xe2\x82\"", `"�"`, 2},        // a character that was cut
		{"{\"k\xe9y\":[\"\xe9\"]}", `{"k�y":["�"]}`, 2},
		{"\"� stays\"", `"� stays"`, 0},
		{`"\ud83d\ude00"`, `"\ud83d\ude00"`, 0},
		{`"\ud83d"`, `"\ufffd"`, 6},
		{`"\uDE00 \uD83D\u0041"`, `"\ufffd \ufffd\u0041"`, 12},
		{`"\\ud83d"`, `"\\ud83d"`, 0}, // a backslash, and four letters
		{`"\\\ud83d"`, `"\\\ufffd"`, 6},
	} {
		raw := `{"public_id":"` + idA + `","status":"success","output":` + test.output + `}`
		text, replaced, err := Line{ID: idA, Outcome: edenwait.OutcomeSuccess, Job: job(t, raw)}.Encode()
		if err != nil || !utf8.Valid(text) || !json.Valid(text) || replaced != test.replaced {
			t.Errorf("%q: %q, %d replaced, %v, want %d", test.output, text, replaced, err, test.replaced)
		}
		if !strings.Contains(string(text), `"output":`+test.want+`}`) || strings.Contains(string(text), `"replaced":`) != (test.replaced > 0) {
			t.Errorf("%q: got %s", test.output, text)
		}
	}
	text := encode(t, Line{ID: "caf\xe9", Outcome: edenwait.OutcomeError, Error: "no \xe9", Reason: "\xff"})
	if !utf8.Valid(text) || !json.Valid(text) {
		t.Errorf("got %q", text)
	}
}

// TestDeepLine: an output as deep as the API's client takes is written, in one
// line, though the line is one deeper.
func TestDeepLine(t *testing.T) {
	const depth = 9890 // the client takes 9,900 levels, the job included
	raw := "{\n\"public_id\":\"" + idA + "\",\"status\":\"success\",\n\"output\":" + strings.Repeat("[\n", depth) + strings.Repeat("]", depth) + "}"
	text := string(encode(t, Line{ID: idA, Outcome: edenwait.OutcomeSuccess, Job: job(t, raw)}))
	if strings.Count(text, "\n") != 1 || !strings.HasSuffix(text, "}}\n") || strings.Count(text, "[") != depth {
		t.Errorf("got %d line ends, %.100s…", strings.Count(text, "\n"), text)
	}
}

func FuzzClean(f *testing.F) {
	for _, seed := range []string{`"\ud83d\ude00"`, "\"\xe9\"", `"\\ud83d"`, `{"a":"\ud83d"}`, `"\`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		got, replaced := clean([]byte(raw))
		if !utf8.Valid(got) || (replaced == 0) != (string(got) == raw) {
			t.Errorf("%q became %q, %d replaced", raw, got, replaced)
		}
		if json.Valid([]byte(raw)) != json.Valid(got) {
			t.Errorf("%q became %q", raw, got)
		}
		if again, n := clean(got); n != 0 || string(again) != string(got) {
			t.Errorf("%q became %q again", got, again)
		}
	})
}

package webhook

import (
	"bytes"
	"crypto/rsa"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
)

// vector is a line of testdata/python.txt.
type vector struct {
	name, body, canonical, signature string
}

func pythonVectors(t testing.TB) (vectors []vector) {
	t.Helper()
	for _, line := range lines(t, "testdata/python.txt") {
		fields := strings.Split(line, "\t")
		for _, i := range []int{1, 2} {
			text, err := strconv.Unquote(fields[i])
			if err != nil {
				t.Fatal(err)
			}
			fields[i] = text
		}
		vectors = append(vectors, vector{fields[0], fields[1], fields[2], fields[3]})
	}
	return vectors
}

// lines are those of a file that are not comments.
func lines(t testing.TB, file string) (lines []string) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(strings.ReplaceAll(string(text), "\r\n", "\n")) {
		if line = strings.TrimSuffix(line, "\n"); !strings.HasPrefix(line, "#") {
			lines = append(lines, line)
		}
	}
	return lines
}

func canonicalText(text []byte, f form) (string, error) {
	c, err := readCanonical(text)
	if err != nil {
		return "", err
	}
	var out bytes.Buffer
	err = c.writeTo(&out, f)
	return out.String(), err
}

func TestCanonicalPython(t *testing.T) {
	for _, v := range pythonVectors(t) {
		t.Run(v.name, func(t *testing.T) {
			got, err := canonicalText([]byte(v.body), python)
			if err != nil || got != v.canonical {
				t.Fatalf("got %q, %v\nwant %q", got, err, v.canonical)
			}
		})
	}
}

// TestSignatureOfPython: the signatures, which openssl has made over Python's
// texts, are verified.
func TestSignatureOfPython(t *testing.T) {
	key := publicKey(t, "pkcs1.pem")
	for _, v := range pythonVectors(t) {
		signature, err := hex.DecodeString(v.signature)
		if err != nil {
			t.Fatal(err)
		}
		ok := func(digest []byte) bool { return signed(digest, signature, []*rsa.PublicKey{key}) }
		if verified, err := anyForm([]byte(v.body), ok); !verified {
			t.Errorf("%s: not verified: %v", v.name, err)
		}
		if verified, _ := anyForm([]byte(v.body+"0"), ok); verified {
			t.Errorf("%s: verified though the body is another", v.name)
		}
	}
}

func TestCanonicalOfLargeBodies(t *testing.T) {
	x := strings.Repeat("x", 8<<10)
	tests := []struct{ name, body, want string }{
		{"a long element", `["` + x + `"]`, "[\n  \"" + x + "\"\n]"},
		{"a long member", `{"a":"` + x + `"}`, "{\n  \"a\": \"" + x + "\"\n}"},
	}
	for _, tt := range tests {
		if got, err := canonicalText([]byte(tt.body), asSent); err != nil || got != tt.want {
			t.Errorf("%s: got %.40q, %v", tt.name, got, err)
		}
	}
}

// A text in which a name comes twice says one thing to Python and another to
// encoding/json.
func TestNoCanonicalOfDuplicates(t *testing.T) {
	for _, text := range []string{`{"a":1,"a":1}`, `[{"b":{"x":1,"y":2,"\u0078":3}}]`, `{` + strings.Repeat(`"b":1,"a":1,`, 1000) + `"c":1}`} {
		if got, err := canonicalText([]byte(text), python); !errors.Is(err, errTwice) {
			t.Errorf("%.40s: %q, %v", text, got, err)
		}
	}
}

func TestNumbersOfOrjson(t *testing.T) {
	for _, line := range lines(t, "testdata/orjson.txt") {
		fields := strings.Split(line, "\t")
		for i, f := range []form{asSent, orjson, orjsonPlus} {
			got, err := canonicalText([]byte(" [ "+fields[0]+"] "), f)
			if want := "[\n  " + fields[i] + "\n]"; err != nil || got != want {
				t.Errorf("%s in form %d: %q, %v, want %q", fields[0], f, got, err, want)
			}
		}
	}
}

func TestFormsThatDiffer(t *testing.T) {
	tests := []struct {
		body string
		want []form
	}{
		{`{"a":[1,"1e5",true,null,-3]}`, []form{asSent}},
		{`[1.5,0.001]`, []form{asSent}},
		{`[1.50]`, []form{asSent, python}},
		{`[-0]`, []form{asSent, python}},
		{`[1e-06]`, []form{asSent, orjson}}, // Python leaves it
		{`[1e+16]`, []form{asSent, orjson}},
		{`[1e16]`, []form{asSent, python}},
		{`[1e16,1e-06]`, []form{asSent, python, orjson, orjsonPlus}},
		{`[123456789012345678901]`, []form{asSent, orjson, orjsonPlus}},
		{`[NaN]`, []form{asSent, orjson}},
	}
	for _, tt := range tests {
		c, err := readCanonical([]byte(tt.body))
		if err != nil {
			t.Fatal(err)
		}
		if got := c.forms(); fmt.Sprint(got) != fmt.Sprint(tt.want) {
			t.Errorf("%s: %v, want %v", tt.body, got, tt.want)
		}
	}
}

func TestDocumentRefuses(t *testing.T) {
	for _, text := range []string{
		"", " ", "{", "[", `"`, `"\`, `"\u12`, `"a`, "{]", "[}", "]", "[1,]", "[,1]", "[1 2]", `{"a"}`, `{"a":}`, `{"a":1,}`,
		`{a:1}`, `{1:1}`, `{"a":1 "b":2}`, "1 2", "{}{}", "tru", "nul", "Nan", "-Inf", "+1", "01", "-", "1.", ".5", "1e", "1e+", "0x1", "--1",
		"\"\n\"", "\"\x00\"", `"\x"`, `"\u12g4"`, `"\U0041"`, "'a'", "\"\xff\"", "\"\xc0\x80\"", "\"\xed\xa0\"", "\"\xf4\x90\x80\x80\"", "\"\xe2\x80\"", "\"\xedA\x80\"",
		"1\x00", "\xef\xbb\xbf", "\xef\xbb1", "[1]\x00", "\v1", "\u00a01", "//\n1",
	} {
		var syntax *syntaxError
		if _, err := readDocument([]byte(text), maxDepth, 1000); !errors.As(err, &syntax) {
			t.Errorf("%q: error %v, want a syntaxError", text, err)
		}
	}
}

func TestCanonicalIsBounded(t *testing.T) {
	tests := []struct {
		name, body string
		fails      bool
	}{
		{"as deep as is read", nested(maxCanonicalDepth), false},
		{"deeper", nested(maxCanonicalDepth + 1), true},
		{"far deeper", nested(maxDepth + 1), true},
		{"unclosed", strings.Repeat("[", 32<<20), true},
		{"many values", "[" + strings.Repeat("1,", maxCanonicalValues) + "1]", true},
		{"long lines", strings.Repeat("[", 1000) + strings.Repeat("1,", 1<<20) + "1" + strings.Repeat("]", 1000), true},
		{"a large string", `"` + strings.Repeat(`a\n`, 1<<20) + `"`, false},
	}
	for _, tt := range tests {
		c, err := readCanonical([]byte(tt.body))
		var w counter
		if err == nil {
			err = c.writeTo(&w, python)
		}
		if (err != nil) != tt.fails {
			t.Errorf("%s: error %v", tt.name, err)
		}
		if limit := maxCanonicalGrowth*len(tt.body) + maxCanonicalExtra; int(w) > limit {
			t.Errorf("%s: %d bytes were written for %d", tt.name, w, len(tt.body))
		}
	}
}

func nested(depth int) string { return strings.Repeat("[", depth) + strings.Repeat("]", depth) }

type counter int

func (c *counter) Write(p []byte) (int, error) {
	*c += counter(len(p))
	return len(p), nil
}

// FuzzCanonical: whatever is read can be written in each form, and what is
// written is its own canonical text. (Of asSent, in the other forms numbers may
// change their type: 1e400 is null.)
func FuzzCanonical(f *testing.F) {
	for _, v := range pythonVectors(f) {
		f.Add([]byte(v.body))
		f.Add([]byte(v.canonical))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		c, err := readCanonical(body)
		if err != nil {
			return
		}
		c.forms()
		for form := range numberOfForms {
			once, err := canonicalText(body, form)
			if errors.Is(err, errGrows) || errors.Is(err, errTwice) {
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			twice, err := canonicalText([]byte(once), form)
			if err != nil || once != twice {
				t.Fatalf("form %d: %q, then %q, %v", form, once, twice, err)
			}
		}
	})
}

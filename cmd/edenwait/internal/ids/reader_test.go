package ids

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf16"
)

const (
	a = "0f8a6f0e-5d1c-4b1e-9d55-0f7f2d8f9a11"
	b = "c2b7a9d4-30c1-4c39-8a6e-6b1d7c5e4f22"
	c = "7d9e1f3a-2b4c-4d6e-8f80-91a2b3c4d533"
)

func read(t *testing.T, r io.Reader) []string {
	t.Helper()
	var got []string
	for found, err := range NewReader(r).All() {
		var none *NoIDError
		if errors.As(err, &none) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, found.ID)
	}
	return got
}

// wide is text as UTF-16.
func wide(order binary.AppendByteOrder, text string) string {
	var b []byte
	for _, unit := range utf16.Encode([]rune(text)) {
		b = order.AppendUint16(b, unit)
	}
	return string(b)
}

func TestReader(t *testing.T) {
	long := strings.Repeat("x", 300)
	tests := []struct {
		name, in string
		want     []string
	}{
		{"nothing", "", nil},
		{"one a line", a + "\n" + b + "\n", []string{a, b}},
		{"no last newline", a + "\n" + b, []string{a, b}},
		{"CRLF", a + "\r\n" + b + "\r\n", []string{a, b}},
		{"byte order mark", "\ufeff" + a + "\n", []string{a}},
		{"blank lines and comments", "# jobs\n\n  \n" + a + "\n  # more\n" + b + " # the second\n", []string{a, b}},
		{"indented", "   " + a + "  \n", []string{a}},
		{"bad ids are passed on", a + "\nnonsense\n" + b + "\n", []string{a, "nonsense", b}},
		{"a bad id comes first", "nonsense\n" + a + "\n", []string{"nonsense", a}},
		{"header alone", "public_id\n" + a + "\n", []string{a}},
		{"CSV with header", "Job ID,file\n" + a + ",one.mp3\n" + b + ",two.mp3\n", []string{a, b}},
		{"CSV without header", a + ",one.mp3\n" + b + ",two.mp3\n", []string{a, b}},
		{"CSV quoted", `"id","file"` + "\n" + `"` + a + `","one, two.mp3"` + "\n", []string{a}},
		{"CSV of another country", a + ";one.mp3\n", []string{a}},
		{"tabs", a + "\tone.mp3\n", []string{a}},
		{"a header further down is none", a + "\nid\n", []string{a, "id"}},
		{"empty column", ",one.mp3\n", []string{""}},
		{"JSON lines", `{"public_id":"` + a + `","status":"processing"}` + "\n" + `{"status":"success","output":{"id":"no"},"public_id":"` + b + `"}`, []string{a, b}},
		{"JSON without newlines", `{"public_id":"` + a + `"}{"public_id":"` + b + `"} {"public_id":"` + c + `"}`, []string{a, b, c}},
		{"JSON with commas", `{"public_id":"` + a + `"},` + "\n" + `{"public_id":"` + b + `"}`, []string{a, b}},
		{"pretty JSON", "{\n  \"public_id\": \"" + a + "\",\n  \"status\": \"processing\"\n}\n{\n  \"public_id\": \"" + b + "\"\n}\n" + c + "\n", []string{a, b, c}},
		{"a torn object takes no other along", `{"public_id":"` + a[:9] + "\n" + `{"public_id":"` + b + `"}` + "\n" + c + "\n", []string{`{"public_id":"` + a[:9], b, c}},
		{"an object that never ends", "{\n" + a + "\n" + b + "\n", []string{"{", a, b}},
		{"an error's answer", `{"detail":"Invalid token"}` + "\n" + a + "\n", []string{`{"detail":"Invalid token"}`, a}},
		{"a webhook's body", `{"event":"async_job_completed","job_id":"` + a + `"}`, []string{a}},
		{"a result line", `{"id":"` + a + `","outcome":"error","job":{"public_id":"` + b + `"}}`, []string{a}},
		{"an id that is a number", `{"public_id":17}`, []string{"17"}},
		{"text after an object", `{"public_id":"` + a + `"} and more` + "\n" + b, []string{a, "and more", b}},
		{"an array", `["` + a + `","` + b + `"]` + "\n" + c + "\n", []string{a, b, c}},
		{"an array of jobs", `[{"public_id":"` + a + `","output":{"items":["x"]}},{"id":"` + b + `"}, {"job_id":"` + c + `"}]`, []string{a, b, c}},
		{"a pretty array", "[\n  \"" + a + "\",\n  \"" + b + "\"\n]\n" + c, []string{a, b, c}},
		{"arrays on a line", `["` + a + `"]["` + b + `"], ["` + c + `"]`, []string{a, b, c}},
		{"an empty array", "[]\n" + a, []string{a}},
		{"what is no id in an array", `["` + a + `",17,null,"x",["y"],{"detail":"no"}]`, []string{a, "17", "null", "x", `["y"]`, `{"detail":"no"}`}},
		{"a comma too much", "[\n\"" + a + "\",\n]\n" + b, []string{a, b}},
		{"a comma too few", `["` + a + `" "` + b + `"]` + "\n" + c, []string{a, `"` + b + `"]`, c}},
		{"an array with a malformed element", `["` + a + `", nonsense, "` + b + `"]` + "\n" + c, []string{a, `nonsense, "` + b + `"]`, c}},
		{"an array with a malformed first element", `[nonsense, "` + a + `"]` + "\n" + c, []string{`[nonsense, "` + a + `"]`, c}},
		{"ids in brackets, unquoted", "[\n" + a + "\n" + b + "\n]\n", []string{"[", a, b, "]"}},
		{"an array torn in an id", `["` + a + `","` + b[:9], []string{a, `"` + b[:9]}},
		{"a torn array takes no other along", "[\"" + a + "\",\n\"" + b[:9] + "\n" + c, []string{a, `"` + b[:9], c}},
		{"a page of the list", `{"items":[{"public_id":"` + a + `","status":"success"},{"public_id":"` + b + `"}],"total":2,"page":1}` + "\n" + c, []string{a, b, c}},
		{"a page after its numbers", `{"total":2,"page":1,"items":["` + a + `"]}{"total":0,"items":[]}` + c, []string{a, c}},
		{"a pretty page", "{\n \"total\": 1,\n \"items\": [\n  {\n   \"public_id\": \"" + a + "\"\n  }\n ]\n}\n", []string{a}},
		{"an array of pages", `[{"items":[{"public_id":"` + a + `"}]},{"items":[{"public_id":"` + b + `"}]}]`, []string{a, b}},
		{"items that are none", `{"items":{"x":[1]},"public_id":"` + a + `"}{"items":7,"id":"` + b + `"}`, []string{a, b}},
		{"a header after JSON is none", `{"public_id":"` + a + `"}` + "\nid\n", []string{a, "id"}},
		{"an empty column after JSON", `{"public_id":"` + a + `"}` + "\n,one.mp3\n", []string{a, ""}},
		{"ids of other things beside it", `{"id":17,"job_id":"` + c + `","public_id":"` + a + `"}{"id":17,"job_id":"` + b + `"}`, []string{a, b}},
		{"all mixed", a + "\n" + `{"public_id":"` + b + `"}` + "\n" + c + ",x\n", []string{a, b, c}},
		{"a long bad line is cut", long + "\n" + a, []string{Sanitize(long), a}},
		{"names that differ in case", `{"Public_ID":"` + b + `","public_id":"` + a + `"}{"ID":"` + c + `"}[{"Job_ID":"` + c + `","id":"` + b + `","Items":[]},{"PUBLIC_ID":"` + a + `"}]`,
			[]string{a, `{"ID":"` + c + `"}`, b, `{"PUBLIC_ID":"` + a + `"}`}},
		{"the header names a column further on", "name;public_id\nx;" + a + "\ny, z;" + b + "\n", []string{a, b}},
		{"the surest of several names", "id,job,public_id\n17," + c + "," + a + "\n18," + c + "," + b + "\n", []string{a, b}},
		{"a name that means another id", "id;order\n17;" + a + "\n18;" + b + "\n", []string{a, b}},
		{"an empty cell under the name", "id;order\n" + a + ";" + c + "\n;" + c + "\n", []string{a, ""}},
		{"a header in unknown words", "Datei;Auftrag\nx.mp3;" + a + "\ny.mp3;" + b + "\n", []string{a, b}},
		{"a header in unknown words, and two ids", "Kunde;Auftrag\n" + a + ";" + b + "\n", []string{a}},
		{"no header, another column", "x.mp3;" + a + "\ny.mp3;" + b + "\n", []string{a, b}},
		{"two words that are no header", "nonsense, really\n" + a + "\n", []string{"nonsense", a}},
		{"two words at the end", "nonsense, really\n", []string{"nonsense"}},
		{"two words before JSON", "nonsense, really\n[\"" + a + "\"]", []string{"nonsense", a}},
		{"Excel's hint", "sep=;\nname;id\nx;" + a + "\n", []string{a}},
		{"bars", "name|job_id\nx|" + a + "\n", []string{a}},
		{"tabs, empty cells", "name\tid\tnote\n\t" + a + "\t\n", []string{a}},
		{"quotes", `"name";"id"` + "\n" + `"a ""b""; c";"` + a + `"` + "\n", []string{a}},
		{"a cell of several lines", "id,note\n" + a + ",\"one\ntwo, " + c + "\n\"\"three\"\"\"\n" + b + ",x\n", []string{a, b}},
		{"a quote that never ends", "id,note\n" + a + ",\"one\n" + b + ",x\n", []string{a, b}},
		{"two quotes that never end", "id,note\n" + a + ",\"one\n" + b + ",x\n" + c + ",\"two\n", []string{a, b, c}},
		{"a header again", "id,x\n" + a + ",1\nid,x\n" + b + ",2\n", []string{a, b}},
		{"ids side by side", a + "," + b + "\n" + b + " " + c + "\n" + a + "; " + c + "\n", []string{a, b, b, c, a, c}},
		{"ids side by side, and a comma at the end", a + "," + b + ",\n" + a + "; " + c + ";\n" + c + ",\n", []string{a, b, a, c, c}},
		{"an old Mac's lines", "id,x\r" + a + ",1\r" + b + ",2\r", []string{a, b}},
		{"a byte order mark within", a + "\n\ufeff" + b + "\n\ufeff", []string{a, b}},
		{"a byte order mark before a header again", "id,x\n" + a + ",1\n\ufeffid,x\n" + b + ",2\n\ufeff[\"" + c + "\"]", []string{a, b, c}},
		{"UTF-16", wide(binary.LittleEndian, "\ufeffName\tid\r\nÄ\t"+a+"\r\n"), []string{a}},
		{"UTF-16, the other way round", wide(binary.BigEndian, "\ufeff"+a+"\r\n"+b), []string{a, b}},
		{"UTF-16 without a mark", wide(binary.LittleEndian, a+"\r\n"+b+"\r\n"), []string{a, b}},
		{"UTF-16 without a mark, the other way round", wide(binary.BigEndian, a+"\n"), []string{a}},
		{"JSON as UTF-16", wide(binary.LittleEndian, "\ufeff[\""+a+"\"]"), []string{a}},
		{"bytes that are no UTF-8", "caf\xe9\n" + a, []string{Sanitize("caf\xe9"), a}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := read(t, strings.NewReader(test.in)); !slices.Equal(got, test.want) {
				t.Errorf("got  %q\nwant %q", got, test.want)
			}
			if got := read(t, iotest.OneByteReader(strings.NewReader(test.in))); !slices.Equal(got, test.want) {
				t.Errorf("byte by byte: got %q\nwant %q", got, test.want)
			}
		})
	}
}

// TestLines: a malformed id is found again by its line.
func TestLines(t *testing.T) {
	in := "# jobs\r\n" + a + "\r\n\r\nbad 1\r\n[\n \"" + b + "\",\n \"bad 2\"\n]\n{\"public_id\":\"bad 3\"}\n{\"public_id\":\nbad 4\n[\"" + a + "\",\n\nbad 5\n" + c + "\nbad 6"
	want := []Found{{a, 2, true}, {"bad 1", 4, false}, {b, 6, true}, {"bad 2", 7, false}, {"bad 3", 9, false},
		{`{"public_id":`, 10, false}, {"bad 4", 11, false}, {a, 12, true}, {"bad 5", 14, false}, {c, 15, true}, {"bad 6", 16, false}}
	for name, r := range map[string]io.Reader{"at once": strings.NewReader(in), "byte by byte": iotest.OneByteReader(strings.NewReader(in))} {
		var got []Found
		for found, err := range NewReader(r).All() {
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, found)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: got  %v\nwant %v", name, got, want)
		}
	}
}

// TestNoID: a file with text and without an id is not an empty one.
func TestNoID(t *testing.T) {
	for in, want := range map[string]string{
		"":                                      "",
		"\n  \r\n":                              "",
		"# none today\n":                        "",
		"[]\n":                                  "",
		`{"items":[],"total":0}`:                "",
		"public_id\n":                           `no id found; line 1 is "public_id"`,
		"# x\n\npublic_id;file\n":               `no id found; line 3 is "public_id;file"`,
		"Datei;Auftrag\n":                       `no id found; line 1 is "Datei;Auftrag"`,
		"sep=;\n":                               `no id found; line 1 is "sep=;"`,
		"nonsense\nmore":                        `no id found; line 1 is "nonsense"`,
		`{"detail":"Invalid token"}`:            `no id found; line 1 is "{\"detail\":\"Invalid token\"}"`,
		"\x00\x01\x02":                          `no id found; line 1 is "\x00\x01\x02"`,
		"public_id\n" + a:                       "",
		a + "\nid":                              "",
		wide(binary.LittleEndian, "\ufeffid\n"): `no id found; line 1 is "id"`,
	} {
		var last error
		for _, err := range NewReader(strings.NewReader(in)).All() {
			last = err
		}
		if got := fmt.Sprint(last); (last == nil) != (want == "") || last != nil && got != want {
			t.Errorf("%q: got %v, want %s", in, last, want)
		}
	}
}

// TestHeaders: the names that a column of ids goes by, as people write them.
func TestHeaders(t *testing.T) {
	for _, header := range []string{"id", "IDs", "public_id", "Job", "job-id", "jobIds", "UUID"} {
		if got := read(t, strings.NewReader(header+"\n"+a+"\n")); !slices.Equal(got, []string{a}) {
			t.Errorf("under %s: got %q", header, got)
		}
	}
}

// TestReaderStreams: an id is there as soon as its line is, however long the
// next one takes.
func TestReaderStreams(t *testing.T) {
	in, out := io.Pipe()
	got := make(chan string)
	go func() {
		defer close(got)
		for id := range NewReader(in).All() {
			got <- id.ID
		}
	}()
	for _, line := range []string{a + "\n", `{"public_id":"` + b + "\"}\n", c + ",x\n"} {
		if _, err := io.WriteString(out, line); err != nil {
			t.Fatal(err)
		}
		if id := <-got; !strings.Contains(line, id) {
			t.Errorf("got %q after %q", id, line)
		}
	}
	if err := out.Close(); err != nil {
		t.Fatal(err)
	}
	if id, ok := <-got; ok {
		t.Errorf("got %q after the end", id)
	}
}

func TestReaderError(t *testing.T) {
	broken := errors.New("broken")
	var got []string
	var last error
	for id, err := range NewReader(io.MultiReader(strings.NewReader(a+"\n"+b), iotest.ErrReader(broken))).All() {
		if err != nil {
			last = err
			continue
		}
		got = append(got, id.ID)
	}
	if !errors.Is(last, broken) || !slices.Equal(got, []string{a, b}) {
		t.Errorf("got %q, %v", got, last)
	}
}

func FuzzReader(f *testing.F) {
	for _, seed := range []string{a, a + "\n" + b, "id,x\n" + a + ",y", `{"public_id":"` + a + `"}{`, "{\n}\n", `"`, "\ufeff#", "{\"id\":\n" + a, "{}{}x", `["` + a + `",`, `{"items":[1,{"id":2}]}]`, "[\n\"x\"\n,"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, in string) {
		var got []string
		for id, err := range NewReader(strings.NewReader(in)).All() {
			var none *NoIDError
			if err == nil {
				got = append(got, id.ID)
			} else if !errors.As(err, &none) && !errors.Is(err, io.ErrUnexpectedEOF) {
				t.Error(err)
			}
		}
		for _, id := range got {
			if Sanitize(id) != id {
				t.Errorf("%q is not sanitized", id)
			}
		}
		// A line with an id yields it, whatever is before and after it.
		if strings.ContainsAny(in, "{[") {
			return
		}
		for _, begin := range []string{"x\n", "id;x\n"} {
			got = read(t, strings.NewReader(begin+in+"\n"+a+"\n"))
			if len(got) == 0 || got[len(got)-1] != a {
				t.Errorf("after %q the id is lost: %q", begin, got)
			}
		}
	})
}

// endless repeats a text for ever.
type endless struct {
	begin, again string
	left         string
}

func (e *endless) Read(p []byte) (int, error) {
	if e.left == "" {
		e.left, e.begin = e.begin+e.again, ""
	}
	n := copy(p, e.left)
	e.left = e.left[n:]
	return n, nil
}

// TestReaderHoldsNothing: the ids of an array are there before its end is, and
// nothing of it is kept.
func TestReaderHoldsNothing(t *testing.T) {
	r := NewReader(&endless{begin: "[", again: `{"public_id":"` + a + `"},`})
	n := 0
	for id, err := range r.All() {
		if id.ID != a || err != nil {
			t.Fatalf("got %q, %v", id.ID, err)
		}
		if n++; n == 200_000 {
			break
		}
	}
	held := 0
	for _, piece := range r.lines.back {
		held += len(piece)
	}
	if held > 1<<20 {
		t.Errorf("%d bytes are held", held)
	}
}

// TestArrayWithoutEnd: a list whose end is missing may lack ids too.
func TestArrayWithoutEnd(t *testing.T) {
	for _, in := range []string{`["` + a + `"`, `["` + a + `",`} {
		var got []string
		var last error
		for id, err := range NewReader(strings.NewReader(in)).All() {
			if last = err; err == nil {
				got = append(got, id.ID)
			}
		}
		if !slices.Equal(got, []string{a}) || !errors.Is(last, io.ErrUnexpectedEOF) {
			t.Errorf("%s: got %q, %v", in, got, last)
		}
	}
}

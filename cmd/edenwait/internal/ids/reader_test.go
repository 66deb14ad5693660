package ids

import (
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
)

const (
	a = "0f8a6f0e-5d1c-4b1e-9d55-0f7f2d8f9a11"
	b = "c2b7a9d4-30c1-4c39-8a6e-6b1d7c5e4f22"
	c = "7d9e1f3a-2b4c-4d6e-8f80-91a2b3c4d533"
)

func read(t *testing.T, r io.Reader) []string {
	t.Helper()
	var got []string
	for id, err := range NewReader(r).All() {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, id)
	}
	return got
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
		{"an array spoilt on the way", `["` + a + `", nonsense, "` + b + `"]` + "\n" + c, []string{a, `nonsense, "` + b + `"]`, c}},
		{"an array spoilt at once", `[nonsense, "` + a + `"]` + "\n" + c, []string{`[nonsense, "` + a + `"]`, c}},
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
			got <- id
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
		got = append(got, id)
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
			if err == nil {
				got = append(got, id)
			} else if !errors.Is(err, io.ErrUnexpectedEOF) || !strings.ContainsRune(in, '[') {
				t.Error(err)
			}
		}
		for _, id := range got {
			if Sanitize(id) != id {
				t.Errorf("%q is not tidy", id)
			}
		}
		// Whatever stands before and after, a line with an id yields it.
		if strings.ContainsAny(in, "{[") {
			return
		}
		got = read(t, strings.NewReader("x\n"+in+"\n"+a+"\n"))
		if len(got) == 0 || got[len(got)-1] != a {
			t.Errorf("the id after it is lost: %q", got)
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
	for _, begin := range []string{"[", `{"total":9,"items":[`} {
		r := NewReader(&endless{begin: begin, again: `{"public_id":"` + a + `"},`})
		n := 0
		for id, err := range r.All() {
			if id != a || err != nil {
				t.Fatalf("%s: got %q, %v", begin, id, err)
			}
			if n++; n == 200_000 {
				break
			}
		}
		held := 0
		for _, piece := range r.back {
			held += len(piece)
		}
		if held > 1<<20 {
			t.Errorf("%s: %d bytes are held", begin, held)
		}
	}
}

// TestArrayWithoutEnd: a list whose end is missing may lack ids too.
func TestArrayWithoutEnd(t *testing.T) {
	for _, in := range []string{`["` + a + `"`, `["` + a + `",`, `{"items":["` + a + `"` + "\n"} {
		var got []string
		var last error
		for id, err := range NewReader(strings.NewReader(in)).All() {
			if last = err; err == nil {
				got = append(got, id)
			}
		}
		if !slices.Equal(got, []string{a}) || !errors.Is(last, io.ErrUnexpectedEOF) {
			t.Errorf("%s: got %q, %v", in, got, last)
		}
	}
}

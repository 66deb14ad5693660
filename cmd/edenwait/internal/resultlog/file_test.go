package resultlog

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/edenwait/edenwait"
)

const (
	idA = "0f8a6f0e-5d1c-4b1e-9d55-0f7f2d8f9a11"
	idB = "c2b7a9d4-30c1-4c39-8a6e-6b1d7c5e4f22"
	idC = "7d9e1f3a-2b4c-4d6e-8f80-91a2b3c4d533"
)

func job(t *testing.T, raw string) *edenwait.Job {
	t.Helper()
	var j edenwait.Job
	if err := json.Unmarshal([]byte(raw), &j); err != nil {
		t.Fatal(err)
	}
	return &j
}

func encode(t *testing.T, l Line) []byte {
	t.Helper()
	text, _, err := l.Encode()
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// threeLines are lines of all outcomes; the first has an output that looks like
// a line.
func threeLines(t *testing.T) [][]byte {
	t.Helper()
	return [][]byte{
		encode(t, Line{ID: idA, Outcome: OutcomeSuccess, Job: job(t, `{"public_id":"`+idA+`","status":"success","output":"{\"id\":\"x\",\"outcome\":\"fail\"}\n"}`)}),
		encode(t, Line{ID: idB, Outcome: OutcomeFail, Job: job(t, `{"public_id":"`+idB+`","status":"fail","error":"no"}`), Error: "no"}),
		encode(t, Line{ID: "bad \"id\"\n", Outcome: OutcomeError, Error: "not an id"}),
	}
}

type seen struct {
	id      string
	outcome Outcome
}

func openFile(t *testing.T, path string) (*File, []seen, error) {
	t.Helper()
	var lines []seen
	f, err := Open(path, nil, func(e Entry) { lines = append(lines, seen{e.ID, e.Outcome}) })
	return f, lines, err
}

func write(t *testing.T, content []byte) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "results.jsonl")
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func content(t *testing.T, path string) []byte {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestLineIsOneLine(t *testing.T) {
	pretty := "{\n \"public_id\": \"" + idA + "\",\n \"status\": \"success\",\n \"cost\": \"0.10\",\n \"output\": {\"html\": \"<b>&</b>\", \"n\": 1.000000000000000000001}\n}"
	got := string(encode(t, Line{ID: idA, Outcome: OutcomeSuccess, Job: job(t, pretty)}))
	want := `{"id":"` + idA + `","outcome":"success","job":{"public_id":"` + idA + `","status":"success","cost":"0.10","output":{"html":"<b>&</b>","n":1.000000000000000000001}}}` + "\n"
	if got != want {
		t.Errorf("got  %swant %s", got, want)
	}
}

func TestAppendAndReopen(t *testing.T) {
	path := filepath.Join(t.TempDir(), "results.jsonl")
	lines := threeLines(t)
	for i, line := range lines {
		f, _, err := openFile(t, path)
		if err != nil {
			t.Fatal(err)
		}
		if err := f.Append(line); err != nil {
			t.Fatal(err)
		}
		// Whole in the file before anything else happens.
		if got, want := content(t, path), bytes.Join(lines[:i+1], nil); !bytes.Equal(got, want) {
			t.Fatalf("the file is %q, want %q", got, want)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
	}
	f, got, err := openFile(t, path)
	if err != nil {
		t.Fatal(err)
	}
	want := []seen{{idA, OutcomeSuccess}, {idB, OutcomeFail}, {"bad \"id\"\n", OutcomeError}}
	if !slices.Equal(got, want) || f.Cut != 0 {
		t.Errorf("got %v, %d bytes cut, want %v", got, f.Cut, want)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestTornAnywhere: wherever a file is torn, the whole lines stay and the rest is
// cut off.
func TestTornAnywhere(t *testing.T) {
	lines := threeLines(t)
	whole := bytes.Join(lines, nil)
	path := write(t, nil)
	for size := range whole {
		if err := os.WriteFile(path, whole[:size], 0o600); err != nil {
			t.Fatal(err)
		}
		f, got, err := openFile(t, path)
		if err != nil {
			t.Fatalf("torn after %d bytes: %v", size, err)
		}
		want := whole[:bytes.LastIndexByte(whole[:size], '\n')+1]
		cut := size - len(want)
		if whole[size] == '\n' { // nothing but the newline is missing
			want, cut = whole[:size+1], 0
		}
		if text := content(t, path); !bytes.Equal(text, want) || len(got) != bytes.Count(want, []byte("\n")) || f.Cut != int64(cut) {
			t.Fatalf("torn after %d bytes: %d lines, %d bytes cut, the file is %q", size, len(got), f.Cut, text)
		}
		if f.size != int64(len(want)) { // to which a line is cut back that does not fit
			t.Fatalf("torn after %d bytes: its size is taken for %d, want %d", size, f.size, len(want))
		}
		if err := f.Append(lines[1]); err != nil {
			t.Fatal(err)
		}
		if text := content(t, path); !bytes.Equal(text, slices.Concat(want, lines[1])) {
			t.Fatalf("torn after %d bytes, then appended to: %q", size, text)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// TestPowerCut: a file system that had noted the length of data that never came
// leaves zeros.
func TestPowerCut(t *testing.T) {
	lines := threeLines(t)
	for name, damaged := range map[string][]byte{
		"zeros for a line":      make([]byte, 300),
		"zeros within a line":   slices.Concat(lines[1][:20], make([]byte, 10), lines[1][30:]),
		"a line after the hole": slices.Concat(make([]byte, 100), lines[2]),
	} {
		t.Run(name, func(t *testing.T) {
			path := write(t, slices.Concat(lines[0], damaged))
			f, got, err := openFile(t, path)
			if err != nil {
				t.Fatal(err)
			}
			if text := content(t, path); !bytes.Equal(text, lines[0]) || len(got) != 1 {
				t.Errorf("%v, the file is %q", got, text)
			}
			if err := f.Close(); err != nil {
				t.Fatal(err)
			}
		})
	}
}

// TestLooseEnds: what editors and crashes leave at the end of a file that is ours.
func TestLooseEnds(t *testing.T) {
	lines := threeLines(t)
	whole := bytes.Join(lines, nil)
	for name, test := range map[string]struct {
		text, want []byte
		lines      int
		cut        int64
	}{
		"an empty line":               {slices.Concat(whole, []byte("\n")), whole, 3, 0},
		"lines of white space":        {slices.Concat(whole, []byte("  \n\t\r\n\n ")), whole, 3, 0},
		"nothing but empty lines":     {[]byte("\n\n"), nil, 0, 0},
		"nothing but zeros":           {make([]byte, 600_000), nil, 0, 600_000},
		"a brace within a line":       {slices.Concat(lines[0], []byte(`{"id":"`+idB+`","outcome":"success","job":{"a":{}`)), lines[0], 1, 78},
		"two lines that became one":   {slices.Concat(lines[0], bytes.TrimSpace(lines[0]), bytes.TrimSpace(lines[1])), lines[0], 1, int64(len(lines[0]) + len(lines[1]) - 2)},
		"a long line without end":     {slices.Concat(lines[0], encode(t, Line{ID: idC, Outcome: OutcomeError, Error: strings.Repeat("x", 600_000)})[:600_000]), lines[0], 1, 600_000},
		"a long line, no newline":     {encode(t, Line{ID: idC, Outcome: OutcomeError, Error: strings.Repeat("x", 600_000)}), encode(t, Line{ID: idC, Outcome: OutcomeError, Error: strings.Repeat("x", 600_000)}), 1, 0},
		"only the newline is missing": {bytes.TrimSuffix(whole, []byte("\n")), whole, 3, 0},
	} {
		t.Run(name, func(t *testing.T) {
			path := write(t, test.text)
			f, got, err := openFile(t, path)
			if err != nil {
				t.Fatal(err)
			}
			if text := content(t, path); !bytes.Equal(text, test.want) || len(got) != test.lines || f.Cut != test.cut {
				t.Errorf("%d lines, %d bytes cut, want %d, %d; the file is %.200q", len(got), f.Cut, test.lines, test.cut, text)
			}
			if err := f.Append(lines[1]); err != nil {
				t.Fatal(err)
			}
			if text := content(t, path); !bytes.Equal(text, slices.Concat(test.want, lines[1])) {
				t.Errorf("then appended to: %.200q", text)
			}
			if err := f.Close(); err != nil {
				t.Fatal(err)
			}
		})
	}
}

// TestForeignSaysWhy: what was ours, until an editor or a transfer changed it.
func TestForeignSaysWhy(t *testing.T) {
	whole := string(bytes.Join(threeLines(t), nil))
	for text, want := range map[string]string{
		strings.ReplaceAll(whole, "\n", "\r\n"):          "line 1 ends in CRLF instead of LF",
		strings.TrimSuffix(whole, "\n") + "\r":           "line 3 ends in CRLF instead of LF",
		"\ufeff" + whole:                                 "begins with a byte order mark",
		"\xff\xfe{\x00\"\x00i\x00d\x00":                  "begins with a byte order mark",
		"\xfe\xff\x00{\x00\"\x00i\x00d":                  "begins with a byte order mark",
		whole + "\n" + whole:                             "there is an empty line before line 5",
		whole + "\n" + strings.Repeat("\x00", 10):        "there is an empty line before line 5",
		strings.Replace(whole, "}\n", "}\n\x00x\n\n", 1): "", // after a power cut, and so ours
	} {
		path := write(t, []byte(text))
		f, _, err := openFile(t, path)
		if err == nil {
			_ = f.Close()
		}
		if want == "" && err == nil {
			continue
		}
		if !errors.Is(err, ErrForeign) || !strings.Contains(err.Error(), want) {
			t.Errorf("%.40q: %v, want %s", text, err, want)
		}
		if got := content(t, path); string(got) != text {
			t.Errorf("the file is %q, was %q", got, text)
		}
	}
}

// TestFolderOf: the directory of the file itself is synced, not that of a link.
func TestFolderOf(t *testing.T) {
	there, here := t.TempDir(), t.TempDir()
	path, link := filepath.Join(there, "results.jsonl"), filepath.Join(here, "link.jsonl")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(path, link); err != nil {
		t.Skip(err)
	}
	want, err := filepath.EvalSymlinks(there)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{path, link} {
		if got := folderOf(name); got != want {
			t.Errorf("the folder of %s is %s, want %s", name, got, want)
		}
	}
}

// TestForeign: a file of another making stays as it is, to the byte.
func TestForeign(t *testing.T) {
	whole := string(bytes.Join(threeLines(t), nil))
	for name, text := range map[string]string{
		"text":                      "hello\n",
		"text without a newline":    "hello",
		"a list of ids":             idA + "\n" + idB + "\n",
		"other JSON lines":          `{"public_id":"` + idA + `","status":"success"}` + "\n",
		"other JSON without end":    `{"public_id":"` + idA,
		"an id and another field":   `{"id":"` + idA + `","name":"x"}`,
		"an outcome of another":     `{"id":"` + idA + `","outcome":"won"}` + "\n",
		"an outcome that goes on":   `{"id":"` + idA + `","outcome":"successful"}`,
		"an id that is a number":    `{"id":1,"outcome":"success"}` + "\n",
		"pretty JSON":               "{\n  \"id\": \"" + idA + "\"\n}\n",
		"ours, then something else": whole + "hello\n",
		"a line cut in two":         whole + whole[:40] + "\n" + whole,
		"an empty line":             whole + "\n" + whole,
		"zeros, then white space":   string(make([]byte, 100)) + "\n",
		"zeros, then a letter":      string(make([]byte, 600_000)) + "x",
		"zeros, then ours":          string(make([]byte, 100)) + whole,
		"a torn head with zeros":    whole[:20] + "\x00",
		"an endless id":             `{"id":"` + strings.Repeat("x", 4096),
	} {
		t.Run(name, func(t *testing.T) {
			path := write(t, []byte(text))
			f, _, err := openFile(t, path)
			if err == nil {
				_ = f.Close()
			}
			if !errors.Is(err, ErrForeign) || !strings.Contains(err.Error(), path) {
				t.Errorf("error %v, want ErrForeign and the path", err)
			}
			if got := content(t, path); string(got) != text {
				t.Errorf("the file is %q, was %q", got, text)
			}
			// And it is not left locked.
			if _, _, err := openFile(t, path); errors.Is(err, ErrBusy) {
				t.Error(err)
			}
		})
	}
}

func TestOnlyOneWrites(t *testing.T) {
	path := filepath.Join(t.TempDir(), "results.jsonl")
	first, _, err := openFile(t, path)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := openFile(t, path); !errors.Is(err, ErrBusy) {
		t.Errorf("the second got %v, want ErrBusy", err)
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	second, _, err := openFile(t, path)
	if err != nil {
		t.Fatal(err)
	}
	if err := second.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestLongLines: a line larger than the buffer.
func TestLongLines(t *testing.T) {
	long := encode(t, Line{ID: idC, Outcome: OutcomeSuccess, Job: job(t,
		fmt.Sprintf(`{"public_id":%q,"status":"success","output":%q}`, idC, strings.Repeat("a line of some length ", 100_000)))})
	path := write(t, slices.Concat(long, threeLines(t)[1], long[:len(long)/2]))
	f, got, err := openFile(t, path)
	if err != nil {
		t.Fatal(err)
	}
	if want := []seen{{idC, OutcomeSuccess}, {idB, OutcomeFail}}; !slices.Equal(got, want) || f.Cut != int64(len(long)/2) {
		t.Errorf("got %v, %d bytes cut, want %v, %d", got, f.Cut, want, len(long)/2)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestNoFolder(t *testing.T) {
	if _, err := Open(filepath.Join(t.TempDir(), "no", "such", "folder"), nil, nil); err == nil {
		t.Error("a file in a folder that is not there was opened")
	}
}

// FuzzOpen: whatever is in a file, it is either left alone, or what it begins
// with are whole lines, and they stay.
func FuzzOpen(f *testing.F) {
	a := `{"id":"` + idA + `","outcome":"success"}` + "\n"
	for _, seed := range []string{"", a, a + a[:10], a + "\x00\x00", "x" + a, a + "x\n", "{", `{"id":"\u12`, a[:40] + "\n", a + a[:len(a)-1], a + " \n\n", "\x00", "\ufeff" + a} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		path := write(t, text)
		file, lines, err := openFile(t, path)
		got := content(t, path)
		if err != nil {
			if !bytes.Equal(got, text) {
				t.Fatalf("refused, and changed from %q to %q", text, got)
			}
			return
		}
		// A newline may have been put to the last line.
		if !bytes.HasPrefix(slices.Concat(text, []byte("\n")), got) || bytes.Count(got, []byte("\n")) != len(lines) || len(got) > 0 && got[len(got)-1] != '\n' {
			t.Fatalf("%q became %q, with %d lines", text, got, len(lines))
		}
		if err := file.Append([]byte(a)); err != nil {
			t.Fatal(err)
		}
		if err := file.Close(); err != nil {
			t.Fatal(err)
		}
		if _, again, err := openFile(t, path); err != nil || len(again) != len(lines)+1 {
			t.Fatalf("%d lines became %d, %v", len(lines), len(again), err)
		}
	})
}

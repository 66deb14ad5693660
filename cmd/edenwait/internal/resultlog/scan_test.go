package resultlog

import (
	"errors"
	"slices"
	"strings"
	"testing"
)

// TestLongestID: the longest id that is written is found again, in the worst case
// too: a bad one of 200 bytes, each of which takes six in JSON.
func TestLongestID(t *testing.T) {
	id := strings.Repeat("\x01", 200)
	path := write(t, encode(t, Line{ID: id, Outcome: OutcomeError, Error: "not an id"}))
	f, got, err := openFile(t, path)
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != 1 || got[0].id != id {
		t.Errorf("got %q", got)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestFields: the cost and the provider are the job's, wherever they are in it.
func TestFields(t *testing.T) {
	for _, test := range []struct{ fields, cost, provider string }{
		{`"job":{"public_id":"x","cost":"0.25","provider":"p\"q","output":1}`, "0.25", `p"q`},
		{`"job":{"output":{"cost":"1","provider":"no","a":[{"cost":2}]},"cost": 0.5 , "provider" : null}`, "0.5", ""},
		{`"cost":"1","job":{"output":"\"cost\":\"2\"","cost":1e-3}`, "1e-3", ""},
		{`"job":["cost","provider"],"x":{"cost":7}`, "", ""},
		{`"Job":{"cost":7},"job":{"Cost":8}`, "", ""},
		{`"job":{"cost":"dear"}`, "", ""},
		{`"job":"cost"`, "", ""},
	} {
		e, ok := parse([]byte(`{"id":"x","outcome":"success",` + test.fields + `}`))
		if !ok || string(e.Cost) != test.cost || e.Provider != test.provider {
			t.Errorf("%s: got %q, %q, %v", test.fields, e.Cost, e.Provider, ok)
		}
	}
}

// TestLineInOtherWords: a file that another program has rewritten, with the
// same fields in its own way, is still one of results.
func TestLineInOtherWords(t *testing.T) {
	lines := []string{
		`{"id": "` + idA + `", "outcome": "success", "job": {"public_id": "` + idA + `", "status": "success"}}`,
		`{"error":"no","id":"` + idB + `","outcome":"fail"}`,
		` { "outcome" : "error", "id" : "` + idC + `" }`,
	}
	want := []seen{{idA, OutcomeSuccess}, {idB, OutcomeFail}, {idC, OutcomeError}}
	whole := strings.Join(lines, "\n") + "\n"
	for name, test := range map[string]struct {
		content, left string
	}{
		"whole":            {whole, whole},
		"without newline":  {strings.TrimSuffix(whole, "\n"), whole},
		"torn":             {whole + `{"id": "` + idA[:7], whole},
		"torn in the name": {whole + `{ "i`, whole},
	} {
		path := write(t, []byte(test.content))
		f, got, err := openFile(t, path)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
		if left := string(content(t, path)); left != test.left || !slices.Equal(got, want) {
			t.Errorf("%s: got %v, and the file is %q", name, got, left)
		}
	}
	for _, foreign := range []string{
		`{"id":"` + idA + `","outcome":"done"}`, `{"id":7,"outcome":"success"}`, `{"outcome":"success"}`, `["` + idA + `","success"]`,
		`{"ID":"` + idA + `","outcome":"success"}`, `{"id":"` + idA + `","Outcome":"success"}`, `{"id":null,"outcome":"success"}`,
		lines[0] + lines[1], lines[0] + "\n" + `{"name":"x"}` + "\n", `{"name":"x"`, lines[0] + "\ndear diary",
	} {
		path := write(t, []byte(foreign))
		if _, got, err := openFile(t, path); !errors.Is(err, ErrForeign) {
			t.Errorf("%q is taken for %v, %v", foreign, got, err)
		}
		if left := string(content(t, path)); left != foreign {
			t.Errorf("%q has become %q", foreign, left)
		}
	}
}

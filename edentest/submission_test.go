package edentest_test

import (
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/edenwait/edenwait/edentest"
)

// submitted is a body of a POST, and the fields that are refused of it: none
// if it is taken, "body" if it is no object that could have fields.
type submitted struct {
	body    string
	refused []string
}

// submissions reads testdata/submissions.txt, against which the document is held
// as well: a line is what is refused, or "-", and a body.
func submissions(t testing.TB) (all []submitted) {
	t.Helper()
	text, err := os.ReadFile("testdata/submissions.txt")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		refused, body, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "\t")
		s := submitted{body: body}
		if refused != "-" {
			s.refused = strings.Split(refused, ",")
		}
		all = append(all, s)
	}
	return all
}

func TestSubmissions(t *testing.T) {
	throughBoth(t, edentest.Options{Rate: -1}, func(t *testing.T, d *door) {
		taken := 0
		for _, s := range submissions(t) {
			status, body := d.do(t, http.MethodPost, async, s.body)
			if s.refused == nil {
				if taken++; status != http.StatusAccepted {
					t.Errorf("%s: %d %s, want 202", s.body, status, body)
				}
				continue
			}
			if status != http.StatusUnprocessableEntity {
				t.Errorf("%s: %d %s, want 422", s.body, status, body)
				continue
			}
			var got []string
			for _, p := range decode[struct{ Detail []problem }](t, body).Detail {
				if p.Loc[0] != "body" || len(p.Loc) > 2 {
					t.Errorf("%s: refused for %q", s.body, p.Loc)
				}
				got = append(got, p.Loc[len(p.Loc)-1])
				checkWords(t, p)
			}
			if !slices.Equal(got, s.refused) {
				t.Errorf("%s: refused for %q in %s, want %q", s.body, got, body, s.refused)
			}
		}
		if total := d.list(t, "").Total; total != taken || taken < 10 {
			t.Errorf("%d jobs of %d submissions taken", total, taken)
		}
	})
}

// problem is an entry of a 422.
type problem struct {
	Loc  []string
	Msg  string
	Type string
}

// checkWords: what is wrong is told in the service's words, not in Go's.
func checkWords(t *testing.T, p problem) {
	t.Helper()
	said := false
	for _, start := range []string{"Field required", "Input should be ", "List should have ", "Value error, ", "JSON decode error"} {
		said = said || strings.HasPrefix(p.Msg, start)
	}
	if !said || p.Type == "" || len(p.Loc) == 0 {
		t.Errorf("%+v is not how the service puts it", p)
	}
	for _, foreign := range []string{"json:", "unmarshal", "Go ", "invalid character", "UUID length", "parse \""} {
		if strings.Contains(p.Msg, foreign) {
			t.Errorf("%+v speaks of Go", p)
		}
	}
}

// What OnSubmit returns may be of no use. That is told where a test looks for
// it: in the answer, and in the records.
func TestOnSubmitOfNoUse(t *testing.T) {
	for name, tt := range map[string]struct {
		script edentest.Script
		reason string
	}{
		"taken":      {edentest.Script{ID: "11111111-1111-4111-8111-111111111111"}, "job 11111111-1111-4111-8111-111111111111 already exists"},
		"no UUID":    {edentest.Script{ID: "x"}, "want a UUID"},
		"processing": {edentest.Script{Status: "processing"}, "want a final status"},
	} {
		t.Run(name, func(t *testing.T) {
			throughBoth(t, edentest.Options{
				OnSubmit: func(edentest.Submission) edentest.Script { return tt.script },
			}, func(t *testing.T, d *door) {
				d.Submit(edentest.Script{ID: "11111111-1111-4111-8111-111111111111"})
				status, body := d.do(t, http.MethodPost, async, submission)
				if detail := decode[struct{ Detail string }](t, body).Detail; status != 500 || !strings.Contains(detail, "OnSubmit") || !strings.Contains(detail, tt.reason) {
					t.Errorf("%d %s, want a 500 that says %q", status, body, tt.reason)
				}
				if r := d.Requests(); len(r) != 1 || r[0].Status != 500 || r[0].JobID != "" {
					t.Errorf("recorded as %+v", r)
				}
				if total := d.list(t, "").Total; total != 1 {
					t.Errorf("%d jobs, want 1", total)
				}
			})
		})
	}
}

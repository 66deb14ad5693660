package edentest_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/edenwait/edenwait/edentest"
)

// submissions are bodies of a POST, and the fields that are refused of each:
// none if it is taken, "" if it is no object that could have fields.
var submissions = []struct {
	body    string
	refused []string
}{
	{`{"model":"ocr/ocr_async/amazon","input":{}}`, nil},
	{` {"input" : {"file":"x"} , "model" : "ocr/ocr_async/amazon/a/b"} ` + "\n", nil},
	{`{"model":"ocr/ocr_async/amazon","input":{},"unknown":7,"Fallbacks":7}`, nil},
	{`{"model":"ocr/ocr_async/amazon","input":{},"fallbacks":[]}`, nil},
	{`{"model":"ocr/ocr_async/amazon","input":{},"fallbacks":["ocr/ocr_async/a","ocr/ocr_async/b","ocr/ocr_async/c"]}`, nil},
	{`{"model":"ocr/ocr_async/amazon","input":{},"provider_params":{"a":1},"show_original_response":false,` +
		`"webhook_receiver":"https://hooks.example/a?b=c","user_webhook_parameters":{"a":[1]}}`, nil},
	{`{"model":"ocr/ocr_async/amazon","input":{},"webhook_receiver":"HTTP://127.0.0.1:8080"}`, nil},

	{``, []string{""}},
	{`{`, []string{""}},
	{`null`, []string{""}},
	{`[]`, []string{""}},
	{`"{}"`, []string{""}},
	{`7`, []string{""}},
	{`{"model":"ocr/ocr_async/amazon","input":{}} trailing`, []string{""}},
	{`{}`, []string{"model", "input"}},
	{`{"MODEL":"ocr/ocr_async/amazon","Input":{}}`, []string{"model", "input"}},
	{`{"input":{}}`, []string{"model"}},
	{`{"model":7,"input":{}}`, []string{"model"}},
	{`{"model":null,"input":{}}`, []string{"model"}},
	{`{"model":"","input":{}}`, []string{"model"}},
	{`{"model":["ocr/ocr_async/amazon"],"input":{}}`, []string{"model"}},
	{`{"model":"text/chat/openai","input":{}}`, []string{"model"}},
	{`{"model":"ocr/ocr_async","input":{}}`, []string{"model"}},
	{`{"model":"ocr/ocr_async/","input":{}}`, []string{"model"}},
	{`{"model":"ocr/ocr_async/amazon/","input":{}}`, []string{"model"}},
	{`{"model":"ocr/ocr_async/amazon"}`, []string{"input"}},
	{`{"model":"ocr/ocr_async/amazon","input":null}`, []string{"input"}},
	{`{"model":"ocr/ocr_async/amazon","input":7}`, []string{"input"}},
	{`{"model":"ocr/ocr_async/amazon","input":"file"}`, []string{"input"}},
	{`{"model":"ocr/ocr_async/amazon","input":[{}]}`, []string{"input"}},
	{`{"model":"ocr/ocr_async/amazon","input":{},"fallbacks":"ocr/ocr_async/a"}`, []string{"fallbacks"}},
	{`{"model":"ocr/ocr_async/amazon","input":{},"fallbacks":null}`, []string{"fallbacks"}},
	{`{"model":"ocr/ocr_async/amazon","input":{},"fallbacks":{}}`, []string{"fallbacks"}},
	{`{"model":"ocr/ocr_async/amazon","input":{},"fallbacks":[null]}`, []string{"fallbacks"}},
	{`{"model":"ocr/ocr_async/amazon","input":{},"fallbacks":["x"]}`, []string{"fallbacks"}},
	{`{"model":"ocr/ocr_async/amazon","input":{},"fallbacks":["ocr/ocr_async/a","ocr/ocr_async/b","ocr/ocr_async/c","ocr/ocr_async/d"]}`, []string{"fallbacks"}},
	{`{"model":"ocr/ocr_async/amazon","input":{},"provider_params":7}`, []string{"provider_params"}},
	{`{"model":"ocr/ocr_async/amazon","input":{},"provider_params":[]}`, []string{"provider_params"}},
	{`{"model":"ocr/ocr_async/amazon","input":{},"provider_params":null}`, []string{"provider_params"}},
	{`{"model":"ocr/ocr_async/amazon","input":{},"show_original_response":"true"}`, []string{"show_original_response"}},
	{`{"model":"ocr/ocr_async/amazon","input":{},"show_original_response":1}`, []string{"show_original_response"}},
	{`{"model":"ocr/ocr_async/amazon","input":{},"show_original_response":null}`, []string{"show_original_response"}},
	{`{"model":"ocr/ocr_async/amazon","input":{},"webhook_receiver":"hooks.example"}`, []string{"webhook_receiver"}},
	{`{"model":"ocr/ocr_async/amazon","input":{},"webhook_receiver":"ftp://hooks.example/"}`, []string{"webhook_receiver"}},
	{`{"model":"ocr/ocr_async/amazon","input":{},"webhook_receiver":"https:///path"}`, []string{"webhook_receiver"}},
	{`{"model":"ocr/ocr_async/amazon","input":{},"webhook_receiver":"https://a b/%zz"}`, []string{"webhook_receiver"}},
	{`{"model":"ocr/ocr_async/amazon","input":{},"webhook_receiver":7}`, []string{"webhook_receiver"}},
	{`{"model":"ocr/ocr_async/amazon","input":{},"user_webhook_parameters":"x"}`, []string{"user_webhook_parameters"}},
	{`{"model":"ocr/ocr_async/amazon","input":{},"user_webhook_parameters":null}`, []string{"user_webhook_parameters"}},
	{`{"model":7,"input":7,"fallbacks":7,"provider_params":7,"show_original_response":7,"webhook_receiver":7,"user_webhook_parameters":7}`,
		[]string{"model", "input", "fallbacks", "provider_params", "show_original_response", "webhook_receiver", "user_webhook_parameters"}},
}

func TestSubmissions(t *testing.T) {
	throughBoth(t, edentest.Options{Rate: -1}, func(t *testing.T, d *door) {
		taken := 0
		for _, s := range submissions {
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
				got = append(got, strings.TrimPrefix(strings.Join(p.Loc, "/"), "body"))
				checkWords(t, p)
			}
			want := "/" + strings.Join(s.refused, " /")
			if s.refused[0] == "" {
				want = ""
			}
			if strings.Join(got, " ") != want {
				t.Errorf("%s: refused for %q in %s, want %q", s.body, got, body, want)
			}
		}
		if total := d.list(t, "").Total; total != taken {
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
		"taken":      {edentest.Script{ID: "11111111-1111-4111-8111-111111111111"}, "already is a job 11111111"},
		"no UUID":    {edentest.Script{ID: "x"}, "not a UUID"},
		"processing": {edentest.Script{Status: "processing"}, "cannot end"},
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

package edenwait

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"
)

// FuzzScanner: what is accepted, and read, is what encoding/json accepts and reads
// where names match exactly.
func FuzzScanner(f *testing.F) {
	for _, text := range []string{
		``, ` `, `{}`, ` { } `, `{"a":1}`, `{"a":1,}`, `{"a":1,"a":2}`, `{"a":[]}`, `{"a":[1,]}`, `{"a":[,1]}`, `{"a":{"b":[{}]}}`, `{"a"}`, `{"a":}`, `{,}`,
		`{"a":01}`, `{"a":-}`, `{"a":-0.1e+5}`, `{"a":1.}`, `{"a":1e}`, `{"a":tru}`, `{"a":true}`, `{"a":nullx}`, `{"a":"\u12g4"}`, `{"a":"\ud800"}`, `{"a":"\x"}`,
		"{\"a\":\"\t\"}", "{\"a\xff\":\"\xff\"}", `{"\u0061":1}`, `{"a":1}{}`, `{"a":1`, `{"a":[1`, `{"a":[{]}}`, `[]`, `null`, `"a"`, "{\"a\":1}\x00", "\xef\xbb\xbf{}",
		`{"a":` + strings.Repeat("[", 200) + strings.Repeat("]", 200) + `}`, `{"a":[[]],"b":{"c":{}}}`, `{a:1}`, `{'a':1}`, `{"a":1 "b":2}`, `{"a" : 1 , "b":[ 1 , 2 ] }`,
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		got := map[string]json.RawMessage{}
		err := scanObject(text, func(s *scanner, name string) error {
			value, err := s.value()
			got[name] = json.RawMessage(value)
			return err
		})
		want := map[string]json.RawMessage{}
		wantErr := json.Unmarshal(text, &want)
		if wantErr == nil && string(trim(text)) == "null" {
			wantErr = errors.New("not an object")
		}
		if errors.Is(err, errTooDeep) {
			return
		}
		if (err == nil) != (wantErr == nil) {
			t.Fatalf("%q: %v, want %v", text, err, wantErr)
		}
		if err == nil && utf8.Valid(text) && !reflect.DeepEqual(got, want) {
			t.Fatalf("%q: %q, want %q", text, got, want)
		}
		skipped := scanObject(text, func(*scanner, string) error { return nil })
		if (skipped == nil) != (err == nil) {
			t.Fatalf("%q: unread, %v, read, %v", text, skipped, err)
		}
		if err == nil {
			walked := scanObject(text, walk)
			if walked != nil {
				t.Fatalf("%q: walked through, %v", text, walked)
			}
		}
	})
}

// walk reads a value member by member and element by element.
func walk(s *scanner, _ string) error {
	switch s.peek() {
	case '{':
		return s.object(walk)
	case '[':
		return s.array(func(s *scanner) error { return walk(s, "") })
	default:
		_, err := s.value()
		return err
	}
}

func trim(text []byte) []byte { return []byte(strings.Trim(string(text), " \t\r\n")) }

// TestDepth: what is nested deeper than encoding/json reads is an error that ends
// the job, wherever it stands; what is not can be marshaled and decoded.
func TestDepth(t *testing.T) {
	const id = `"public_id":"7f1c2e6a-3b4d-4c5e-8f90-a1b2c3d4e5f6","status":"success"`
	for _, levels := range []int{1, 64, 65, 1000, maxDepth - 1, maxDepth, 9_999, 10_000, 10_001, 1_000_000} {
		for _, brackets := range [][2]string{{"[", "]"}, {`{"a":`, "}"}} {
			nested := strings.Repeat(brackets[0], levels) + "1" + strings.Repeat(brackets[1], levels)
			for _, field := range []string{"output", "original_response", "error", "new_field"} {
				job, err := parseJob([]byte(`{` + id + `,"` + field + `":` + nested + `}`))
				if levels >= maxDepth {
					if !errors.Is(err, errTooDeep) || !errors.Is(err, ErrResponseTooLarge) || !strings.Contains(err.Error(), "9900 levels") {
						t.Errorf("%s, %d levels: %v", field, levels, err)
					}
					continue
				}
				if err != nil {
					t.Errorf("%s, %d levels: %v", field, levels, err)
					continue
				}
				if out, err := json.Marshal([]any{job}); err != nil || json.Unmarshal(out, new([]Job)) != nil {
					t.Errorf("%s, %d levels: %v", field, levels, err)
				}
				if field == "output" && job.Decode(new(any)) != nil {
					t.Errorf("%d levels: %v", levels, job.Decode(new(any)))
				}
			}
			if _, err := parsePage([]byte(`{"items":[{"public_id":` + nested + `}]}`)); (err != nil) != (levels+3 > maxDepth) {
				t.Errorf("a page, %d levels: %v", levels, err)
			}
		}
	}
}

// TestNamesMatchExactly: a name of other letters, in another case or with another
// letter that folds to the same, is another field.
func TestNamesMatchExactly(t *testing.T) {
	const others = `"Output":null,"OUTPUT":1,"Status":"processing","ſtatus":"queued","Public_ID":"x","PUBLIC_ID":7,"Cost":"9","Error":"no","Model":"y","Provider":"z","Created_At":"1"`
	const exact = `"public_id":"7f1c2e6a-3b4d-4c5e-8f90-a1b2c3d4e5f6","status":"success","output":{"Output":1,"output":2},"cost":"0.5","model":"m","provider":"p","created_at":"2026-01-02T03:04:05Z"`
	for _, body := range []string{"{" + others + "," + exact + "}", "{" + exact + "," + others + "}"} {
		job, err := parseJob([]byte(body))
		if err != nil {
			t.Fatal(err)
		}
		if string(job.Output) != `{"Output":1,"output":2}` || job.Status != StatusSuccess || job.Cost != "0.5" || job.Error != nil ||
			job.Model != "m" || job.Provider != "p" || job.CreatedAt.Year() != 2026 {
			t.Errorf("%s: %+v", body, job)
		}
		page, err := parsePage([]byte(`{"Items":null,"total":5,"Total":6,"items":[` + body + `],"ITEMS":[],"Limit":3}`))
		if err != nil || len(page.Items) != 1 || page.Total != 5 || page.Limit != 0 || page.Items[0].ID != job.ID || page.Items[0].Status != StatusSuccess {
			t.Errorf("%+v, %v", page, err)
		}
		var again JobPage
		if err := json.Unmarshal([]byte(`{"Items":[],"items":[`+body+`]}`), &again); err != nil || len(again.Items) != 1 || again.Items[0].Model != "m" {
			t.Errorf("%+v, %v", again, err)
		}
	}
	if job, err := parseJob([]byte(`{"public\u005fid":"7f1c2e6a-3b4d-4c5e-8f90-a1b2c3d4e5f6","stat\u0075s":"success"}`)); err != nil || job.Status != StatusSuccess {
		t.Errorf("escaped names: %+v, %v", job, err)
	}
	if job, err := parseJob([]byte(`{"public_id":"7f1c2e6a-3b4d-4c5e-8f90-a1b2c3d4e5f6","status":"success","status":7,"public_id":null}`)); err != nil || job.Status != StatusSuccess {
		t.Errorf("names that come twice: %+v, %v", job, err)
	}
	if e := parseJobError(json.RawMessage(`{"Message":"wrong","message":"right","MESSAGE":"wrong","Error_Code":1,"error_code":2}`)); e.Message != "right" || e.Code != "2" {
		t.Errorf("%+v", e)
	}
	if detail, _ := parseDetail([]byte(`{"detail":"right","Detail":"wrong"}`), strings.Clone); detail != `"right"` {
		t.Errorf("detail: %s", detail)
	}
	if detail, _ := parseDetail([]byte(`{"detail":[{"msg":"right","Msg":"wrong","loc":["a",1],"Loc":["b"]}]}`), strings.Clone); detail != `"a 1: right"` {
		t.Errorf("detail: %s", detail)
	}
}

// TestPageTolerates: a field or an item of an unforeseen shape costs nothing but
// itself.
func TestPageTolerates(t *testing.T) {
	const item = `{"public_id":"7f1c2e6a-3b4d-4c5e-8f90-a1b2c3d4e5f6","status":"success","provider":"p"}`
	for body, want := range map[string]JobPage{
		`{"items":[` + item + `],"total":"7","page":1.0,"limit":{},"total_pages":null}`: {Total: 7, Page: 1},
		`{"items":[` + item + `,null,7,"x",[],{}],"total":1e2}`:                         {Total: 100},
		`{"items":null,"items":[` + item + `],"total":-1}`:                              {Total: -1},
		`{"total":1e400,"items":[` + item + `,{"status":7,"public_id":[{}]}]}`:          {},
	} {
		page, err := parsePage([]byte(body))
		if err != nil || len(page.Items) == 0 || page.Items[0].Status != StatusSuccess || page.Items[0].Provider != "p" {
			t.Errorf("%s: %+v, %v", body, page, err)
			continue
		}
		if page.Items = nil; !reflect.DeepEqual(*page, want) {
			t.Errorf("%s: %+v", body, page)
		}
	}
}

// BenchmarkPage decodes a page of a thousand items, and compares with the id and
// the status decoded by encoding/json.
func BenchmarkPage(b *testing.B) {
	var page JobPage
	for n := range 1000 {
		page.Items = append(page.Items, JobSummary{
			ID: fmt.Sprintf("7f1c2e6a-3b4d-4c5e-8f90-%012x", n), Status: StatusProcessing, Feature: "audio", Subfeature: "speech_to_text_async",
			Provider: "deepgram", Model: "nova-2", CreatedAt: parseTime("2026-11-02T10:20:30.123456"),
		})
	}
	body, err := json.Marshal(page)
	if err != nil {
		b.Fatal(err)
	}
	b.Run("edenwait", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if page, err := parsePage(body); err != nil || len(page.Items) != 1000 {
				b.Fatal(err)
			}
		}
	})
	b.Run("by-hand", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			var page struct {
				Items []struct {
					ID     string `json:"public_id"`
					Status string `json:"status"`
				} `json:"items"`
			}
			if err := json.Unmarshal(body, &page); err != nil || len(page.Items) != 1000 {
				b.Fatal(err)
			}
		}
	})
}

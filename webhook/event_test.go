package webhook

import (
	"crypto/rsa"
	"encoding/json"
	"errors"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"
)

const id = "550e8400-e29b-41d4-a716-446655440000"

// typical is the body of a delivery, its canonical text, and a signature that
// openssl has made.
func typical(t testing.TB) vector {
	t.Helper()
	for _, v := range pythonVectors(t) {
		if v.name == "typical" {
			return v
		}
	}
	t.Fatal("testdata/python.txt has no typical delivery")
	return vector{}
}

func signedWith(signature string) http.Header {
	header := http.Header{}
	header.Set("X-Edenai-Webhook", "true")
	header.Set("X-Edenai-Signature", signature)
	header.Set("X-Edenai-Hash-Algorithm", "SHA256")
	return header
}

func TestParse(t *testing.T) {
	v := typical(t)
	body := []byte(v.body)
	event, err := Parse(signedWith(v.signature), body, publicKey(t, "pkix.pem"))
	if err != nil {
		t.Fatal(err)
	}
	want := &Event{
		JobID: id, Verified: true, Name: "async_job_completed", Status: "success",
		Feature: "ocr", Subfeature: "ocr_async", Provider: "amazon",
		CreatedAt:      time.Date(2026, 4, 21, 12, 0, 0, 0, time.UTC),
		FinishedAt:     time.Date(2026, 4, 21, 12, 1, 30, 0, time.UTC),
		Output:         json.RawMessage(`{"raw_text":"...","confidence":0.97}`),
		UserParameters: json.RawMessage(`{"internal_ref":"order-42"}`),
	}
	if !reflect.DeepEqual(event, want) {
		t.Errorf("got  %+v\nwant %+v", event, want)
	}
	if len(event.Output) > 0 && &event.Output[0] != &body[strings.Index(v.body, `{"raw_text`)] {
		t.Error("the output is a copy")
	}
	if cap(event.Output) != len(event.Output) {
		t.Error("to append to the output overwrites the body")
	}
}

func TestParseFields(t *testing.T) {
	at := time.Date(2026, 4, 21, 12, 0, 0, 500_000_000, time.UTC)
	tests := []struct {
		fields string
		want   Event
	}{
		{``, Event{}},
		{`,"event":7,"status":{},"feature":[],"subfeature":true,"provider":null,"model":1.5,"created_at":{},"finished_at":"soon"`, Event{}},
		{`,"JOB_ID":"x","Status":"success","OUTPUT":1,"job_Id":[]`, Event{}}, // names match exactly
		{`,"st\u0061tus":"fail","model":"a\ud83d\ude00\ud83d"`, Event{Status: "fail", Model: "a😀\ufffd"}},
		{`,"status":"success","status":"fail"`, Event{Status: "fail"}},
		{`,"created_at":"2026-04-21T14:00:00.500000+02:00","finished_at":"2026-04-21 12:00:00.5"`, Event{CreatedAt: at, FinishedAt: at}},
		{`,"output":null,"error":null,"original_response":null,"user_parameters":null`, Event{}},
		{`,"output":NaN,"original_response":[ -Infinity ],"user_parameters":"x"`,
			Event{Output: json.RawMessage(`NaN`), OriginalResponse: json.RawMessage(`[ -Infinity ]`), UserParameters: json.RawMessage(`"x"`)}},
		{`,"error":"no credit"`, Event{Error: &JobError{Message: "no credit", Raw: json.RawMessage(`"no credit"`)}}},
		{`,"error":{"message":"timed out","error_code":"T1"}`,
			Event{Error: &JobError{Message: "timed out", Code: "T1", Raw: json.RawMessage(`{"message":"timed out","error_code":"T1"}`)}}},
		{`,"error":{"message":"x","error_code":504}`, Event{Error: &JobError{Message: "x", Code: "504", Raw: json.RawMessage(`{"message":"x","error_code":504}`)}}},
		{`,"error":{"Message":"x"}`, Event{Error: &JobError{Message: `{"Message":"x"}`, Raw: json.RawMessage(`{"Message":"x"}`)}}},
		{`,"error":[{}]`, Event{Error: &JobError{Message: `[{}]`, Raw: json.RawMessage(`[{}]`)}}},
	}
	for _, tt := range tests {
		tt.want.JobID = id
		got, err := Parse(nil, []byte(`{"job_id":"`+strings.ToUpper(id)+`"`+tt.fields+`}`))
		if err != nil || !reflect.DeepEqual(got, &tt.want) {
			t.Errorf("%s:\ngot  %+v, %v\nwant %+v", tt.fields, got, err, &tt.want)
		}
	}
}

// TestParseFindsTheID: a body that cannot be read whole is still a hint.
func TestParseFindsTheID(t *testing.T) {
	const other = "00000000-0000-4000-8000-00000000000a"
	tests := []struct {
		name, body string
		want       string // id or empty
		fails      bool
	}{
		{"only the id", `{"job_id":"` + id + `"}`, id, false},
		{"with a byte order mark", "\xef\xbb\xbf" + `{"job_id":"` + id + `"}`, id, false},
		{"escaped", `{"job\u005fid" : "\u0035` + id[1:] + `"}`, id, false},
		{"the last one counts", `{"job_id":"` + other + `","job_id":"` + id + `"}`, id, false},
		{"cut in the output", `{"event":"x", "job_id" : "` + id + `","output":{"job_id":"` + other + `","text":"abc`, id, true},
		{"cut behind the id", `{"job_id":"` + id + `"`, id, true},
		{"cut in the id", `{"job_id":"` + id, "", true},
		{"garbage behind", `{"job_id":"` + id + `"} <html>`, id, true},
		{"garbage before", `<html>{"job_id":"` + id + `"}`, "", true},
		{"a bad escape before", `{"x":"\q","job_id":"` + id + `"}`, "", true},
		{"not UTF-8 behind", `{"job_id":"` + id + `","x":"` + "\xff" + `"}`, id, true},
		{"many members", `{"job_id":"` + id + `"` + strings.Repeat(`,"":1`, maxMembers) + `}`, id, true},
		{"too deep", `{"job_id":"` + id + `","x":` + nested(maxDepth) + `}`, id, true},
		{"a value that looks like a name", `{"x":"job_id","y":"` + id + `","z":`, "", true},
		{"a name behind a value", `{"x":["job_id"],"` + id + `":`, "", true},
		{"of another object", `{"user_parameters":{"job_id":"` + id + `"},`, "", true},
		{"of another object, whole", `{"user_parameters":{"job_id":"` + id + `"}}`, "", true},
		{"an array", `[{"job_id":"` + id + `"}]`, "", true},
		{"an array, cut", `[{"job_id":"` + id + `"}`, "", true},
		{"another case", `{"Job_ID":"` + id + `"}`, "", true},
		{"not a UUID", `{"job_id":"550e8400"}`, "", true},
		{"not quite a UUID", `{"job_id":"550e8400-e29b-41d4-a716-44665544000g"}`, "", true},
		{"without dashes", `{"job_id":"550e8400ee29b-41d4-a716-446655440000"}`, "", true},
		{"a number", `{"job_id":5}`, "", true},
		{"in an array, cut", `{"job_id":["` + id + `"],`, "", true},
		{"a form", `job_id=` + id, "", true},
		{"nothing", ``, "", true},
	}
	for _, tt := range tests {
		event, err := Parse(nil, []byte(tt.body))
		got := ""
		if event != nil {
			got = event.JobID
		}
		if got != tt.want || (err != nil) != tt.fails {
			t.Errorf("%s: id %q, error %v", tt.name, got, err)
		}
		if err != nil && (len(err.Error()) > 200 || strings.Contains(err.Error(), "abc")) {
			t.Errorf("%s: the error shows the body: %v", tt.name, err)
		}
	}
}

func TestParseVerifies(t *testing.T) {
	v := typical(t)
	key, another := publicKey(t, "pkcs1.pem"), publicKey(t, "another.pem")
	floats := `{"job_id":"` + id + `","output":[1e-06,1e+20,0.5]}`
	signedFloats := func(texts ...string) http.Header {
		return signedWith(sign(t, "{\n  \"job_id\": \""+id+"\",\n  \"output\": [\n    "+strings.Join(texts, ",\n    ")+"\n  ]\n}"))
	}
	lowercase := http.Header{"x-edenai-signature": {v.signature}}
	tests := []struct {
		name   string
		header http.Header
		body   string
		keys   []*rsa.PublicKey
		want   string // of the error
	}{
		{"Python", signedWith(v.signature), v.body, []*rsa.PublicKey{key}, ""},
		{"in capitals, with spaces", signedWith("  " + strings.ToUpper(v.signature) + " "), v.body, []*rsa.PublicKey{key}, ""},
		{"as sent", signedFloats("1e-06", "1e+20", "0.5"), floats, []*rsa.PublicKey{key}, ""},
		{"Python from others", signedFloats("1e-06", "1e+20", "0.5"), strings.ReplaceAll(floats, "1e-06", "1.0E-6"), []*rsa.PublicKey{key}, ""},
		{"orjson", signedFloats("1e-6", "1e20", "0.5"), floats, []*rsa.PublicKey{key}, ""},
		{"orjson with a plus", signedFloats("1e-6", "1e+20", "0.5"), floats, []*rsa.PublicKey{key}, ""},
		{"the raw body", signedWith(sign(t, floats)), floats, []*rsa.PublicKey{key}, ""},
		{"a raw body that has no canonical text", signedWith(sign(t, deepDelivery)), deepDelivery, []*rsa.PublicKey{key}, ""},
		{"rotation", signedWith(v.signature), v.body, []*rsa.PublicKey{another, nil, {}, key}, ""},
		{"lower-case headers", lowercase, v.body, []*rsa.PublicKey{key}, ""},
		{"no algorithm", http.Header{"X-Edenai-Signature": {v.signature}}, v.body, []*rsa.PublicKey{key}, ""},

		{"another key", signedWith(v.signature), v.body, []*rsa.PublicKey{another}, "it does not match this body for any key"},
		{"useless keys", signedWith(v.signature), v.body, []*rsa.PublicKey{nil, {}}, "not the size of any key"},
		{"another body", signedWith(v.signature), strings.Replace(v.body, "amazon", "amazom", 1), []*rsa.PublicKey{key}, "it does not match this body for any key"},
		{"a number that is another", signedFloats("1e-06", "1e+20", "0.5"), strings.Replace(floats, "0.5", "0.25", 1), []*rsa.PublicKey{key}, "it does not match this body for any key"},
		{"a duplicate name", signedWith(v.signature), strings.Replace(v.body, "{", `{"status":"fail",`, 1), []*rsa.PublicKey{key}, "an object has a name twice"},
		{"a duplicate name inside", signedWith(v.signature), strings.Replace(v.body, `"output":{`, `"output":{"confidence":1,`, 1), []*rsa.PublicKey{key}, "an object has a name twice"},
		{"a duplicate name as sent", signedWith(sign(t, duplicate)), duplicate, []*rsa.PublicKey{key}, ""},
		{"a duplicate name that counts", signedWith(v.signature), v.body[:len(v.body)-1] + `,"status":"fail"}`, []*rsa.PublicKey{key}, "an object has a name twice"},
		{"too deep", signedWith(v.signature), deepDelivery, []*rsa.PublicKey{key}, "more than 1024 nested"},
		{"too large to write", signedWith(v.signature), longDelivery, []*rsa.PublicKey{key}, "the canonical text is too large"},
		{"no header", nil, v.body, []*rsa.PublicKey{key}, "there is no X-Edenai-Signature header"},
		{"not hexadecimal", signedWith("\x1b[31m" + strings.Repeat("z", 500)), v.body, []*rsa.PublicKey{key}, `is not hexadecimal: "\x1b[31mzz`},
		{"cut", signedWith(v.signature[2:]), v.body, []*rsa.PublicKey{key}, "it has 255 bytes, which is not the size of any key"},
		{"another algorithm", http.Header{"X-Edenai-Signature": {sign(t, "x")}, "X-Edenai-Hash-Algorithm": {"SHA512"}}, v.body, []*rsa.PublicKey{key}, `invalid algorithm "SHA512"`},
	}
	for _, tt := range tests {
		event, err := Parse(tt.header, []byte(tt.body), tt.keys...)
		if event == nil || event.JobID != id {
			t.Errorf("%s: no event beside error %v", tt.name, err)
			continue
		}
		switch {
		case tt.want == "" && (err != nil || !event.Verified):
			t.Errorf("%s: verified %v, error %v", tt.name, event.Verified, err)
		case tt.want != "" && (event.Verified || !errors.Is(err, ErrSignature) || !strings.Contains(err.Error(), tt.want)):
			t.Errorf("%s: verified %v, error %v, want %q", tt.name, event.Verified, err, tt.want)
		case err != nil && (len(err.Error()) > 300 || strings.Contains(err.Error(), "\x1b") || !strings.Contains(err.Error(), id)):
			t.Errorf("%s: a bad error text: %q", tt.name, err)
		}
	}
	if event, err := Parse(signedWith(v.signature), []byte(v.body)); err != nil || event.Verified {
		t.Errorf("without keys: verified %v, error %v", event.Verified, err)
	}
}

var duplicate = `{"job_id":"` + id + `","output":1,"output":2}`

var deepDelivery = `{"job_id":"` + id + `","output":` + nested(maxCanonicalDepth) + `}`

// longDelivery has a canonical text that is a thousand times as long.
var longDelivery = `{"job_id":"` + id + `","output":` + strings.Repeat("[", 1000) + strings.Repeat("1,", 10_000) + "1" + strings.Repeat("]", 1000) + `}`

// FuzzParse: neither the body nor the headers can make it panic, and an event
// has an id.
func FuzzParse(f *testing.F) {
	key := publicKey(f, "pkcs1.pem")
	v := typical(f)
	f.Add([]byte(v.body), v.signature, "SHA256")
	for _, cut := range []int{1, 60, 90, 200, 300} {
		f.Add([]byte(v.body[:cut]), v.signature[:cut], "")
	}
	f.Add([]byte(`{"job\u005fid":"`+id+`","error":{"error_code":1e5}}`), "00", "x")
	f.Fuzz(func(t *testing.T, body []byte, signature, algorithm string) {
		header := http.Header{signatureHeader: {signature}, algorithmHeader: {algorithm}}
		event, err := Parse(header, body, key)
		if event == nil {
			if err == nil {
				t.Fatal("neither an event nor an error")
			}
			return
		}
		if _, ok := parseID(event.JobID); !ok || event.Verified != (err == nil) {
			t.Fatalf("id %q, verified %v, error %v", event.JobID, event.Verified, err)
		}
		if scanned := scanID(body); scanned != event.JobID {
			t.Fatalf("scanned %q, parsed %q", scanned, event.JobID)
		}
	})
}

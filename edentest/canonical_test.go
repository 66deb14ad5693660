package edentest

import (
	"bytes"
	"encoding/json"
	"reflect"
	"testing"
)

// Vectors as python3's json and orjson 3.8.3 write them; those of orjson with a plus
// by its release notes.
func TestCanonicalJSON(t *testing.T) {
	for _, tt := range []struct{ text, python, orjson, plus string }{
		{`1e-5`, "1e-05", "0.00001", "0.00001"},
		{`0.0000123`, "1.23e-05", "0.0000123", "0.0000123"},
		{`1e-7`, "1e-07", "1e-7", "1e-7"},
		{`0.0001`, "0.0001", "0.0001", "0.0001"},
		{`1E15`, "1000000000000000.0", "1000000000000000.0", "1000000000000000.0"},
		{`1e16`, "1e+16", "1e16", "1e+16"},
		{`1.5e300`, "1.5e+300", "1.5e300", "1.5e+300"},
		{`123456789012345680.0`, "1.2345678901234568e+17", "1.2345678901234568e17", "1.2345678901234568e+17"},
		{`5e-324`, "5e-324", "5e-324", "5e-324"},
		{`-0.0`, "-0.0", "-0.0", "-0.0"},
		{`-0`, "0", "0", "0"},
		{`18446744073709551615`, "18446744073709551615", "18446744073709551615", "18446744073709551615"},
		{`18446744073709551616`, "18446744073709551616", "1.8446744073709552e19", "1.8446744073709552e+19"},
		{`-1e400`, "-Infinity", "null", "null"},
		{` [ ] `, "[]", "[]", "[]"},
		{`{"b":[1,{"c":null}],"a":{},"":true}`, "{\n  \"\": true,\n  \"a\": {},\n  \"b\": [\n    1,\n    {\n      \"c\": null\n    }\n  ]\n}", "", ""},
		{`"\u007f\u0000\u001f\b\f\n\r\t\u2028\u00e9\ud83d\ude00\"\\\/<>&"`, "\"\x7f\\u0000\\u001f\\b\\f\\n\\r\\t\u2028é😀\\\"\\\\/<>&\"", "", ""},
		{`{"a":1,"a":2}`, "{\n  \"a\": 2\n}", "", ""},
	} {
		if tt.orjson == "" {
			tt.orjson, tt.plus = tt.python, tt.python
		}
		for form, want := range map[SignatureForm]string{PythonJSON: tt.python, OrJSON: tt.orjson, OrJSONPlus: tt.plus} {
			if got, err := canonicalJSON([]byte(tt.text), form); err != nil || string(got) != want {
				t.Errorf("%v of %s = %s, %v, want %s", form, tt.text, got, err, want)
			}
		}
	}
	for _, text := range []string{"", "{", "1 2", "nul"} {
		if got, err := canonicalJSON([]byte(text), PythonJSON); err == nil {
			t.Errorf("%q = %s, want an error", text, got)
		}
	}
}

// Canonical JSON means what it is made of, and is its own canonical form.
func FuzzCanonicalJSON(f *testing.F) {
	for _, text := range []string{`{"a":[1e5,-0.0,"\u0001\ud800"],"b":{}}`, `1e400`, `[18446744073709551616]`, `1 1`} {
		f.Add([]byte(text), uint8(OrJSON))
	}
	f.Fuzz(func(t *testing.T, text []byte, f uint8) {
		form := SignatureForm(f % 3)
		once, err := canonicalJSON(text, form)
		if (err == nil) != json.Valid(text) {
			t.Fatalf("%q: %v", text, err)
		}
		var before, after any
		if err != nil || json.Unmarshal(text, &before) != nil {
			return // no JSON, or a number that is too large
		}
		if err := json.Unmarshal(once, &after); err != nil || !reflect.DeepEqual(before, after) {
			t.Fatalf("%v of %q = %q: %v", form, text, once, err)
		}
		if twice, err := canonicalJSON(once, form); err != nil || !bytes.Equal(once, twice) {
			t.Fatalf("%v of %q = %q, %v", form, once, twice, err)
		}
	})
}

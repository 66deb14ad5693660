package edentest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
)

// A SignatureForm is the canonical JSON that the signature of a webhook is over:
// keys sorted, indented by two spaces, with the fewest possible escapes. It is not
// certain which form the live service uses. The forms differ only in numbers, so a
// receiver should accept all of them.
type SignatureForm uint8

const (
	// PythonJSON is json.dumps(body, indent=2, sort_keys=True,
	// ensure_ascii=False): 1e-05 and 1e+16.
	PythonJSON SignatureForm = iota
	// OrJSON is orjson.dumps(body, option=OPT_INDENT_2|OPT_SORT_KEYS) up to
	// version 3.11.6: 0.00001 and 1e16, and integers of more than 64 bits as
	// floats.
	OrJSON
	// OrJSONPlus is the same since version 3.11.7: 1e+16.
	OrJSONPlus
)

// String returns the name of the form.
func (f SignatureForm) String() string {
	switch f {
	case PythonJSON:
		return "python"
	case OrJSON:
		return "orjson"
	case OrJSONPlus:
		return "orjson with a plus"
	}
	return "SignatureForm(" + strconv.Itoa(int(f)) + ")"
}

// canonicalJSON writes the text in that form.
func canonicalJSON(text []byte, form SignatureForm) ([]byte, error) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return nil, fmt.Errorf("not JSON: %w", err)
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, fmt.Errorf("more than one JSON value")
	}
	return form.appendValue(nil, v, "\n"), nil
}

// appendValue writes v; indent is the end of a line and the whitespace that begins
// the next one.
func (f SignatureForm) appendValue(b []byte, v any, indent string) []byte {
	switch v := v.(type) {
	case map[string]any:
		if len(v) == 0 {
			return append(b, "{}"...)
		}
		b = append(b, '{')
		for i, key := range slices.Sorted(maps.Keys(v)) { // UTF-8 sorts as its code points do
			if i > 0 {
				b = append(b, ',')
			}
			b = append(b, indent+"  "...)
			b = appendPlain(b, key)
			b = append(b, ": "...)
			b = f.appendValue(b, v[key], indent+"  ")
		}
		return append(append(b, indent...), '}')
	case []any:
		if len(v) == 0 {
			return append(b, "[]"...)
		}
		b = append(b, '[')
		for i, item := range v {
			if i > 0 {
				b = append(b, ',')
			}
			b = append(b, indent+"  "...)
			b = f.appendValue(b, item, indent+"  ")
		}
		return append(append(b, indent...), ']')
	case string:
		return appendPlain(b, v)
	case json.Number:
		return f.appendNumber(b, v.String())
	case bool:
		return strconv.AppendBool(b, v)
	default:
		return append(b, "null"...)
	}
}

// appendPlain writes a JSON string with as few escapes as there can be.
func appendPlain(b []byte, s string) []byte {
	b = append(b, '"')
	for i := range len(s) {
		switch c := s[i]; c {
		case '"', '\\':
			b = append(b, '\\', c)
		case '\b':
			b = append(b, `\b`...)
		case '\f':
			b = append(b, `\f`...)
		case '\n':
			b = append(b, `\n`...)
		case '\r':
			b = append(b, `\r`...)
		case '\t':
			b = append(b, `\t`...)
		default:
			if c < ' ' {
				b = fmt.Appendf(b, `\u%04x`, c)
			} else {
				b = append(b, c)
			}
		}
	}
	return append(b, '"')
}

// appendNumber writes the number as the form's library does once it has read it.
func (f SignatureForm) appendNumber(b []byte, number string) []byte {
	if !strings.ContainsAny(number, ".eE") {
		if number == "-0" {
			return append(b, '0')
		}
		_, err := strconv.ParseInt(number, 10, 64)
		_, errU := strconv.ParseUint(number, 10, 64)
		if f == PythonJSON || err == nil || errU == nil {
			return append(b, number...)
		}
	}
	x, _ := strconv.ParseFloat(number, 64) // infinity, if it is too large
	if math.IsInf(x, 0) {
		if f != PythonJSON {
			return append(b, "null"...)
		}
		if x < 0 {
			b = append(b, '-')
		}
		return append(b, "Infinity"...)
	}
	mantissa, exponent, _ := strings.Cut(strconv.FormatFloat(x, 'e', -1, 64), "e")
	n, _ := strconv.Atoi(exponent)
	least := -5
	if f == PythonJSON {
		least = -4
	}
	if n >= least && n < 16 {
		text := strconv.FormatFloat(x, 'f', -1, 64)
		if !strings.Contains(text, ".") {
			text += ".0"
		}
		return append(b, text...)
	}
	b = append(append(b, mantissa...), 'e')
	switch {
	case f == PythonJSON:
		return append(b, exponent...) // with a sign, and two digits at least
	case f == OrJSONPlus && n >= 0:
		b = append(b, '+')
	}
	return strconv.AppendInt(b, int64(n), 10)
}

package webhook

import (
	"bytes"
	"math"
	"strconv"
)

// form is one way to write the numbers of a canonical text. The forms differ in
// nothing else.
type form int

const (
	// asSent leaves every number as it is in the body.
	asSent form = iota
	// python is json.dumps: 1e-05, 1e+16, integers of any size, NaN.
	python
	// orjson up to 3.11.6: 1e-6, 1e16, integers of 64 bits, null for NaN.
	orjson
	// orjsonPlus is orjson since 3.11.7: 1e+16.
	orjsonPlus
	numberOfForms
)

// appendNumber appends token, a number, NaN, Infinity or -Infinity, to dst in the
// given form.
func appendNumber(dst, token []byte, f form) []byte {
	if f == asSent {
		return append(dst, token...)
	}
	var x float64
	switch {
	case string(token) == "NaN":
		x = math.NaN()
	case string(token) == "Infinity":
		x = math.Inf(1)
	case string(token) == "-Infinity":
		x = math.Inf(-1)
	case string(token) == "-0": // the integer, which has no sign
		return append(dst, '0')
	case bytes.ContainsAny(token, ".eE") || f != python && !fits64(token):
		x, _ = strconv.ParseFloat(string(token), 64) // of an error, infinity is the right value
	default:
		return append(dst, token...)
	}
	if math.IsNaN(x) || math.IsInf(x, 0) {
		return append(dst, notFinite(x, f)...)
	}
	return appendFloat(dst, x, f)
}

// fits64 reports whether orjson reads the integer as one; it reads others as
// floats.
func fits64(token []byte) bool {
	const longest = len("-9223372036854775808")
	if len(token) > longest {
		return false
	}
	if _, err := strconv.ParseInt(string(token), 10, 64); err == nil {
		return true
	}
	_, err := strconv.ParseUint(string(token), 10, 64)
	return err == nil
}

func notFinite(x float64, f form) string {
	switch {
	case f != python:
		return "null"
	case math.IsNaN(x):
		return "NaN"
	case x < 0:
		return "-Infinity"
	}
	return "Infinity"
}

// appendFloat appends a finite float. All of them write the shortest digits that
// read back as x. They differ in the exponent: Python writes a sign and at least
// two digits, and has an exponent below 1e-4 where orjson has none yet.
func appendFloat(dst []byte, x float64, f form) []byte {
	var scratch [32]byte
	text := strconv.AppendFloat(scratch[:0], x, 'e', -1, 64) // d.ddde±dd
	e := bytes.IndexByte(text, 'e')
	exponent, _ := strconv.Atoi(string(text[e+1:]))
	lowest := -4
	if f != python {
		lowest = -5
	}
	if lowest <= exponent && exponent <= 15 {
		from := len(dst)
		dst = strconv.AppendFloat(dst, x, 'f', -1, 64)
		if bytes.IndexByte(dst[from:], '.') < 0 {
			dst = append(dst, ".0"...)
		}
		return dst
	}
	dst = append(append(dst, text[:e]...), 'e')
	if exponent >= 0 && f != orjson {
		dst = append(dst, '+')
	}
	if f == python && -10 < exponent && exponent < 0 {
		dst = append(dst, '-', '0')
		exponent = -exponent
	}
	return strconv.AppendInt(dst, int64(exponent), 10)
}

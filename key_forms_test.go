package edenwait_test

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	nethttp "net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/edenwait/edenwait"
)

// getFunc is a Source without a list.
type getFunc func(ctx context.Context, id string) (*edenwait.Job, error)

func (f getFunc) Get(ctx context.Context, id string) (*edenwait.Job, error) { return f(ctx, id) }

type stringerKey struct{ k string }

func (s stringerKey) String() string { return "req " + s.k }

type errKey struct{ h nethttp.Header }

func (e errKey) Error() string { return "no expectation" }

type nestedKey struct {
	A *struct{ H nethttp.Header }
	E error
}

// TestKeyInOtherClothes: a panic, an error or a detail may hold the key in a value, in
// base64, escaped, as bytes or in pieces.
func TestKeyInOtherClothes(t *testing.T) {
	req, _ := nethttp.NewRequest("GET", "https://x.example", nil)
	req.Header.Set("Authorization", "Bearer "+soakToken)
	throws := map[string]any{
		"req": req, "header": req.Header, "struct": struct{ H nethttp.Header }{req.Header},
		"ptr": &nestedKey{A: &struct{ H nethttp.Header }{req.Header}}, "stringer": stringerKey{soakToken},
		"err": fmt.Errorf("x %+v", req), "errstruct": errKey{req.Header}, "fmt": fmt.Sprintf("%+v", req),
		"b64":           base64.StdEncoding.EncodeToString([]byte("Authorization: Bearer " + soakToken)),
		"b64 of bearer": base64.StdEncoding.EncodeToString([]byte("Bearer " + soakToken)),
		"b64 of x":      base64.StdEncoding.EncodeToString([]byte("x" + soakToken)),
		"b64 raw":       base64.RawURLEncoding.EncodeToString([]byte("xy" + soakToken)),
		"esc":           url.QueryEscape(soakToken), "esc all": percentAll(soakToken), "bytes": []byte(soakToken),
		"split":      struct{ A, B string }{soakToken[:len(soakToken)/2], soakToken[len(soakToken)/2:]},
		"split text": soakToken[:11] + " " + soakToken[11:], "spaced": strings.Join(strings.Split(soakToken, ""), " "),
		"wrapped":  nestedKey{E: fmt.Errorf("in %v", req.Header)},
		"bytes %v": fmt.Sprintf("%v", []byte(soakToken)),
	}
	var found []string
	defer func() {
		for _, f := range found {
			t.Error(f)
		}
	}()
	for name, thrown := range throws {
		synctest.Test(t, func(t *testing.T) {
			log := &syncBuffer{}
			config := edenwait.Config{Token: soakToken, MaxErrors: 2, MaxWait: time.Minute,
				Logger: zap.New(zapcore.NewCore(zapcore.NewJSONEncoder(zap.NewProductionEncoderConfig()), log, zap.DebugLevel)),
				Source: getFunc(func(context.Context, string) (*edenwait.Job, error) { panic(thrown) })}
			waiter, err := edenwait.New(config)
			if err != nil {
				t.Fatal(err)
			}
			_, err = waiter.Wait(context.Background(), someID)
			text := log.String()
			if name != "split text" && name != "spaced" && name != "esc all" && name != "bytes %v" {
				// A key that is not known either, since the Source has it.
				config.Token = ""
				if waiter, err = edenwait.New(config); err != nil {
					t.Fatal(err)
				}
				_, _ = waiter.Wait(context.Background(), someID)
				text += log.String()
			}
			for _, v := range chain(err) {
				text += fmt.Sprintf("\n%v\n%+v\n%#v", v, v, v)
			}
			if leak := leaks(text); leak != "" {
				found = append(found, fmt.Sprintf("source %s: %s", name, leak))
			}
			client := &nethttp.Client{Transport: roundTrip(func(r *nethttp.Request) (*nethttp.Response, error) { panic(thrown) })}
			if leak := leaks(told(t, edenwait.Config{HTTPClient: client})); leak != "" {
				found = append(found, fmt.Sprintf("transport panic %s: %s", name, leak))
			}
			client = &nethttp.Client{Transport: roundTrip(func(r *nethttp.Request) (*nethttp.Response, error) {
				if err, ok := thrown.(error); ok {
					return nil, err
				}
				return nil, errors.New(fmt.Sprint(thrown))
			})}
			if leak := leaks(told(t, edenwait.Config{HTTPClient: client})); leak != "" {
				found = append(found, fmt.Sprintf("transport error %s: %s", name, leak))
			}
			detail := fmt.Sprint(thrown)
			if leak := leaks(told(t, edenwait.Config{HTTPClient: answering(422, nil, `{"detail":`+escapedJSON(detail)+`}`)})); leak != "" {
				found = append(found, fmt.Sprintf("detail %s: %s", name, leak))
			}
		})
	}
}

// escapedJSON is text as a JSON string, each letter escaped.
func escapedJSON(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		fmt.Fprintf(&b, `\u%04x`, r&0xffff)
	}
	b.WriteByte('"')
	return b.String()
}

func percentAll(s string) string {
	var b strings.Builder
	for i := range len(s) {
		fmt.Fprintf(&b, "%%%02x", s[i])
	}
	return b.String()
}

func chain(err error) (all []error) {
	if err == nil {
		return nil
	}
	all = append(all, err)
	switch e := err.(type) { //nolint:errorlint // each part of a chain
	case interface{ Unwrap() error }:
		all = append(all, chain(e.Unwrap())...)
	case interface{ Unwrap() []error }:
		for _, e := range e.Unwrap() {
			all = append(all, chain(e)...)
		}
	}
	return all
}

// leaks finds a long part of the key, in any form.
func leaks(text string) string {
	forms := map[string]string{"plain": soakToken, "percent": percentAll(soakToken), "decimal bytes": strings.Trim(fmt.Sprintf("%v", []byte(soakToken)), "[]")}
	for pad := range 3 {
		e := base64.RawStdEncoding.EncodeToString([]byte(strings.Repeat("x", pad) + soakToken))
		forms[fmt.Sprint("b64 ", pad)] = e[4 : len(e)-3]
	}
	for name, form := range forms {
		n := 12
		if name == "percent" || name == "decimal bytes" {
			n = 36
		}
		for at := 0; at+n <= len(form); at++ {
			if i := strings.Index(text, form[at:at+n]); i >= 0 {
				return name + " at " + fmt.Sprint(at) + ": …" + text[max(0, i-80):min(len(text), i+40)]
			}
		}
	}
	// Nor with something between its letters.
	strip := func(s string) string {
		return strings.Map(func(r rune) rune {
			if r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' {
				return r
			}
			return -1
		}, s)
	}
	plain, st := strip(text), strip(soakToken)
	for at := 0; at+14 <= len(st); at++ {
		if i := strings.Index(plain, st[at:at+14]); i >= 0 {
			return "stripped: …" + plain[max(0, i-80):min(len(plain), i+40)]
		}
	}
	return ""
}

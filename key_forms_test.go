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

	"github.com/edenwait/edenwait"
	"github.com/edenwait/edenwait/internal/testbed"
)

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
	req.Header.Set("Authorization", "Bearer "+testbed.Token)
	throws := map[string]any{
		"req": req, "header": req.Header, "struct": struct{ H nethttp.Header }{req.Header},
		"ptr": &nestedKey{A: &struct{ H nethttp.Header }{req.Header}}, "stringer": stringerKey{testbed.Token},
		"err": fmt.Errorf("x %+v", req), "errstruct": errKey{req.Header}, "fmt": fmt.Sprintf("%+v", req),
		"b64":           base64.StdEncoding.EncodeToString([]byte("Authorization: Bearer " + testbed.Token)),
		"b64 of bearer": base64.StdEncoding.EncodeToString([]byte("Bearer " + testbed.Token)),
		"b64 of x":      base64.StdEncoding.EncodeToString([]byte("x" + testbed.Token)),
		"b64 raw":       base64.RawURLEncoding.EncodeToString([]byte("xy" + testbed.Token)),
		"esc":           url.QueryEscape(testbed.Token), "esc all": testbed.PercentAll(testbed.Token), "bytes": []byte(testbed.Token),
		"split":      struct{ A, B string }{testbed.Token[:len(testbed.Token)/2], testbed.Token[len(testbed.Token)/2:]},
		"split text": testbed.Token[:11] + " " + testbed.Token[11:], "spaced": strings.Join(strings.Split(testbed.Token, ""), " "),
		"wrapped":  nestedKey{E: fmt.Errorf("in %v", req.Header)},
		"bytes %v": fmt.Sprintf("%v", []byte(testbed.Token)),
	}
	var found []string
	defer func() {
		for _, f := range found {
			t.Error(f)
		}
	}()
	for name, thrown := range throws {
		synctest.Test(t, func(t *testing.T) {
			log := &testbed.Log{}
			config := edenwait.Config{Token: testbed.Token, MaxErrors: 2, MaxWait: time.Minute,
				Logger: log.Logger(),
				Source: testbed.GetFunc(func(context.Context, string) (*edenwait.Job, error) { panic(thrown) })}
			waiter, err := edenwait.New(config)
			if err != nil {
				t.Fatal(err)
			}
			_, err = waiter.Wait(context.Background(), testbed.SomeID)
			text := log.String()
			if name != "split text" && name != "spaced" && name != "esc all" && name != "bytes %v" {
				// A key that is not known either, since the Source has it.
				config.Token = ""
				if waiter, err = edenwait.New(config); err != nil {
					t.Fatal(err)
				}
				_, _ = waiter.Wait(context.Background(), testbed.SomeID)
				text += log.String()
			}
			for _, v := range testbed.Chain(err) {
				text += fmt.Sprintf("\n%v\n%+v\n%#v", v, v, v)
			}
			if leak := testbed.Leaks(text); leak != "" {
				found = append(found, fmt.Sprintf("source %s: %s", name, leak))
			}
			client := &nethttp.Client{Transport: testbed.RoundTrip(func(r *nethttp.Request) (*nethttp.Response, error) { panic(thrown) })}
			if leak := testbed.Leaks(testbed.Told(t, edenwait.Config{HTTPClient: client})); leak != "" {
				found = append(found, fmt.Sprintf("transport panic %s: %s", name, leak))
			}
			client = &nethttp.Client{Transport: testbed.RoundTrip(func(r *nethttp.Request) (*nethttp.Response, error) {
				if err, ok := thrown.(error); ok {
					return nil, err
				}
				return nil, errors.New(fmt.Sprint(thrown))
			})}
			if leak := testbed.Leaks(testbed.Told(t, edenwait.Config{HTTPClient: client})); leak != "" {
				found = append(found, fmt.Sprintf("transport error %s: %s", name, leak))
			}
			detail := fmt.Sprint(thrown)
			if leak := testbed.Leaks(testbed.Told(t, edenwait.Config{HTTPClient: testbed.Answering(422, nil, `{"detail":`+escapedJSON(detail)+`}`)})); leak != "" {
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

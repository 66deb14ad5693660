package edentest_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/edenwait/edenwait/edentest"
)

// What the service refuses it does not do; what it fails to answer for it has
// done. Either way the client learns nothing but the status.
func TestStatusAndWhatIsDone(t *testing.T) {
	for _, tt := range []struct {
		do   edentest.Effect
		done bool
	}{
		{edentest.Status(400, "", nil), false}, {edentest.Status(402, "", nil), false}, {edentest.Status(422, "", nil), false},
		{edentest.Status(499, "", nil), false}, {edentest.RetryAfter("1"), false}, {edentest.Redirect("https://elsewhere.example/"), false},
		{edentest.RefuseConnection(), false},
		{edentest.Status(500, "", nil), true}, {edentest.Status(503, "", nil), true}, {edentest.Status(204, "", nil), true},
		{edentest.Reset(), true}, {edentest.TruncateBody(), true}, {edentest.Edit("forbids", func(_ edentest.Request, ans *edentest.Answer) {
			ans.Status = http.StatusForbidden
		}), true},
	} {
		t.Run(tt.do.String(), func(t *testing.T) {
			asked := 0
			inMemory(t, edentest.Options{
				Faults: []edentest.Fault{{On: edentest.Submit | edentest.Delete, Do: tt.do}},
				OnSubmit: func(edentest.Submission) edentest.Script {
					asked++
					return edentest.Script{}
				},
			}, func(t *testing.T, d *door) {
				d.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
				if resp, err := d.send(t.Context(), http.MethodPost, async, edentest.DefaultToken, submission); err == nil {
					resp.Body.Close()
				}
				jobs := d.list(t, "").Total
				if made := jobs == 1; made != tt.done || asked != jobs || (d.Requests()[0].JobID != "") != tt.done {
					t.Errorf("POST: %d jobs, OnSubmit was called %d times, recorded as %+v", jobs, asked, d.Requests()[0])
				}
				id := d.Submit(edentest.Script{})
				if resp, err := d.send(t.Context(), http.MethodDelete, async+"/"+id, edentest.DefaultToken, ""); err == nil {
					resp.Body.Close()
				}
				if status, _ := d.get(t, id); (status == http.StatusNotFound) != tt.done {
					t.Errorf("DELETE: GET says %d afterwards", status)
				}
			})
		})
	}
}

// Where a status allows no body there is none, on either door.
func TestStatusWithoutBody(t *testing.T) {
	for _, do := range []edentest.Effect{
		edentest.Status(204, "", nil), edentest.Status(304, "", nil), edentest.Status(204, "{}", nil), edentest.Status(304, "<p>", nil),
		edentest.Edit("204 with a body", func(_ edentest.Request, ans *edentest.Answer) { ans.Status = 204 }),
	} {
		throughBoth(t, edentest.Options{Faults: []edentest.Fault{{Do: do}}}, func(t *testing.T, d *door) {
			o := d.observe(t, async)
			if o.err != nil || o.bodyer != nil || o.status != 204 && o.status != 304 || o.body != "" || o.length > 0 ||
				o.header.Get("Content-Type") != "" || o.header.Get("Content-Length") != "" {
				t.Errorf("%v: %+v", do, o)
			}
		})
	}
}

// A status without a name still says something.
func TestStatusWithoutName(t *testing.T) {
	throughBoth(t, edentest.Options{Faults: []edentest.Fault{{Do: edentest.Status(999, "", nil)}}}, func(t *testing.T, d *door) {
		if o := d.observe(t, async); o.status != 999 || o.body != `{"detail":"Error"}` {
			t.Errorf("%+v", o)
		}
	})
}

func TestStatusOutOfRange(t *testing.T) {
	for _, code := range []int{-1, 0, 103, 199, 1000} {
		func() {
			defer func() {
				if text, _ := recover().(string); !strings.Contains(text, "from 200 to 999") {
					t.Errorf("Status(%d): %q", code, text)
				}
			}()
			edentest.Status(code, "", nil)
		}()
	}
}

// An Edit may put an Answer of its own in the place of the one it got.
func TestEditReplacesAnswer(t *testing.T) {
	for _, tt := range []struct {
		ans    edentest.Answer
		status int
		text   string
	}{
		{edentest.Answer{Status: 200, Body: []byte("{}")}, 200, "{}"},
		{edentest.Answer{Status: 204}, 204, ""},
		{edentest.Answer{Body: []byte("{}")}, 500, "the status 0"},
		{edentest.Answer{Status: 100}, 500, "the status 100"},
		{edentest.Answer{Status: 1000}, 500, "the status 1000"},
	} {
		own := edentest.Edit("own", func(_ edentest.Request, ans *edentest.Answer) { *ans = tt.ans })
		throughBoth(t, edentest.Options{Faults: []edentest.Fault{{Do: own}}}, func(t *testing.T, d *door) {
			if o := d.observe(t, async); o.err != nil || o.status != tt.status || !strings.Contains(o.body, tt.text) {
				t.Errorf("%+v: %+v", tt.ans, o)
			}
			if got := d.Requests()[0].Status; got != tt.status {
				t.Errorf("recorded as %d, want %d", got, tt.status)
			}
		})
	}
}

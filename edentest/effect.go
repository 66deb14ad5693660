package edentest

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"fmt"
	"net/http"
	"time"
)

// An Effect is a change that a fault makes to a request or to its answer: [Status],
// [Reset], [TruncateBody] and so on. The zero Effect changes nothing, and is only
// recorded in the log of requests, as "unnamed".
type Effect struct {
	name   string
	kinds  Kind            // that it can apply to; 0: all
	lost   bool            // the request never arrives
	known  bool            // it applies only to a job that a GET has shown
	denies bool            // the service refuses to do what is asked
	before func(*exchange) // acts before the request is handled
	after  func(*exchange) // acts on the answer
}

// String returns the name under which the effect appears in [Request].Fault.
func (e Effect) String() string { return cmp.Or(e.name, "unnamed") }

// Status answers with another status. If body is empty, the body is the service's own
// {"detail": …} with the status's name, or nothing if the status does not allow a
// body. header may be nil. Status panics if code is below 200 or above 999, since
// no final answer has such a status.
//
// With a code of 300 to 499 the service refuses, so a POST or a DELETE has no effect. With
// any other code, such as 500, the request has taken effect. A client that submits again
// then has two jobs, and pays for both.
func Status(code int, body string, header http.Header) Effect {
	if code < 200 || code > 999 {
		panic(fmt.Sprintf("edentest: Status(%d): want a code from 200 to 999", code))
	}
	return Effect{name: fmt.Sprintf("status %d", code), denies: code >= 300 && code < 500, after: func(x *exchange) {
		x.ans.Header = make(http.Header, 4)
		x.ans.hurt = true
		if body == "" {
			x.ans.detail(code, cmp.Or(http.StatusText(code), "Error"))
		} else {
			x.ans.Status, x.ans.Body = code, []byte(body)
			x.ans.Header.Set("Content-Type", http.DetectContentType(x.ans.Body))
			if body[0] == '{' || body[0] == '[' {
				x.ans.Header.Set("Content-Type", "application/json")
			}
		}
		for name, values := range header {
			x.ans.Header[http.CanonicalHeaderKey(name)] = values
		}
	}}
}

// RetryAfter answers 429 with exactly this Retry-After header: seconds, a
// date, or anything else. For another status, give [Status] the header.
func RetryAfter(value string) Effect {
	e := Status(http.StatusTooManyRequests, "", http.Header{"Retry-After": {value}})
	e.name = fmt.Sprintf("retry after %q", value)
	return e
}

// Redirect answers 307 with this location.
func Redirect(url string) Effect {
	e := Status(http.StatusTemporaryRedirect, "", http.Header{"Location": {url}})
	e.name = "redirect"
	return e
}

// RefuseConnection refuses the connection, so that the request never arrives. With
// [Start], the port is open, so the connection ends without an answer instead, like
// [Reset].
func RefuseConnection() Effect { return Effect{name: "refuse", lost: true} }

// Reset resets the connection after the request has been read, before the
// first byte of the answer. Over HTTP/2 it resets only the request's stream. Other
// requests of the connection continue.
//
// On loopback, note that an [http.Transport] repeats a GET on its own if this
// happens on a connection that it has used before.
func Reset() Effect { return onWire("reset", dropped) }

// ResetBody resets the connection, or the stream over HTTP/2, inside the body.
func ResetBody() Effect { return onWire("reset body", broken) }

// Stall sends half of the body and then nothing, until the client gives up. For an
// answer without a body, it does not send the header either.
func Stall() Effect { return onWire("stall", stalled) }

// Hang never answers. The connection stays open until the client gives up.
func Hang() Effect { return onWire("hang", hung) }

// Silence makes the request's connection go silent, like a connection that a router has
// forgotten. The connection stays open, but no more data arrives in either direction,
// so neither this request nor others under way are answered. New connections work.
// Fault.Skip and Fault.From determine when the connection goes silent. With Fault.Times
// 1, there is one such connection.
//
// Over HTTP/1.1 a request has a connection to itself. Over HTTP/2 all requests
// of a client usually share one. In memory, all requests of one [API.Client] share
// one too. A new connection is used for later requests once the client's
// CloseIdleConnections is called, or a request with Close set is sent. Requests that
// are under way keep the old connection.
// Through a server other than [Start]'s, Silence is [Hang].
func Silence() Effect { return onWire("silence", silent) }

// Drip sends the body bit by bit, spread over d.
func Drip(d time.Duration) Effect {
	return Effect{name: fmt.Sprintf("drip %v", d), after: func(x *exchange) { x.ans.wire, x.ans.drip = slow, d }}
}

func onWire(name string, w wire) Effect {
	return Effect{name: name, after: func(x *exchange) { x.ans.wire = w }}
}

// Delay sends the answer d later. The answer shows the state at the time when the request
// arrived.
func Delay(d time.Duration) Effect {
	return Effect{name: fmt.Sprintf("delay %v", d), after: func(x *exchange) { x.ans.Delay += d }}
}

// TruncateBody sends half of the body as if it were the whole: the length fits, the JSON
// does not.
func TruncateBody() Effect {
	return Edit("torn", func(_ Request, ans *Answer) { ans.Body = ans.Body[:len(ans.Body)/2] })
}

// Empty answers 200 with no body.
func Empty() Effect { return replace("empty", "application/json", "") }

// Null answers 200 with the JSON value null.
func Null() Effect { return replace("null", "application/json", "null") }

// HTML answers 200 with a page for humans, as gateways and login walls do.
func HTML() Effect {
	return replace("html", "text/html; charset=utf-8",
		"<!DOCTYPE html><html><head><title>One moment</title></head><body><h1>We will be back soon</h1></body></html>")
}

func replace(name, contentType, body string) Effect {
	return Edit(name, func(_ Request, ans *Answer) {
		ans.Status = http.StatusOK
		ans.Header.Set("Content-Type", contentType)
		ans.Body = []byte(body)
	})
}

// WrongType sends the true answer under another content type.
func WrongType(contentType string) Effect {
	return Effect{name: fmt.Sprintf("type %q", contentType), after: func(x *exchange) {
		x.ans.Header.Set("Content-Type", contentType)
	}}
}

// TruncateGzip sends the body compressed, and cut halfway.
func TruncateGzip() Effect {
	return Edit("gzip torn", func(_ Request, ans *Answer) {
		var b bytes.Buffer
		w := gzip.NewWriter(&b)
		// Writing to a Buffer does not fail.
		_, _ = w.Write(ans.Body)
		_ = w.Close()
		ans.Body = b.Bytes()[:b.Len()/2]
		ans.Header.Set("Content-Encoding", "gzip")
	})
}

// PadBody sends the true answer with n bytes of whitespace inside the JSON, without a
// Content-Length. The bytes are made as they are sent, so n may exceed the memory.
func PadBody(n int64) Effect {
	return Effect{name: fmt.Sprintf("huge %d", n), after: func(x *exchange) { x.ans.pad = max(0, n) }}
}

// OtherID answers the GET of a job with the next job that was added. If there is only
// one job, the answer is that job under another id.
func OtherID() Effect {
	return Effect{name: "other id", kinds: Get, before: func(x *exchange) { x.other = true }}
}

// ClockSkew shows every created_at shifted by d, which may be negative.
func ClockSkew(d time.Duration) Effect {
	return Effect{
		name:   fmt.Sprintf("clock skew %v", d),
		kinds:  Submit | Get | List,
		before: func(x *exchange) { x.skew = d },
	}
}

// StaleList shows the list as it was that long ago. It takes precedence over
// Options.ListLag.
func StaleList(ago time.Duration) Effect {
	return Effect{name: fmt.Sprintf("stale list %v", ago), kinds: List, before: func(x *exchange) { x.lag = ago }}
}

// Edit is a custom effect: f changes the answer. The request has taken effect by then:
// see [Fault]. f must not call the API. The name defaults to "unnamed".
func Edit(name string, f func(Request, *Answer)) Effect {
	return Effect{name: name, after: func(x *exchange) {
		status, body := x.ans.Status, x.ans.Body
		f(x.req, &x.ans)
		x.ans.hurt = x.ans.Status != status || !bytes.Equal(x.ans.Body, body)
	}}
}

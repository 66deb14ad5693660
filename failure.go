package edenwait

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"runtime"
	"strings"
	"syscall"
	"time"
)

// requestError describes a failed request and its cause. A waiting job whose GETs
// fail holds one of these, so the text is made when it is wanted, and jobs that
// fail alike share the cause.
type requestError struct {
	id  string // empty for the list
	err error
}

func (e *requestError) Error() string {
	if e.id == "" {
		return "edenwait: job list: " + e.err.Error()
	}
	return "edenwait: job " + e.id + ": " + e.err.Error()
}

func (e *requestError) Unwrap() error { return e.err }

// failure is a request without a usable answer. It keeps the text of the error that it came
// from, redacted and bounded. Its cause is the one part that a caller may look for: error
// chains of package net hold addresses, and chains of crypto/tls hold whole certificates.
type failure struct {
	text  string
	cause error
}

func (e *failure) Error() string { return e.text }

func (e *failure) Unwrap() error { return e.cause }

// Timeout implements net.Error's part that is in use.
func (e *failure) Timeout() bool {
	var timeout interface{ Timeout() bool }
	return errors.As(e.cause, &timeout) && timeout.Timeout()
}

const (
	// maxFailure bounds the text of a failure, in bytes.
	maxFailure = 160
	// maxChain is how long the text of an error may be whose chain is kept.
	maxChain = 4 * maxFailure
)

// newFailure reads an error of the HTTP client. Its text may quote anything from
// the server, including an output or the key.
func newFailure(err error, redact func(string) string) *failure {
	var ofURL *url.Error
	if errors.As(err, &ofURL) {
		err = ofURL.Err // the URL may hold a key in its path
	}
	if what := setupAdvice(err); what != "" {
		return &failure{text: what, cause: standardCause(err)}
	}
	text := shorten(err.Error())
	var op *net.OpError
	if errors.As(err, &op) && text == op.Error() {
		plain := *op
		plain.Source = nil // a port that is another each time
		text = plain.Error()
	}
	shown := withoutQuotations(text)
	if hidden := redact(text); hidden != text || shown != text || len(text) > maxChain || printable(text, maxChain) != text {
		// The wrapped errors must not show or hold anything that the text does not.
		return &failure{text: printable(withoutQuotations(hidden), maxFailure), cause: standardCause(err)}
	}
	return &failure{text: printable(text, maxFailure), cause: rootCause(err, redact)}
}

// withoutQuotations cuts a text of net/http before what it quotes of an answer.
func withoutQuotations(text string) string {
	const unquoted = "malformed MIME header"
	if at := strings.Index(text, unquoted); at >= 0 {
		text = text[:at+len(unquoted)] + " …"
	}
	if at := strings.IndexByte(text, '"'); at >= 0 {
		text = strings.TrimRight(text[:at], " ") + " …"
	}
	return text
}

// rootCause is the part of an error's chain that callers look for.
func rootCause(err error, redact func(string) string) error {
	if cause := standardCause(err); cause != nil {
		return cause
	}
	var op *net.OpError
	if errors.As(err, &op) {
		err = op.Err
	}
	// A RoundTripper's own, perhaps, which may hold the request that it is about.
	if text := fmt.Sprintf("%+v %#v", err, err); redact(text) != text {
		return nil
	}
	return err
}

// standardCause is one of the standard library's errors that hold nothing of an
// answer; nil if the chain has none.
func standardCause(err error) error {
	for _, sentinel := range []error{
		context.Canceled, context.DeadlineExceeded, io.ErrUnexpectedEOF, io.EOF, net.ErrClosed, http.ErrSchemeMismatch,
		ErrResponseTooLarge, errScheme,
	} {
		if errors.Is(err, sentinel) {
			return sentinel
		}
	}
	var (
		errno     syscall.Errno
		dns       *net.DNSError
		alert     tls.AlertError
		authority x509.UnknownAuthorityError
		hostname  x509.HostnameError
		invalid   x509.CertificateInvalidError
		roots     x509.SystemRootsError
		record    tls.RecordHeaderError
	)
	switch {
	case errors.As(err, &errno):
		return errno
	case errors.As(err, &dns):
		return dns
	case errors.As(err, &alert):
		return alert
	// Without the certificate, whose names a server chose.
	case errors.As(err, &authority):
		return x509.UnknownAuthorityError{}
	case errors.As(err, &hostname):
		return x509.HostnameError{Host: hostname.Host, Certificate: new(x509.Certificate)}
	case errors.As(err, &invalid):
		return x509.CertificateInvalidError{Reason: invalid.Reason}
	case errors.As(err, &roots):
		return roots
	case errors.As(err, &record):
		return tls.RecordHeaderError{Msg: record.Msg}
	case isScheme(err):
		return errScheme
	}
	return nil
}

// errScheme is net/http's own, which it does not export.
var errScheme = errors.New("unsupported protocol scheme")

func isScheme(err error) bool { return strings.Contains(err.Error(), errScheme.Error()) }

// isConnectionSetupError reports whether a request failed over a certificate, a
// host name or a scheme: as it would again, whatever the time. A server among
// several may be the only one of which this is true.
func isConnectionSetupError(err error) bool { return err != nil && setupAdvice(err) != "" }

// setupAdvice says what is wrong with the setup of a connection and what to do
// about it; it is empty for all other errors.
func setupAdvice(err error) string {
	var (
		verification *tls.CertificateVerificationError
		authority    x509.UnknownAuthorityError
		hostname     x509.HostnameError
		invalid      x509.CertificateInvalidError
		roots        x509.SystemRootsError
		record       tls.RecordHeaderError
		alert        tls.AlertError
	)
	switch {
	case errors.As(err, &authority):
		return "the server's certificate is signed by an unknown authority: install the authority's certificate, or trust it in the TLSClientConfig of Config.HTTPClient"
	case errors.As(err, &hostname):
		return "the server's certificate is not for " + plainOrQuoted(hostname.Host, 64) + ": check the host in Config.BaseURL, and any proxy on the way"
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return "the server's certificate has expired or is not valid yet: check this machine's clock, then the server"
	case errors.As(err, &roots):
		return "this machine has no root certificates: install them (often the package ca-certificates)"
	case errors.As(err, &invalid), errors.As(err, &verification):
		return "the server's certificate is not valid: check Config.BaseURL, and any proxy on the way"
	case errors.As(err, &record), errors.Is(err, http.ErrSchemeMismatch):
		return "the server does not speak TLS: check the scheme and the port in Config.BaseURL"
	case errors.As(err, &alert) && isFinalAlert(uint8(alert)):
		return "the server refuses the TLS handshake (" + alert.Error() + "): check the TLSClientConfig of Config.HTTPClient, and any proxy on the way"
	case errors.Is(err, errScheme), isScheme(err):
		return "unsupported protocol scheme: check Config.BaseURL, and the Transport of Config.HTTPClient"
	}
	return ""
}

// isFinalAlert leaves out the alerts of RFC 8446, section 6, that a server in
// trouble sends: close_notify, internal_error and user_canceled.
func isFinalAlert(alert uint8) bool { return alert != 0 && alert != 80 && alert != 90 }

// timeoutFailure is a request that the watchdog ended.
func timeoutFailure(timeout time.Duration, header bool) *failure {
	text := fmt.Sprintf("no answer within %v: %v", timeout, context.DeadlineExceeded)
	if header {
		text = fmt.Sprintf("the answer came to a halt: less than %d bytes per second for %v: %v", slowest, timeout, context.DeadlineExceeded)
	}
	return &failure{text: text, cause: context.DeadlineExceeded}
}

// panicFailure is a panic of the HTTP client.
func panicFailure(thrown any, redact func(string) string) *failure {
	text, safe := safeThrown(thrown, redact)
	switch _, own := thrown.(runtime.Error); {
	case own:
		return &failure{text: "the HTTP client panicked: " + printable(text, maxFailure)}
	case !safe:
		return &failure{text: fmt.Sprintf("the HTTP client panicked with a %T", thrown)}
	}
	return &failure{text: "the HTTP client panicked: " + quote(text, maxFailure)}
}

package webhook

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
)

// ErrSignature is matched by the error of a delivery whose signature is not
// verified: it is missing or malformed, it is not the body's, or there is no key
// to verify it with.
var ErrSignature = errors.New("the signature is not verified")

// The headers of a delivery. X-Edenai-Webhook, which is always "true", says
// nothing that the body does not.
const (
	signatureHeader = "X-Edenai-Signature"
	algorithmHeader = "X-Edenai-Hash-Algorithm"
)

// verify checks the signature of a body against each form of its text. One key
// signs all of them, so that accepting any of them gives nothing to a forger.
func verify(header http.Header, body []byte, keys []*rsa.PublicKey) error {
	if len(keys) == 0 {
		return fmt.Errorf("%w: no key is configured", ErrSignature)
	}
	text := strings.TrimSpace(first(header, signatureHeader))
	if text == "" {
		return fmt.Errorf("%w: there is no %s header", ErrSignature, signatureHeader)
	}
	signature, err := hex.DecodeString(text)
	if err != nil {
		return fmt.Errorf("%w: %s is not hexadecimal: %s", ErrSignature, signatureHeader, quote(text))
	}
	// Any body of any size can come with a wrong signature: one that no key can
	// have made is rejected without a pass over the body.
	keys = slices.DeleteFunc(slices.Clone(keys), func(key *rsa.PublicKey) bool {
		return key == nil || key.N == nil || key.Size() != len(signature)
	})
	if len(keys) == 0 {
		return fmt.Errorf("%w: it has %d bytes, which is not the size of any key", ErrSignature, len(signature))
	}
	verified, why := anyForm(body, func(digest []byte) bool { return signed(digest, signature, keys) })
	switch algorithm := first(header, algorithmHeader); {
	case verified:
		return nil
	case why != nil:
		return fmt.Errorf("%w: it does not match the body as sent, and the canonical text cannot be built: %w", ErrSignature, why)
	case algorithm != "" && !strings.EqualFold(algorithm, "SHA256"):
		return fmt.Errorf("%w: invalid algorithm %s: want SHA256", ErrSignature, quote(algorithm))
	}
	return fmt.Errorf("%w: it does not match this body for any key", ErrSignature)
}

// anyForm reports whether ok accepts the SHA-256 of any form of the body. If it
// does not, the error says why a form could not be tried.
func anyForm(body []byte, ok func(digest []byte) bool) (bool, error) {
	digest := sha256.New()
	try := func(write func(io.Writer) error) (bool, error) {
		digest.Reset()
		if err := write(digest); err != nil {
			return false, err
		}
		return ok(digest.Sum(nil)), nil
	}
	raw := func(w io.Writer) error { _, err := w.Write(body); return err }
	if accepted, err := try(raw); accepted || err != nil {
		return accepted, err
	}
	text, err := readCanonical(body)
	if err != nil {
		return false, err
	}
	for _, f := range text.forms() {
		accepted, err := try(func(w io.Writer) error { return text.writeTo(w, f) })
		if accepted || err != nil {
			return accepted, err
		}
	}
	return false, nil
}

// signed reports whether any of the keys has signed the digest. What is signed
// is its hexadecimal text, of which the signature takes the SHA-256 once more.
func signed(digest, signature []byte, keys []*rsa.PublicKey) bool {
	again := sha256.Sum256(hex.AppendEncode(nil, digest))
	return slices.ContainsFunc(keys, func(key *rsa.PublicKey) bool {
		return rsa.VerifyPKCS1v15(key, crypto.SHA256, again[:], signature) == nil
	})
}

// first returns the first value of the header, whatever the case of its name:
// gateways that are not net/http hand on lower-case ones.
func first(header http.Header, name string) string {
	if value := header.Get(name); value != "" {
		return value
	}
	for key, values := range header {
		if len(values) > 0 && strings.EqualFold(key, name) {
			return values[0]
		}
	}
	return ""
}

package webhook

import (
	"bytes"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
)

// minKeyBits is the shortest key with which crypto/rsa verifies.
const minKeyBits = 1024

// ParseKeys reads the RSA public keys in a PEM file, in their order. It reads
// PKCS #1 ("RSA PUBLIC KEY"), PKIX ("PUBLIC KEY") and certificates
// ("CERTIFICATE"), of which only the key is used: neither the dates nor the
// issuer are checked. Text between the blocks is ignored.
//
// It fails if there is no key, if any block is damaged or holds something else,
// and if a key has fewer than 1,024 bits.
//
// Eden AI's support provides the key that verifies deliveries. To rotate keys, put both
// the old and the new key in the file: a delivery needs only one of them.
func ParseKeys(data []byte) ([]*rsa.PublicKey, error) {
	var keys []*rsa.PublicKey
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf")) // of a Windows editor
	// Decode skips a damaged block without a word, and a key that is silently
	// missing shows only when deliveries are rejected.
	for want := bytes.Count(data, []byte("-----BEGIN ")); len(keys) < want; {
		block, rest := pem.Decode(data)
		if block == nil || bytes.Count(data[:len(data)-len(rest)], []byte("-----BEGIN ")) > 1 {
			return nil, fmt.Errorf("webhook: PEM block %d is damaged", len(keys)+1)
		}
		key, err := parseKey(block)
		if err != nil {
			return nil, fmt.Errorf("webhook: PEM block %d, %s: %w", len(keys)+1, quote(block.Type), err)
		}
		keys, data = append(keys, key), rest
	}
	if len(keys) == 0 {
		return nil, errors.New("webhook: no PEM block: want one that starts with -----BEGIN PUBLIC KEY----- on its own line")
	}
	return keys, nil
}

func parseKey(block *pem.Block) (*rsa.PublicKey, error) {
	var parsed any
	var err error
	switch block.Type {
	case "RSA PUBLIC KEY", "PUBLIC KEY":
		// The two labels are mixed up often enough to read either under both.
		if parsed, err = x509.ParsePKCS1PublicKey(block.Bytes); err != nil {
			parsed, err = x509.ParsePKIXPublicKey(block.Bytes)
		}
	case "CERTIFICATE":
		var certificate *x509.Certificate
		if certificate, err = x509.ParseCertificate(block.Bytes); err == nil {
			parsed = certificate.PublicKey
		}
	default:
		return nil, errors.New("not a public key: want RSA PUBLIC KEY, PUBLIC KEY or CERTIFICATE")
	}
	if err != nil {
		return nil, err
	}
	key, ok := parsed.(*rsa.PublicKey)
	if !ok {
		return nil, fmt.Errorf("not an RSA key: %T", parsed)
	}
	if bits := key.N.BitLen(); bits < minKeyBits {
		return nil, fmt.Errorf("invalid key of %d bits: want at least %d", bits, minKeyBits)
	}
	return key, nil
}

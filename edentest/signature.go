package edentest

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"sync"
)

// ownKey is the key of all APIs that were not given one. No key stands in the
// source, where scanners would rightly find it.
var ownKey = sync.OnceValue(func() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(fmt.Sprintf("edentest: no key to sign webhooks with: %v", err))
	}
	return key
})

// sign adds to the header what the service sends along with that body: RSA
// PKCS#1 v1.5 with SHA-256 over the hex digest of the canonical JSON, which is thus
// hashed twice. A body that is not JSON, as a Script may have it, is signed as it
// is.
func sign(header http.Header, body []byte, form SignatureForm, key *rsa.PrivateKey) error {
	text, err := canonicalJSON(body, form)
	if err != nil {
		text = body
	}
	digest := sha256.Sum256(text)
	again := sha256.Sum256([]byte(hex.EncodeToString(digest[:])))
	signature, err := rsa.SignPKCS1v15(nil, key, crypto.SHA256, again[:])
	if err != nil {
		return fmt.Errorf("edentest: signing a webhook: %w", err)
	}
	header.Set("X-Edenai-Signature", hex.EncodeToString(signature))
	header.Set("X-Edenai-Hash-Algorithm", "SHA256")
	return nil
}

package webhook

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"math/big"
	"os"
	"strings"
	"testing"
)

func file(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func publicKey(t testing.TB, name string) *rsa.PublicKey {
	t.Helper()
	keys, err := ParseKeys(file(t, name))
	if err != nil || len(keys) != 1 {
		t.Fatalf("%d keys, %v", len(keys), err)
	}
	return keys[0]
}

// sign returns the signature of a canonical text, as the API makes it.
func sign(t testing.TB, canonical string) string {
	t.Helper()
	block, _ := pem.Decode(file(t, "key.pem"))
	key, err := x509.ParsePKCS1PrivateKey(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	digest := sha256.Sum256([]byte(canonical))
	again := sha256.Sum256([]byte(hex.EncodeToString(digest[:])))
	signature, err := rsa.SignPKCS1v15(nil, key, crypto.SHA256, again[:])
	if err != nil {
		t.Fatal(err)
	}
	return hex.EncodeToString(signature)
}

func TestParseKeys(t *testing.T) {
	want := publicKey(t, "pkcs1.pem")
	for _, name := range []string{"pkix.pem", "certificate.pem"} {
		if got := publicKey(t, name); !got.Equal(want) {
			t.Errorf("%s is another key", name)
		}
	}
	relabeled := bytes.ReplaceAll(file(t, "pkix.pem"), []byte(" PUBLIC"), []byte(" RSA PUBLIC"))
	all := bytes.Join([][]byte{file(t, "pkcs1.pem"), []byte("# the old one\n"), file(t, "another.pem"), []byte("\r\n\n"), relabeled}, nil)
	keys, err := ParseKeys(bytes.ReplaceAll(all, []byte("\n"), []byte("\r\n")))
	if err != nil || len(keys) != 3 || !keys[0].Equal(want) || keys[1].Equal(want) || !keys[2].Equal(want) {
		t.Errorf("%d keys, %v", len(keys), err)
	}
	if keys, err := ParseKeys(append([]byte("\ufeff"), all...)); err != nil || len(keys) != 3 {
		t.Errorf("after a byte order mark: %d keys, %v", len(keys), err)
	}
}

func TestParseKeysRefuses(t *testing.T) {
	elliptical, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	ecdsaBytes, err := x509.MarshalPKIXPublicKey(&elliptical.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	short := &rsa.PublicKey{N: new(big.Int).SetBit(big.NewInt(1), 767, 1), E: 65537}
	good := string(file(t, "pkcs1.pem"))
	tests := []struct{ name, pem, want string }{
		{"empty", "", "no PEM block"},
		{"not PEM", "ssh-rsa AAAA", "no PEM block"},
		{"on one line", strings.ReplaceAll(good, "\n", `\n`), "PEM block 1 is damaged"},
		{"cut", good[:len(good)/2], "PEM block 1 is damaged"},
		{"a damaged block before a good one", strings.Replace(good, "MII", "M!!", 1) + good, "PEM block 1 is damaged"},
		{"a damaged block after a good one", good + strings.Replace(good, "MII", "M!!", 1), "PEM block 2 is damaged"},
		{"private", string(file(t, "key.pem")), `"RSA PRIVATE KEY": not a public key`},
		{"good and private", good + string(file(t, "key.pem")), `PEM block 2, "RSA PRIVATE KEY"`},
		{"not RSA", encode("PUBLIC KEY", ecdsaBytes), "not an RSA key: *ecdsa.PublicKey"},
		{"short", encode("RSA PUBLIC KEY", x509.MarshalPKCS1PublicKey(short)), "invalid key of 768 bits"},
		{"nonsense", encode("PUBLIC KEY", []byte("x")), `PEM block 1, "PUBLIC KEY"`},
		{"not a certificate", encode("CERTIFICATE", []byte("x")), "x509"},
		{"a long label", encode(strings.Repeat("\x1bX", 500), nil), `…: not a public key`},
	}
	for _, tt := range tests {
		keys, err := ParseKeys([]byte(tt.pem))
		if err == nil || keys != nil || !strings.Contains(err.Error(), tt.want) || len(err.Error()) > 400 {
			t.Errorf("%s: %d keys, error %v, want %q", tt.name, len(keys), err, tt.want)
		}
		if err != nil && (strings.Contains(err.Error(), good[40:60]) || strings.Contains(err.Error(), "\x1b")) {
			t.Errorf("%s: the error shows what it should not: %q", tt.name, err)
		}
	}
}

func encode(label string, data []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: label, Bytes: data}))
}

func FuzzParseKeys(f *testing.F) {
	for _, name := range []string{"pkcs1.pem", "pkix.pem", "certificate.pem", "key.pem"} {
		f.Add(file(f, name))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if keys, err := ParseKeys(data); (err == nil) != (len(keys) > 0) {
			t.Fatalf("%d keys, %v", len(keys), err)
		}
	})
}

package testbed

import (
	"crypto/tls"
	"crypto/x509"
	"net/http"
	"net/http/httptest"
	"sync"
)

// Certificate is the one that Roots trusts.
var Certificate = sync.OnceValue(func() []tls.Certificate {
	server := httptest.NewTLSServer(nil)
	defer server.Close()
	return server.TLS.Certificates
})

// Trusting is http.DefaultTransport on a machine that trusts httptest's servers.
func Trusting() *http.Transport {
	defaultTransport.Lock()
	defer defaultTransport.Unlock()
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.TLSClientConfig = &tls.Config{RootCAs: Roots(), MinVersion: tls.VersionTLS12}
	return transport
}

// Roots has the certificate of each TLS server of httptest: they share it.
var Roots = sync.OnceValue(func() *x509.CertPool {
	server := httptest.NewTLSServer(nil)
	defer server.Close()
	roots := x509.NewCertPool()
	roots.AddCert(server.Certificate())
	return roots
})

// defaultTransport guards http.DefaultTransport, for tests that run in parallel.
var defaultTransport sync.Mutex

// WithDefaultTransport runs what makes a client of its own.
func WithDefaultTransport(transport http.RoundTripper, run func()) {
	defaultTransport.Lock()
	defer defaultTransport.Unlock()
	before := http.DefaultTransport
	http.DefaultTransport = transport
	defer func() { http.DefaultTransport = before }()
	run()
}

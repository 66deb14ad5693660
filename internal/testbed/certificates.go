package testbed

import (
	"crypto/tls"
	"crypto/x509"
	"math/rand/v2"
	"net/http"
	"net/url"
	"sync"

	"github.com/edenwait/edenwait/edentest"
)

// Certificates is an API some of whose servers have a certificate that is not
// trusted: one in every.
type Certificates struct {
	API   *edentest.API
	Every int
	Sent  int // requests; for when no request is under way

	mu  sync.Mutex
	rng *rand.Rand
}

// Client reaches the API, or fails to.
func (c *Certificates) Client() *http.Client {
	good := c.API.Client()
	c.rng = rand.New(rand.NewPCG(1, uint64(c.Every)))
	return &http.Client{Transport: RoundTrip(func(r *http.Request) (*http.Response, error) {
		c.mu.Lock()
		c.Sent++
		bad := c.rng.IntN(c.Every) == 0
		c.mu.Unlock()
		if bad {
			return nil, &url.Error{Op: "Get", URL: r.URL.String(), Err: &tls.CertificateVerificationError{Err: x509.UnknownAuthorityError{}}}
		}
		return good.Transport.RoundTrip(r)
	})}
}

package edenwait_test

import (
	"crypto/tls"
	"crypto/x509"
	"math/rand/v2"
	nethttp "net/http"
	"net/url"
	"sync"

	"github.com/edenwait/edenwait/edentest"
)

// certificates is an API some of whose servers have a certificate that is not
// trusted: one in every.
type certificates struct {
	api   *edentest.API
	every int

	mu   sync.Mutex
	rng  *rand.Rand
	sent int
}

func (c *certificates) client() *nethttp.Client {
	good := c.api.Client()
	c.rng = rand.New(rand.NewPCG(1, uint64(c.every)))
	return &nethttp.Client{Transport: roundTrip(func(r *nethttp.Request) (*nethttp.Response, error) {
		c.mu.Lock()
		c.sent++
		bad := c.rng.IntN(c.every) == 0
		c.mu.Unlock()
		if bad {
			return nil, &url.Error{Op: "Get", URL: r.URL.String(), Err: &tls.CertificateVerificationError{Err: x509.UnknownAuthorityError{}}}
		}
		return good.Transport.RoundTrip(r)
	})}
}

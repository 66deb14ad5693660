package baseline

import (
	"context"
	"net/http"

	"golang.org/x/time/rate"
)

// paced is the same loop behind one rate.Limiter. A transport is where it fits
// every SDK: the loop's own retries wait in the same line.
func paced(b Baseline) Baseline {
	b.Name, b.Paced, b.Hungry = b.Name+", paced", true, false
	if open := b.Open; open != nil {
		b.Open = func(ctx context.Context, s Service) Wait { return open(ctx, s.paced()) }
	}
	if batch := b.Batch; batch != nil {
		b.Batch = func(ctx context.Context, s Service, ids []string) int { return batch(ctx, s.paced(), ids) }
	}
	return b
}

func (s Service) paced() Service {
	client := *s.Client
	client.Transport = pacedTransport{rate.NewLimiter(rate.Limit(s.Rate), 1), s.transport()}
	s.Client = &client
	return s
}

// pacedTransport holds all requests through it to a rate, first come, first served.
type pacedTransport struct {
	limiter *rate.Limiter
	next    http.RoundTripper
}

// RoundTrip implements http.RoundTripper.
func (t pacedTransport) RoundTrip(req *http.Request) (*http.Response, error) {
	if err := t.limiter.Wait(req.Context()); err != nil {
		return nil, err
	}
	return t.next.RoundTrip(req)
}

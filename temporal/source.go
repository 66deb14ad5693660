package edentemporal

import (
	"context"
	"net/http"

	"github.com/edenwait/edenwait"
)

// fenced returns the Source of a Config, behind a fence. A Waiter calls it when it
// has granted a turn, so that no time passes between the fence and the request.
func (f *fence) fenced(config edenwait.Config) (edenwait.Source, error) {
	if config.Source == nil {
		poller, err := edenwait.NewPoller(config)
		if err != nil {
			return nil, err
		}
		return &fencedPoller{Poller: poller, fence: f}, nil
	}
	source := &fencedSource{Source: config.Source, fence: f}
	if lister, ok := config.Source.(edenwait.Lister); ok {
		return &fencedLister{fencedSource: source, lister: lister}, nil
	}
	return source, nil
}

// fencedPoller embeds the Poller, so that the Waiter closes its connections.
type fencedPoller struct {
	*edenwait.Poller
	fence *fence
}

func (s *fencedPoller) Get(ctx context.Context, id string) (*edenwait.Job, error) {
	if err := s.fence.check(now()); err != nil {
		return nil, err
	}
	return s.Poller.Get(ctx, id)
}

func (s *fencedPoller) List(ctx context.Context, query edenwait.ListQuery) (*edenwait.JobPage, error) {
	if err := s.fence.check(now()); err != nil {
		return nil, err
	}
	return s.Poller.List(ctx, query)
}

type fencedSource struct {
	edenwait.Source
	fence *fence
}

func (s *fencedSource) Get(ctx context.Context, id string) (*edenwait.Job, error) {
	if err := s.fence.check(now()); err != nil {
		return nil, err
	}
	return s.Source.Get(ctx, id)
}

type fencedLister struct {
	*fencedSource
	lister edenwait.Lister
}

func (s *fencedLister) List(ctx context.Context, query edenwait.ListQuery) (*edenwait.JobPage, error) {
	if err := s.fence.check(now()); err != nil {
		return nil, err
	}
	return s.lister.List(ctx, query)
}

// transport is the fence for the caller's own requests. It is below
// Waiter.Transport, so it too is checked after the turn was granted.
type transport struct {
	next  http.RoundTripper
	fence *fence
}

func (f *fence) transport(config edenwait.Config) http.RoundTripper {
	next := http.DefaultTransport
	if config.HTTPClient != nil && config.HTTPClient.Transport != nil {
		next = config.HTTPClient.Transport
	}
	return &transport{next: next, fence: f}
}

func (t *transport) RoundTrip(req *http.Request) (*http.Response, error) {
	if err := t.fence.check(now()); err != nil {
		if req.Body != nil {
			_ = req.Body.Close()
		}
		return nil, err
	}
	return t.next.RoundTrip(req)
}

// CloseIdleConnections closes the idle connections of the RoundTripper below.
func (t *transport) CloseIdleConnections() {
	if closer, ok := t.next.(interface{ CloseIdleConnections() }); ok {
		closer.CloseIdleConnections()
	}
}

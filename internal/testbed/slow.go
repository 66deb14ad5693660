package testbed

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/edenwait/edenwait"
)

// Asked is what became of one GET of a SlowSource.
type Asked struct {
	Began   time.Duration
	Aborted time.Duration // -1 if it was not
	Tenant  any
}

// TenantKey is the key of the value of a context that a SlowSource records.
type TenantKey struct{}

// SlowSource answers each GET after a while, and a while after it was aborted.
type SlowSource struct {
	Start time.Time
	Takes time.Duration // an answer
	Dying time.Duration // an answer, from the abort
	Done  func(poll int) bool

	mu    sync.Mutex
	Asked []Asked
}

// Get implements edenwait.Source.
func (s *SlowSource) Get(ctx context.Context, id string) (*edenwait.Job, error) {
	s.mu.Lock()
	n := len(s.Asked)
	s.Asked = append(s.Asked, Asked{time.Since(s.Start), -1, ctx.Value(TenantKey{})})
	s.mu.Unlock()
	select {
	case <-time.After(s.Takes):
	case <-ctx.Done():
		s.mu.Lock()
		s.Asked[n].Aborted = time.Since(s.Start)
		s.mu.Unlock()
		if s.Dying < 0 {
			return nil, ctx.Err()
		}
		time.Sleep(s.Dying)
	}
	if s.Done(n + 1) {
		return Succeeded(id)
	}
	return Running(id)
}

// NewSlow returns a Waiter of the Source, whose time begins now.
func NewSlow(t *testing.T, s *SlowSource, config edenwait.Config) *edenwait.Waiter {
	t.Helper()
	s.Start = time.Now()
	config.Source = s
	return start(t, config)
}

package testbed

import (
	"context"
	"sync/atomic"
	"testing"

	"github.com/edenwait/edenwait"
)

// GetFunc is a Source without a list.
type GetFunc func(ctx context.Context, id string) (*edenwait.Job, error)

// Get implements edenwait.Source.
func (f GetFunc) Get(ctx context.Context, id string) (*edenwait.Job, error) { return f(ctx, id) }

// Endless is a Source whose jobs never end, and which keeps none of them.
type Endless struct{}

// Get implements edenwait.Source.
func (Endless) Get(_ context.Context, id string) (*edenwait.Job, error) { return Running(id) }

// Script is what a Scripted Source answers to its nth poll, of any job.
type Script func(ctx context.Context, id string, poll int) (*edenwait.Job, error)

// Scripted is a Source that answers with what a Script says.
type Scripted struct {
	Answer Script
	polls  atomic.Int64
}

// Get implements edenwait.Source.
func (s *Scripted) Get(ctx context.Context, id string) (*edenwait.Job, error) {
	return s.Answer(ctx, id, int(s.polls.Add(1)))
}

// Running answers that the job runs.
func Running(id string) (*edenwait.Job, error) {
	return &edenwait.Job{ID: id, Status: edenwait.StatusProcessing}, nil
}

// Succeeded answers that the job has succeeded.
func Succeeded(id string) (*edenwait.Job, error) {
	return &edenwait.Job{ID: id, Status: edenwait.StatusSuccess}, nil
}

// NewScripted returns a Waiter of a Scripted Source.
func NewScripted(t *testing.T, answer Script, config edenwait.Config) *edenwait.Waiter {
	t.Helper()
	config.Source = &Scripted{Answer: answer}
	return start(t, config)
}

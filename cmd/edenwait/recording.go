package main

import (
	"context"
	"errors"
	"time"

	"github.com/edenwait/edenwait"
	"github.com/google/uuid"

	"github.com/edenwait/edenwait/cmd/edenwait/internal/report"
	"github.com/edenwait/edenwait/cmd/edenwait/internal/timeline"
)

// watch is the source that a Waiter asks. It looks on as answers pass: what was
// seen running when is known to nobody else, and tells how late the news of a
// job's end can have been.
type watch struct {
	*edenwait.Poller
	proof    *proof
	roster   *roster
	tally    *report.Tally
	timeline *timeline.Recorder // nil if no picture is wanted
}

// Get implements edenwait.Source.
func (w *watch) Get(ctx context.Context, id string) (*edenwait.Job, error) {
	asked := time.Now()
	job, err := w.Poller.Get(ctx, id)
	parsed, ok := parseID(id)
	if !ok {
		return job, err
	}
	w.timeline.Get(parsed, asked)
	if err == nil {
		w.proof.give()
	}
	switch {
	case errors.Is(err, edenwait.ErrNotFound):
		if wrong := w.proof.demand(ctx, w.Poller); wrong != nil {
			return nil, wrong
		}
	case err != nil:
	case !job.Status.Done():
		w.roster.saw(asked, parsed)
	default:
		w.known(parsed, job)
	}
	return job, err
}

func (w *watch) known(id uuid.UUID, job *edenwait.Job) {
	w.timeline.Ended(id, job.CreatedAt, job.Status != edenwait.StatusSuccess)
	late, seen := w.roster.lastSeen(id)
	if !seen {
		w.tally.KnownEarly()
		return
	}
	var ran time.Duration
	if !job.CreatedAt.IsZero() {
		ran = time.Since(job.CreatedAt)
	}
	w.tally.Known(ran, late)
}

// List implements edenwait.Lister.
func (w *watch) List(ctx context.Context, query edenwait.ListQuery) (*edenwait.JobPage, error) {
	asked := time.Now()
	page, err := w.Poller.List(ctx, query)
	w.timeline.List(asked)
	if err != nil {
		return page, err
	}
	w.proof.give()
	running := make([]uuid.UUID, 0, len(page.Items))
	for i := range page.Items {
		if item := &page.Items[i]; !item.Status.Done() {
			if id, ok := parseID(item.ID); ok {
				running = append(running, id)
			}
		}
	}
	w.roster.saw(asked, running...)
	return page, nil
}

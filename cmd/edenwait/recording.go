package main

import (
	"context"
	"time"

	"github.com/edenwait/edenwait"
	"github.com/google/uuid"

	"github.com/edenwait/edenwait/cmd/edenwait/internal/report"
	"github.com/edenwait/edenwait/cmd/edenwait/internal/timeline"
)

// recordingSource is the source that a Waiter asks. It looks on as answers pass: what was
// seen running when is known to nobody else, and tells how late the news of a
// job's end can have been.
type recordingSource struct {
	*edenwait.Poller
	check    *apiCheck
	roster   *roster
	tally    *report.Tally
	timeline *timeline.Recorder // nil if no picture is wanted
}

// Get implements edenwait.Source.
func (s *recordingSource) Get(ctx context.Context, id string) (*edenwait.Job, error) {
	asked := time.Now()
	job, err := s.Poller.Get(ctx, id)
	parsed, ok := parseID(id)
	if !ok {
		return job, err
	}
	s.timeline.Get(parsed, asked)
	switch {
	case err != nil:
		return job, err
	case !job.Status.Done():
		s.roster.saw(asked, parsed)
	default:
		s.known(parsed, job)
	}
	s.check.knows()
	return job, err
}

func (s *recordingSource) known(id uuid.UUID, job *edenwait.Job) {
	s.timeline.Ended(id, job.CreatedAt, job.Status != edenwait.StatusSuccess)
	late, seen := s.roster.lastSeen(id)
	if !seen {
		s.tally.KnownEarly()
		return
	}
	var ran time.Duration
	if !job.CreatedAt.IsZero() {
		ran = time.Since(job.CreatedAt)
	}
	s.tally.Known(ran, late)
}

// List implements edenwait.Lister.
func (s *recordingSource) List(ctx context.Context, query edenwait.ListQuery) (*edenwait.JobPage, error) {
	asked := time.Now()
	page, err := s.Poller.List(ctx, query)
	s.timeline.List(asked)
	s.check.list(err)
	if err != nil {
		return page, err
	}
	all := make([]uuid.UUID, 0, len(page.Items))
	running := make([]uuid.UUID, 0, len(page.Items))
	for i := range page.Items {
		item := &page.Items[i]
		id, ok := parseID(item.ID)
		if !ok {
			continue
		}
		if all = append(all, id); !item.Status.Done() {
			running = append(running, id)
		}
	}
	if s.roster.asks(all...) {
		s.check.knows()
	}
	s.roster.saw(asked, running...)
	return page, nil
}

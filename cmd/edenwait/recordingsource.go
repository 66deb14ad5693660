package main

import (
	"context"
	"time"

	"github.com/edenwait/edenwait"
	"github.com/google/uuid"

	"github.com/edenwait/edenwait/cmd/edenwait/internal/ids"
	"github.com/edenwait/edenwait/cmd/edenwait/internal/report"
	"github.com/edenwait/edenwait/cmd/edenwait/internal/timeline"
)

// recordingSource is the Waiter's source. It records when each job was last seen running,
// which bounds the lag of its result and which the Waiter does not report.
type recordingSource struct {
	*edenwait.Poller
	check    *apiCheck
	jobTable *jobTable
	tally    *report.Tally
	timeline *timeline.Recorder // nil without --timeline
}

// Get implements edenwait.Source.
func (s *recordingSource) Get(ctx context.Context, id string) (*edenwait.Job, error) {
	sent := time.Now()
	job, err := s.Poller.Get(ctx, id)
	parsed, ok := ids.Parse(id)
	if !ok {
		return job, err
	}
	s.timeline.Get(parsed, sent)
	switch {
	case err != nil:
		return job, err
	case !job.Status.Done():
		s.jobTable.sawRunning(sent, parsed)
	default:
		s.ended(parsed, job)
	}
	s.check.setKnown()
	return job, err
}

func (s *recordingSource) ended(id uuid.UUID, job *edenwait.Job) {
	s.timeline.Ended(id, job.CreatedAt, job.Status != edenwait.StatusSuccess)
	late, seen := s.jobTable.lastSeen(id)
	if !seen {
		s.tally.EndedEarly()
		return
	}
	var ran time.Duration
	if !job.CreatedAt.IsZero() {
		ran = time.Since(job.CreatedAt)
	}
	s.tally.Ended(ran, late)
}

// List implements edenwait.Lister.
func (s *recordingSource) List(ctx context.Context, query edenwait.ListQuery) (*edenwait.JobPage, error) {
	sent := time.Now()
	page, err := s.Poller.List(ctx, query)
	s.timeline.List(sent)
	s.check.noteList(err)
	if err != nil {
		return page, err
	}
	all := make([]uuid.UUID, 0, len(page.Items))
	running := make([]uuid.UUID, 0, len(page.Items))
	for i := range page.Items {
		item := &page.Items[i]
		id, ok := ids.Parse(item.ID)
		if !ok {
			continue
		}
		if all = append(all, id); !item.Status.Done() {
			running = append(running, id)
		}
	}
	if s.jobTable.contains(all...) {
		s.check.setKnown()
	}
	s.jobTable.sawRunning(sent, running...)
	return page, nil
}

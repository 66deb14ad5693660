package main

import (
	"context"

	"github.com/google/uuid"

	"github.com/edenwait/edenwait"
)

// trace collects what only the Waiter knows: its requests, and the lag of its results.
func (b *batch) trace(ended func(edenwait.JobEndInfo)) *edenwait.Trace {
	return &edenwait.Trace{
		RequestStart: func(_ context.Context, info edenwait.RequestInfo) context.Context {
			if info.Kind == edenwait.RequestList {
				b.picture.List()
			} else {
				b.picture.Get(uuid.MustParse(info.JobID))
			}
			return nil
		},
		RequestEnd: func(_ context.Context, info edenwait.RequestEndInfo) {
			switch {
			case info.Kind == edenwait.RequestList:
				b.check.noteList(info.Err)
			case info.Status != "":
				b.check.setKnown()
			}
		},
		JobEnd: func(_ context.Context, info edenwait.JobEndInfo) {
			switch {
			case info.LagBounded:
				b.tally.Late(info.Lag)
			case info.Outcome != edenwait.OutcomeError:
				b.jobTable.setEarly(info.ID)
				b.tally.Early()
			}
			ended(info)
		},
	}
}

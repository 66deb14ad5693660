package main

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/edenwait/edenwait"
	"github.com/edenwait/edenwait/cmd/edenwait/internal/report"
	"github.com/edenwait/edenwait/cmd/edenwait/internal/resultlog"
)

const jobID = "0f8a6f0e-5d1c-4b1e-9d55-0f7f2d8f9a11"

func TestJobTable(t *testing.T) {
	t.Parallel()
	r := newJobTable()
	r.addEarlier(resultlog.Entry{ID: jobID, Outcome: edenwait.OutcomeFail, Provider: "p", Cost: "0.25"})
	r.addEarlier(resultlog.Entry{ID: "bad", Outcome: edenwait.OutcomeError})
	for _, add := range []struct {
		id   string
		want bool
	}{
		{strings.ToUpper(jobID), false}, {jobID, false}, {"bad", true}, {"bad", false}, {"BAD", true}, {"BAD", false}, {"", true},
		{"c2b7a9d4-30c1-4c39-8a6e-6b1d7c5e4f22", true}, {"c2b7a9d430c14c398a6e6b1d7c5e4f22", true},
	} {
		got, earlier := r.add(add.id)
		if got != add.want {
			t.Errorf("ask %q: %v, want %v", add.id, got, add.want)
		}
		if add.id == strings.ToUpper(jobID) && (earlier == nil || *earlier != earlierLine{edenwait.OutcomeFail, "p", "0.25"}) {
			t.Errorf("%q was %v", add.id, earlier)
		}
	}
	r.count(func(c *report.Counts) {
		c.Ended(edenwait.OutcomeSuccess)
		c.GaveUp, c.Unwritten, c.Unknown = 1, 1, 1
	})
	want := report.Counts{Total: 6, Succeeded: 1, Failed: 1, GaveUp: 1, Unwritten: 1, Unknown: 1, Earlier: 1, EarlierFailed: 1, Repeated: 3}
	if got := r.snapshot(); got != want || got.Waiting() != 1 {
		t.Errorf("got %+v, %d waiting, want %+v, 1", got, got.Waiting(), want)
	}
}

// TestSample: ids from anywhere in the batch, all without a line.
func TestSample(t *testing.T) {
	t.Parallel()
	r := newJobTable()
	r.addEarlier(resultlog.Entry{ID: jobID, Outcome: edenwait.OutcomeSuccess})
	r.add(jobID)
	r.add("malformed")
	for i := range 1000 {
		r.add(fmt.Sprintf("00000000-0000-4000-8000-%012x", i))
	}
	late := 0
	for range 20 {
		sample := r.sample(50)
		if len(sample) != 50 || slices.Contains(sample, jobID) {
			t.Fatalf("%d: %v", len(sample), sample)
		}
		for _, id := range sample {
			if id >= "00000000-0000-4000-8000-0000000001f4" {
				late++
			}
		}
	}
	if late < 100 || late > 900 {
		t.Errorf("%d of 1000 from the second half", late)
	}
}

package main

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/edenwait/edenwait/cmd/edenwait/internal/resultlog"
)

const jobID = "0f8a6f0e-5d1c-4b1e-9d55-0f7f2d8f9a11"

func TestJobTable(t *testing.T) {
	t.Parallel()
	r := newJobTable()
	r.addEarlier(resultlog.Entry{ID: jobID, Outcome: resultlog.OutcomeFail, Provider: "p", Cost: "0.25"})
	r.addEarlier(resultlog.Entry{ID: "bad", Outcome: resultlog.OutcomeError})
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
		if add.id == strings.ToUpper(jobID) && (earlier == nil || *earlier != price{"p", "0.25"}) {
			t.Errorf("%q was %v", add.id, earlier)
		}
	}
	r.ended(resultlog.OutcomeSuccess)
	r.gaveUp()
	r.unwritten()
	r.unknown(1)
	want := counts{Total: 6, Succeeded: 1, Failed: 1, GaveUp: 1, Unwritten: 1, Unknown: 1, Skipped: 1, SkippedBad: 1, Repeated: 3}
	if got := r.snapshot(); got != want || got.waiting() != 1 {
		t.Errorf("got %+v, %d waiting, want %+v, 1", got, got.waiting(), want)
	}
}

func TestJobTableSightings(t *testing.T) {
	t.Parallel()
	r := newJobTable()
	id := uuid.MustParse(jobID)
	r.sawRunning(time.Now(), id) // in the list, but not in this run
	if len(r.jobs) != 0 {
		t.Error("a job of others is kept")
	}
	r.add(jobID)
	if _, seen := r.lastSeen(id); seen {
		t.Error("seen running before it was")
	}
	r.began = time.Now().Add(-time.Hour)
	r.sawRunning(time.Now().Add(-time.Minute), id)
	r.sawRunning(time.Now().Add(-time.Hour/2), id) // an older answer comes late
	if ago, seen := r.lastSeen(id); !seen || ago < time.Minute || ago > 2*time.Minute {
		t.Errorf("last seen %v ago, %v", ago, seen)
	}
}

// TestSample: ids from anywhere in the batch, all without a line.
func TestSample(t *testing.T) {
	t.Parallel()
	r := newJobTable()
	r.addEarlier(resultlog.Entry{ID: jobID, Outcome: resultlog.OutcomeSuccess})
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

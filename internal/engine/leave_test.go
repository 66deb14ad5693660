package engine

import (
	"testing"
	"time"
)

// The last to leave aborts the request. Its answer counts for 400 ms more, and who
// asks for the job meanwhile gets a request of its own.
func TestLastToLeaveAbortsTheRequest(t *testing.T) {
	for _, test := range []struct {
		after  time.Duration // when the answer comes
		reason Reason
		at     time.Duration // when the wait ends
	}{
		{399 * time.Millisecond, Answered, 399 * time.Millisecond},
		{time.Hour, CallEnded, 400 * time.Millisecond},
	} {
		d := newDesk(t, Config{}, 1)
		r := d.take(Get)
		d.e.Cancel(d.now, d.call)
		if n := d.e.Drain(d.now, d.call, make([]WaitEnd, 9)); n != 0 {
			t.Errorf("%d waits are given up at once", n)
		}
		ready := d.e.Ready(d.now)
		if len(ready.Aborts) != 1 || ready.Aborts[0] != r.ID {
			t.Errorf("aborted: %v, want %d", ready.Aborts, r.ID)
		}
		other := d.e.Open(d.now, CallOptions{Deadline: Never})
		d.e.Watch(d.now, other, r.Key, 1)
		d.soon()
		if own := d.take(Get); own.Key != r.Key || own.ID == r.ID || own.For != other {
			t.Errorf("who comes later has %+v", own)
		}
		began := time.Duration(0)
		for d.wake <= began+min(test.after, second) && len(d.ends) == 0 {
			d.at(d.wake)
		}
		if len(d.ends) == 0 {
			d.at(test.after)
			d.answer(r, Answer{Outcome: Done})
		}
		end := d.ends[0]
		if len(end.Waits) != 1 || end.Waits[0].Call != d.call || end.Reason != test.reason || end.Waits[0].Now != test.at {
			t.Errorf("answered after %v: %+v", test.after, end)
		}
	}
}

// A call that leaves gives its waits up, and the request goes on for the others.
func TestRequestGoesOnForOthers(t *testing.T) {
	d := newDesk(t, Config{}, 1)
	other := d.e.Open(d.now, CallOptions{Deadline: Never})
	d.e.Watch(d.now, other, keyOf(1), 1)
	r := d.take(Get)
	d.e.Cancel(d.now, d.call)
	buffer := make([]WaitEnd, 9)
	if n := d.e.Drain(d.now, d.call, buffer); n != 1 || buffer[0].Call != d.call || buffer[0].Polls != 1 {
		t.Errorf("%d waits are given up: %+v", n, buffer[0])
	}
	d.answer(r, Answer{Outcome: Done})
	if len(d.ends) != 1 || len(d.ends[0].Waits) != 1 || d.ends[0].Waits[0].Call != other {
		t.Errorf("%+v", d.ends)
	}
}

// Nothing is asked for a call that is paused, unless another waits for the job.
func TestPausedCall(t *testing.T) {
	d := newDesk(t, Config{Rate: 10}, 3)
	d.e.Pause(d.now, d.call, true)
	d.get(Running)
	if d.at(time.Minute); len(d.pending) > 0 || d.wake != Never {
		t.Errorf("%v is asked for a paused call, again at %v", d.pending, d.wake)
	}
	other := d.e.Open(d.now, CallOptions{Deadline: Never})
	d.e.Watch(d.now, other, keyOf(2), 1)
	d.ready()
	d.next()
	if n := d.get(Done); n != 2 || len(d.ends[0].Waits) != 2 {
		t.Errorf("job %d, %+v", n, d.ends)
	}
	d.e.Pause(d.now, d.call, false)
	d.ready()
	d.next()
	d.take(Get)
}

// An own Backoff that stops ends its own wait only.
func TestBackoffThatStops(t *testing.T) {
	made := 0
	d := newDesk(t, Config{NewBackoff: func() Backoff {
		made++
		if made == 2 { // the first paces the list
			return &fickle{delays: []time.Duration{-1}}
		}
		return &fickle{delays: []time.Duration{second}}
	}}, 1)
	other := d.e.Open(d.now, CallOptions{Deadline: Never})
	d.e.Watch(d.now, other, keyOf(1), 1)
	d.get(Running)
	if len(d.ends) != 1 || d.ends[0].Reason != BackoffStopped || len(d.ends[0].Waits) != 1 || d.ends[0].Waits[0].Call != d.call {
		t.Fatalf("%+v", d.ends)
	}
	d.next()
	d.get(Done)
	if len(d.ends) != 2 || d.ends[1].Waits[0].Call != other {
		t.Errorf("%+v", d.ends)
	}
}

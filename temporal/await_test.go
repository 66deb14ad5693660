package edentemporal

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/edenwait/edenwait"
	"github.com/edenwait/edenwait/edentest"
)

func TestAwaitOutcomes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := edentest.New(edentest.Options{})
		submit := func(i int, s edentest.Script) {
			s.ID = testID(i)
			api.Submit(s)
		}
		text := json.RawMessage(`{"text":"hello"}`)
		submit(0, edentest.Script{After: time.Minute, Output: text, Cost: json.RawMessage(`"0.0012"`)})
		submit(1, edentest.Script{Status: "fail", Error: json.RawMessage(`{"message":"no speech","error_code":"E7"}`)})
		submit(2, edentest.Script{Output: json.RawMessage(`{"text":"large"}`)})
		submit(3, edentest.Script{Output: json.RawMessage(`{"text":"broken"}`)})
		submit(4, edentest.Script{Output: json.RawMessage(`{"text":"panic"}`)})
		submit(5, edentest.Script{Status: "lost"})
		unknown, invalid := testID(6), strings.Repeat("x", 36)

		lead, _ := leading(t, testOptions(t, api, func(o *Options) {
			o.Reduce = map[string]Reduce{"text": func(_ context.Context, job *edenwait.Job) (any, error) {
				var output struct{ Text string }
				if err := job.Decode(&output); err != nil {
					return nil, err
				}
				switch output.Text {
				case "large":
					return strings.Repeat("x", 10_000), nil
				case "broken":
					return nil, errors.New("cannot read it")
				case "panic":
					panic("at the disco")
				}
				return output.Text, nil
			}}
		}))
		var r records
		result, err := newAwaiter(lead).await(t.Context(), AwaitInput{IDs: append(testIDs(6), unknown, invalid), Reduce: "text"}, r.attempt())
		if err != nil {
			t.Fatal(err)
		}
		got := map[string]Outcome{}
		for _, o := range result.Outcomes {
			got[o.ID] = o
		}
		for id, want := range map[string]Outcome{
			testID(0): {Status: "success", Cost: "0.0012", Value: json.RawMessage(`"hello"`)},
			testID(1): {Status: "fail", Code: "E7", Error: "no speech"},
			testID(2): {Status: "success", Code: CodeTooLarge, Error: "with its value of 10002"},
			testID(3): {Status: "success", Code: CodeReduceFailed, Error: "cannot read it"},
			testID(4): {Status: "success", Code: CodeReduceFailed, Error: "panic: at the disco"},
			testID(5): {Status: "lost", Code: CodeUnexpectedStatus, Error: "lost"},
			unknown:   {Code: CodeNotFound, Error: "404"},
			invalid:   {Code: CodeInvalidID, Error: "invalid job id"},
		} {
			o := got[id]
			if o.Status != want.Status || o.Code != want.Code || !strings.Contains(o.Error, want.Error) || string(o.Value) != string(want.Value) ||
				want.Cost != "" && o.Cost != want.Cost || (o.Err() == nil) != (id == testID(0)) {
				t.Errorf("%s: %+v", id, o)
			}
		}
		time.Sleep(time.Hour) // after its end, an Await sends no heartbeat
		if len(result.Outcomes) != 8 || len(r) != 0 {
			t.Errorf("%d outcomes, %d heartbeats after a wait of a minute", len(result.Outcomes), len(r))
		}
	})
}

// A chunk returns at 256 outcomes, and no job is polled twice after it has ended.
func TestAwaitReturnsEarly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := edentest.New(edentest.Options{Rate: -1})
		for _, id := range testIDs(600) {
			api.Submit(edentest.Script{ID: id})
		}
		lead, _ := leading(t, testOptions(t, api, func(o *Options) { o.Config.Rate = 1000 }))
		p := newPlan(testIDs(600))
		var sizes []int
		for left := p.chunks[0]; len(left) > 0; {
			var r records
			result, err := newAwaiter(lead).await(t.Context(), AwaitInput{IDs: left}, r.attempt())
			if err != nil {
				t.Fatal(err)
			}
			sizes = append(sizes, len(result.Outcomes))
			left = p.take(result.Outcomes, left)
		}
		if len(sizes) != 3 || sizes[0] < 256 || sizes[0] > 256+reduces || sizes[1] < 256 {
			t.Errorf("returned %v outcomes", sizes)
		}
		if gets := api.Stats().Gets; gets > 700 {
			t.Errorf("%d GETs for 600 jobs that had ended", gets)
		}
	})
}

// leavingSoon is a leader that leaves while five of ten jobs still run.
func leavingSoon(t *testing.T) (*edentest.API, *awaiter) {
	t.Helper()
	api := edentest.New(edentest.Options{})
	for i, id := range testIDs(10) {
		api.Submit(edentest.Script{ID: id, After: time.Duration(i) * time.Minute})
	}
	first, _ := leading(t, testOptions(t, api))
	a := newAwaiter(first)
	time.AfterFunc(4*time.Minute+30*time.Second, a.leave)
	return api, a
}

// The next leader goes on from the details of the last heartbeat.
func TestAwaitHandsOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api, a := leavingSoon(t)
		var r records
		try := r.attempt()
		began := time.Now()
		_, err := a.await(t.Context(), AwaitInput{IDs: testIDs(10)}, try)
		if errorType(err) != leavingType || time.Since(began) > 4*time.Minute+32*time.Second || len(r.last()) != 5 || len(r) != 2 {
			t.Fatalf("%v after %v, %d heartbeats, the last with %d outcomes", err, time.Since(began), len(r), len(r.last()))
		}
		before := len(api.Requests())
		second, _ := leading(t, testOptions(t, api))
		try = r.attempt()
		try.earlier = r.last()
		result, err := newAwaiter(second).await(t.Context(), AwaitInput{IDs: testIDs(10)}, try)
		if err != nil || len(result.Outcomes) != 10 {
			t.Fatalf("%d outcomes, %v", len(result.Outcomes), err)
		}
		for _, request := range api.Requests()[before:] {
			if request.JobID != "" && request.JobID < testID(5) {
				t.Errorf("polled again: %s", request.JobID)
			}
		}
	})
}

// A heartbeat that is under way when the leader leaves does not come after the last one.
func TestAwaitHandsOverDuringHeartbeat(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, a := leavingSoon(t)
		var r records
		try := r.attempt()
		record := try.record
		try.record = func(details AwaitResult) {
			if len(details.Outcomes) == 3 {
				time.Sleep(3 * time.Minute)
			}
			record(details)
		}
		_, err := a.await(t.Context(), AwaitInput{IDs: testIDs(10)}, try)
		time.Sleep(time.Hour)
		if errorType(err) != leavingType || len(r) != 2 || len(r.last()) != 5 {
			t.Errorf("%v, %d heartbeats, the last with %d outcomes", err, len(r), len(r.last()))
		}
	})
}

func TestAwaitRefused(t *testing.T) {
	for policy, want := range map[Refusal]string{RefusalWait: refusedType, RefusalFail: refusedType + " for good"} {
		synctest.Test(t, func(t *testing.T) {
			api := edentest.New(edentest.Options{Faults: []edentest.Fault{{From: time.Minute, Do: edentest.Unauthorized()}}})
			api.Submit(edentest.Script{ID: testID(0)})
			api.Submit(edentest.Script{ID: testID(1), After: time.Hour})
			lead, _ := leading(t, testOptions(t, api, func(o *Options) { o.Refusal = policy }))
			var r records
			_, err := newAwaiter(lead).await(t.Context(), AwaitInput{IDs: testIDs(2)}, r.attempt())
			if errorType(err) != want || !strings.Contains(err.Error(), edenwait.ErrUnauthorized.Error()) {
				t.Errorf("%v: %v", policy, err)
			}
			if policy == RefusalFail {
				if got := partial(err); len(got) != 1 || got[0].ID != testID(0) || len(lead.failed) != 0 {
					t.Errorf("outcomes beside the refusal: %+v, the leader goes on: %v", got, len(lead.failed) == 0)
				}
			} else if reason := <-lead.failed; !errors.Is(reason, edenwait.ErrUnauthorized) || len(r.last()) != 1 {
				t.Errorf("the leader fails with %v, heartbeats %+v", reason, r)
			}
		})
	}
}

// Before the deadline, what is known is returned.
func TestAwaitDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := edentest.New(edentest.Options{})
		api.Submit(edentest.Script{ID: testID(0), After: time.Second})
		api.Submit(edentest.Script{ID: testID(1), After: time.Hour})
		lead, _ := leading(t, testOptions(t, api))
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
		defer cancel()
		began := time.Now()
		var r records
		result, err := newAwaiter(lead).await(ctx, AwaitInput{IDs: testIDs(2)}, r.attempt())
		if took := time.Since(began); err != nil || len(result.Outcomes) != 1 || took > 116*time.Second || took < 114*time.Second {
			t.Errorf("%+v, %v after %v", result, err, took)
		}
		result, err = newAwaiter(lead).await(ctx, AwaitInput{IDs: testIDs(2)[1:]}, r.attempt())
		if took := time.Since(began); !errors.Is(err, context.DeadlineExceeded) || took != 2*time.Minute {
			t.Errorf("%+v, %v after %v", result, err, took)
		}
	})
}

func TestAwaitCancelled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := edentest.New(edentest.Options{})
		api.Submit(edentest.Script{ID: testID(0), After: time.Hour})
		lead, _ := leading(t, testOptions(t, api))
		ctx, cancel := context.WithCancelCause(t.Context())
		why := errors.New("the workflow was cancelled")
		time.AfterFunc(time.Minute, func() { cancel(why) })
		began := time.Now()
		var r records
		if _, err := newAwaiter(lead).await(ctx, AwaitInput{IDs: testIDs(1)}, r.attempt()); !errors.Is(err, why) || time.Since(began) > time.Minute+time.Second {
			t.Errorf("%v after %v", err, time.Since(began))
		}
	})
}

func TestAwaitInvalid(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		lead, _ := leading(t, testOptions(t, edentest.New(edentest.Options{})))
		var r records
		try := r.attempt()
		for _, test := range []struct {
			in   AwaitInput
			age  time.Duration
			want string
		}{
			{AwaitInput{IDs: testIDs(1001)}, 0, invalidInputType + " for good"},
			{AwaitInput{IDs: []string{strings.Repeat("x", 37)}}, 0, invalidInputType + " for good"},
			{AwaitInput{IDs: testIDs(1), Reduce: "text"}, 0, unknownReduceType},
			{AwaitInput{IDs: testIDs(1), Reduce: "text"}, 11 * time.Minute, unknownReduceType + " for good"},
			{AwaitInput{}, 0, ""},
		} {
			try.scheduled = time.Now().Add(-test.age)
			if _, err := newAwaiter(lead).await(t.Context(), test.in, try); errorType(err) != test.want {
				t.Errorf("%d ids: %v, want %s", len(test.in.IDs), err, test.want)
			}
		}
	})
}

// Without acknowledged heartbeats, nothing is sent, and the wait goes on afterwards.
func TestAwaitFenced(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := edentest.New(edentest.Options{})
		for _, id := range testIDs(10) {
			api.Submit(edentest.Script{ID: id, After: 5 * time.Minute})
		}
		began := time.Now()
		lead, mute := leading(t, testOptions(t, api))
		time.AfterFunc(time.Minute, func() { mute(true) })
		time.AfterFunc(2*time.Minute, func() { mute(false) })
		var r records
		result, err := newAwaiter(lead).await(t.Context(), AwaitInput{IDs: testIDs(10)}, r.attempt())
		if err != nil || len(result.Outcomes) != 10 || time.Since(began) > 5*time.Minute+20*time.Second {
			t.Errorf("%d outcomes, %v after %v", len(result.Outcomes), err, time.Since(began))
		}
		for _, request := range api.Requests() {
			// The last acknowledged heartbeat was sent between 52.5 and 60 s.
			if at := request.Time.Sub(began); at > time.Minute+22500*time.Millisecond && at < 2*time.Minute {
				t.Errorf("a request after %v", at)
			}
		}
		if _, refused := lead.fence.state(now()); refused == 0 {
			t.Error("the fence has refused nothing")
		}
	})
}

package edenwait_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cenkalti/backoff/v4"
	"github.com/google/uuid"

	"github.com/edenwait/edenwait"
	"github.com/edenwait/edenwait/edentest"
	"github.com/edenwait/edenwait/internal/testbed"
)

func TestWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := edentest.New(edentest.Options{Latency: 40 * time.Millisecond})
		waiter := testbed.NewWaiter(t, api, edenwait.Config{})

		id := api.Submit(edentest.Script{After: 30 * time.Second, Output: []byte(`{"text":"hello"}`)})
		job, err := waiter.Wait(context.Background(), strings.ToUpper(id))
		var output struct{ Text string }
		if err != nil || job.Status != edenwait.StatusSuccess || job.Decode(&output) != nil || output.Text != "hello" {
			t.Errorf("job %+v, err %v", job, err)
		}

		id = api.Submit(edentest.Script{After: time.Second, Status: "fail", Error: []byte(`"too loud"`)})
		job, err = waiter.Wait(context.Background(), id)
		var failed *edenwait.JobFailedError
		if !errors.As(err, &failed) || job == nil || failed.Job != job || !strings.Contains(err.Error(), "too loud") {
			t.Errorf("job %+v, err %v", job, err)
		}

		if job, err := waiter.Wait(context.Background(), "x"); job != nil || !errors.Is(err, edenwait.ErrInvalidID) {
			t.Errorf("job %+v, err %v", job, err)
		}
	})
}

func TestMaxErrors(t *testing.T) {
	down := errors.New("network is down")
	synctest.Test(t, func(t *testing.T) {
		polls := 0
		waiter := testbed.NewScripted(t, func(_ context.Context, id string, poll int) (*edenwait.Job, error) {
			polls = poll
			if poll == 1 || poll == 4 { // a good answer resets the count
				return testbed.Running(id)
			}
			return nil, down
		}, edenwait.Config{MaxErrors: 3})
		_, err := waiter.Wait(context.Background(), testbed.SomeID)
		var gaveUp *edenwait.GaveUpError
		if !errors.As(err, &gaveUp) || !errors.Is(err, down) || polls != 7 || gaveUp.Polls != 7 || gaveUp.LastStatus != edenwait.StatusProcessing {
			t.Errorf("after %d polls: %v", polls, err)
		}
		for _, says := range []string{testbed.SomeID, "7 polls", "processing", "3 requests in a row", "network is down", "7 days"} {
			if !strings.Contains(err.Error(), says) {
				t.Errorf("%v does not say %s", err, says)
			}
		}
	})
}

// 429 is nobody's failure.
func TestRateLimitCountsAgainstNoJob(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		waiter := testbed.NewScripted(t, func(_ context.Context, id string, poll int) (*edenwait.Job, error) {
			if poll < 50 {
				return nil, &edenwait.APIError{StatusCode: 429}
			}
			return testbed.Succeeded(id)
		}, edenwait.Config{MaxErrors: 1})
		if _, err := waiter.Wait(context.Background(), testbed.SomeID); err != nil {
			t.Error(err)
		}
	})
}

func TestDefaultsSurviveMinutesWithoutNetwork(t *testing.T) {
	for _, n := range []int{1, 20, 400} {
		synctest.Test(t, func(t *testing.T) {
			api := edentest.New(edentest.Options{Faults: []edentest.Fault{{From: 20 * time.Second, Until: 8 * time.Minute, Do: edentest.RefuseConnection()}}})
			ids := api.SubmitAll(n, testbed.MinuteLong)
			if _, err := testbed.NewWaiter(t, api, edenwait.Config{}).WaitAll(context.Background(), ids); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestMaxWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := edentest.New(edentest.Options{Latency: 40 * time.Millisecond})
		never := api.Submit(edentest.Script{After: edentest.Never})
		late := api.Submit(edentest.Script{After: 58 * time.Second})
		record := testbed.NewHookLog()
		waiter := testbed.NewWaiter(t, api, edenwait.Config{MaxWait: time.Minute, Hooks: record.Hooks(), DisableList: true})
		began := time.Now()
		results, _ := waiter.WaitAll(context.Background(), []string{never, late})
		if took := time.Since(began); took != time.Minute {
			t.Errorf("took %v", took)
		}
		if polls := results[0].Polls; polls > 75 {
			t.Errorf("%d polls in a minute, the final poll is one of them", polls)
		}
		if !errors.Is(results[0].Err, edenwait.ErrMaxWait) || record.Errors[never] != 1 {
			t.Errorf("%v, OnError %v", results[0].Err, record.Errors)
		}
		if results[1].Err != nil {
			t.Errorf("a job that ended just before MaxWait: %v", results[1].Err)
		}
	})
}

// A request that hangs does not hold a job beyond its MaxWait.
func TestMaxWaitEndsRequests(t *testing.T) {
	// Shorter than RequestTimeout and longer, which a Source need not know of.
	for _, maxWait := range []time.Duration{10 * time.Second, 2 * time.Minute} {
		synctest.Test(t, func(t *testing.T) {
			waiter := testbed.NewScripted(t, func(ctx context.Context, _ string, _ int) (*edenwait.Job, error) {
				<-ctx.Done()
				return nil, ctx.Err()
			}, edenwait.Config{MaxWait: maxWait, MaxErrors: 1}) // nor is it a failure
			ctx, cancel := context.WithTimeout(context.Background(), time.Hour)
			defer cancel()
			began := time.Now()
			_, err := waiter.Wait(ctx, testbed.SomeID)
			if took := time.Since(began); !errors.Is(err, edenwait.ErrMaxWait) || took != maxWait {
				t.Errorf("after %v: %v", took, err)
			}
		})
	}
}

// A Source need not repeat the id, nor in lower case: results and hooks name the job all
// the same.
func TestSourceLeavesOutTheID(t *testing.T) {
	for _, id := range []string{"", strings.ToUpper(testbed.SomeID)} {
		testSourceNamesTheJob(t, id)
	}
}

func testSourceNamesTheJob(t *testing.T, id string) {
	synctest.Test(t, func(t *testing.T) {
		own := &edenwait.Job{ID: id, Status: edenwait.StatusFail}
		var heard string
		waiter := testbed.NewScripted(t, func(context.Context, string, int) (*edenwait.Job, error) { return own, nil },
			edenwait.Config{Hooks: edenwait.Hooks{OnFail: func(_ context.Context, job *edenwait.Job) error { heard = job.ID; return nil }}})
		job, err := waiter.Wait(context.Background(), testbed.SomeID)
		if job.ID != testbed.SomeID || heard != testbed.SomeID || !strings.Contains(err.Error(), testbed.SomeID) || own.ID != id {
			t.Errorf("%q, the hook %q, the Source's own %q: %v", job.ID, heard, own.ID, err)
		}
	})
}

func TestOwnBackOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		var at []time.Duration
		waiter := testbed.NewScripted(t, func(_ context.Context, id string, poll int) (*edenwait.Job, error) {
			at = append(at, time.Since(began))
			return testbed.Running(id)
		}, edenwait.Config{BackOff: func() backoff.BackOff { return backoff.WithMaxRetries(backoff.NewConstantBackOff(7*time.Second), 3) }})
		_, err := waiter.Wait(context.Background(), testbed.SomeID)
		if !errors.Is(err, edenwait.ErrBackOffStopped) {
			t.Errorf("err = %v", err)
		}
		if len(at) != 4 || at[3] != 21*time.Second {
			t.Errorf("polled at %v", at)
		}
	})
}

// A delay beyond all bounds is one, and not in the past for being added to.
func TestOwnBackOffOfAges(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		polls := 0
		waiter := testbed.NewScripted(t, func(_ context.Context, id string, poll int) (*edenwait.Job, error) {
			polls = poll
			return testbed.Running(id)
		}, edenwait.Config{MaxWait: time.Hour, BackOff: func() backoff.BackOff { return backoff.NewConstantBackOff(math.MaxInt64) }})
		if _, err := waiter.Wait(context.Background(), testbed.SomeID); !errors.Is(err, edenwait.ErrMaxWait) || polls != 2 {
			t.Errorf("%d polls, want the first and the final poll: %v", polls, err)
		}
	})
}

// By default the delay between two polls grows with the root of the job's age.
func TestDefaultDelaysGrow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		last := began
		var gaps, ages []time.Duration
		waiter := testbed.NewScripted(t, func(_ context.Context, id string, poll int) (*edenwait.Job, error) {
			if poll > 1 {
				gaps, ages = append(gaps, time.Since(last)), append(ages, last.Sub(began))
			}
			last = time.Now()
			if poll == 200 {
				return testbed.Succeeded(id)
			}
			return testbed.Running(id)
		}, edenwait.Config{})
		if _, err := waiter.Wait(context.Background(), testbed.SomeID); err != nil {
			t.Fatal(err)
		}
		even := 0
		for i, gap := range gaps {
			want := 2 * math.Sqrt(0.016*ages[i].Seconds())
			if least := max(want*0.75, 0.17); gap.Seconds() < least || gap.Seconds() > max(want*2, 0.3) {
				t.Errorf("at the age of %v the gap is %v, want about %.2f s", ages[i], gap, want)
			}
			if i > 0 && gap == gaps[i-1] {
				even++
			}
		}
		if even > len(gaps)/2 {
			t.Errorf("%d of %d gaps have no jitter", even, len(gaps))
		}
	})
}

// A Source that answers what it must not is asked again, and loses nothing.
func TestSourceMisbehaves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		waiter := testbed.NewScripted(t, func(_ context.Context, id string, poll int) (*edenwait.Job, error) {
			switch poll {
			case 1:
				return nil, nil
			case 2:
				return &edenwait.Job{ID: id}, nil
			case 3:
				return testbed.Succeeded(uuid.NewString())
			case 4:
				panic("a bug")
			case 5:
				runtime.Goexit()
			}
			return testbed.Succeeded(id)
		}, edenwait.Config{})
		results, err := waiter.WaitAll(context.Background(), []string{testbed.SomeID})
		if r := results[0]; err != nil || r.Job.ID != testbed.SomeID || r.Polls != 6 {
			t.Errorf("%+v, %v", r, err)
		}
	})
}

// A Source that knows that there is no such job is believed at once, one that
// passes on a server's 404 only when the job cannot be too new.
func TestSourceKnowsThatThereIsNoSuchJob(t *testing.T) {
	for want, err := range map[int]error{
		1: fmt.Errorf("no row: %w", edenwait.ErrNotFound),
		5: &edenwait.APIError{StatusCode: 404},
	} {
		synctest.Test(t, func(t *testing.T) {
			polls := 0
			waiter := testbed.NewScripted(t, func(context.Context, string, int) (*edenwait.Job, error) {
				polls++
				return nil, err
			}, edenwait.Config{})
			_, got := waiter.Wait(context.Background(), testbed.SomeID)
			if !errors.Is(got, edenwait.ErrNotFound) || polls != want {
				t.Errorf("%v: %v after %d polls, want %d", err, got, polls, want)
			}
			if strings.Contains(got.Error(), "its result is kept") {
				t.Errorf("promises a result: %v", got)
			}
		})
	}
}

// partial is a Source with a Get of its own. The Poller that it embeds is nil.
type partial struct{ *edenwait.Poller }

func (partial) Get(_ context.Context, id string) (*edenwait.Job, error) { return testbed.Succeeded(id) }

// A Source that embeds no Poller where one belongs costs the list, and no result.
func TestSourceWithoutItsPoller(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		waiter, err := edenwait.New(edenwait.Config{Source: partial{}})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := waiter.WaitAll(t.Context(), []string{testbed.ID(1), testbed.ID(2)}); err != nil {
			t.Error(err)
		}
	})
}

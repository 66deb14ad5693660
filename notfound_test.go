package edenwait_test

import (
	"context"
	"errors"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cenkalti/backoff/v4"
	"github.com/google/uuid"

	"github.com/edenwait/edenwait"
	"github.com/edenwait/edenwait/edentest"
	"github.com/edenwait/edenwait/internal/testbed"
)

func TestNewJobMayBeUnknownForAMoment(t *testing.T) {
	for _, n := range []int{1, 300} {
		synctest.Test(t, func(t *testing.T) {
			api := edentest.New(edentest.Options{NotFoundFor: 3 * time.Second, ListLag: 3 * time.Second})
			ids := api.SubmitAll(n, testbed.MinuteLong)
			if _, err := testbed.NewWaiter(t, api, edenwait.Config{}).WaitAll(context.Background(), ids); err != nil {
				t.Error(err)
			}
			began := time.Now()
			if _, err := testbed.NewWaiter(t, api, edenwait.Config{}).Wait(context.Background(), uuid.NewString()); !errors.Is(err, edenwait.ErrNotFound) {
				t.Error(err)
			}
			if took := time.Since(began); took > 10*time.Second {
				t.Errorf("an unknown id is waited for %v", took)
			}
		})
	}
}

// Nor is one answer believed when a job's first GET comes late: of three hundred
// jobs without a list, the last is first polled half a minute after it was taken in.
func TestOneAnswerMakesNoJobUnknown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := edentest.New(edentest.Options{Faults: []edentest.Fault{
			{On: edentest.Get, PerJob: true, Times: 1, Do: edentest.Status(404, "", nil)},
		}})
		ids := api.SubmitAll(300, testbed.MinuteLong)
		if _, err := testbed.NewWaiter(t, api, edenwait.Config{DisableList: true}).WaitAll(context.Background(), ids); err != nil {
			t.Errorf("%.300v", err)
		}
	})
}

// A 404 is an answer, not a failed request: with few MaxErrors, a wait must not end with
// ErrNotFound before the API is sure, nor after an outage. The program would submit again.
func TestNotFoundDoesNotCountForMaxErrors(t *testing.T) {
	for name, test := range map[string]struct {
		answer func(poll int) int
		config edenwait.Config
		want   error
		least  time.Duration
	}{
		"an unknown job":     {func(int) int { return 404 }, edenwait.Config{MaxErrors: 2}, edenwait.ErrNotFound, 5 * time.Second},
		"one 404 and 503s":   {func(poll int) int { return map[bool]int{true: 404, false: 503}[poll == 3] }, edenwait.Config{MaxErrors: 3}, edenwait.ErrMaxErrors, 0},
		"a BackOff's end":    {func(int) int { return 404 }, edenwait.Config{BackOff: func() backoff.BackOff { return backoff.WithMaxRetries(backoff.NewConstantBackOff(time.Second), 2) }}, edenwait.ErrBackOffStopped, 0},
		"404s between 503s":  {func(poll int) int { return 404 + poll%2*99 }, edenwait.Config{MaxErrors: 60}, edenwait.ErrNotFound, 5 * time.Second},
		"a 404 comes before": {func(poll int) int { return map[bool]int{true: 404, false: 503}[poll == 1] }, edenwait.Config{MaxErrors: 3}, edenwait.ErrMaxErrors, 0},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				waiter := testbed.NewScripted(t, func(_ context.Context, _ string, poll int) (*edenwait.Job, error) {
					return nil, &edenwait.APIError{StatusCode: test.answer(poll)}
				}, test.config)
				began := time.Now()
				_, err := waiter.Wait(context.Background(), testbed.SomeID)
				for _, is := range []error{edenwait.ErrNotFound, edenwait.ErrMaxErrors, edenwait.ErrBackOffStopped} {
					if errors.Is(err, is) != errors.Is(test.want, is) {
						t.Error(err)
					}
				}
				if took := time.Since(began); took < test.least || took > time.Minute {
					t.Errorf("ended after %v", took)
				}
			})
		})
	}
}

// A gateway's page counts, with any status. Its error is an APIError, and no word of the API.
func TestPageOfAGatewayIsNoAnswer(t *testing.T) {
	for status, sentinel := range map[int]error{404: edenwait.ErrNotFound, 403: edenwait.ErrUnauthorized, 402: edenwait.ErrPaymentRequired} {
		t.Run(strconv.Itoa(status), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				api := edentest.New(edentest.Options{Faults: []edentest.Fault{
					{On: edentest.Get, Do: edentest.Status(status, "<html>not here</html>", nil)},
				}})
				id := api.Submit(edentest.Script{})
				for reason, config := range map[error]edenwait.Config{
					edenwait.ErrMaxErrors:    {MaxErrors: 3},
					edenwait.ErrMaxWait:      {MaxWait: 4 * time.Second},
					context.DeadlineExceeded: {},
				} {
					ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
					_, err := testbed.NewWaiter(t, api, config).Wait(ctx, id)
					cancel()
					if !errors.Is(err, reason) || errors.Is(err, sentinel) {
						t.Error(err)
					}
					if answer := (*edenwait.APIError)(nil); errors.Is(reason, edenwait.ErrMaxErrors) && !errors.As(err, &answer) {
						t.Errorf("the API's answer is not in %v", err)
					}
				}
			})
		})
	}
}

// TestStrayNotFound: a job that was seen running is unknown once, to a replica that
// is behind.
func TestStrayNotFound(t *testing.T) {
	for _, disable := range []bool{false, true} {
		for name, faults := range map[string][]edentest.Fault{
			"each job once":           {{PerJob: true, Skip: 1, Times: 1, Do: edentest.StrayNotFound()}},
			"each job twice in a row": {{PerJob: true, Skip: 2, Times: 2, Do: edentest.StrayNotFound()}},
			"all, for three seconds":  {{From: 20 * time.Second, Until: 23 * time.Second, Do: edentest.StrayNotFound()}},
			"one answer in twenty":    {{From: 10 * time.Second, Probability: 0.05, Do: edentest.StrayNotFound()}},
		} {
			synctest.Test(t, func(t *testing.T) {
				api := edentest.New(edentest.Options{Latency: 40 * time.Millisecond, Faults: faults})
				waiter := testbed.NewWaiter(t, api, edenwait.Config{DisableList: disable})
				results, _ := waiter.WaitAll(context.Background(), api.SubmitAll(50, edentest.Workload{Durations: edentest.Uniform{Min: 15 * time.Second, Max: 3 * time.Minute}}))
				lost := 0
				for _, r := range results {
					if r.Job == nil {
						lost++
					}
				}
				t.Logf("%s, DisableList %v: %d of 50 lost, %d times 404", name, disable, lost, testbed.AnsweredWith(api, 404))
				if lost > 0 {
					t.Errorf("%s, DisableList %v: %d of 50 lost", name, disable, lost)
				}
			})
		}
	}
}

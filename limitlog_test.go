package edenwait_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/edenwait/edenwait"
	"github.com/edenwait/edenwait/edentest"
	"github.com/edenwait/edenwait/internal/testbed"
)

// TestLimitIsLoggedAsAState: a Rate above the account's limit writes a line when it
// begins and one when it is over, and not one per change.
func TestLimitIsLoggedAsAState(t *testing.T) {
	for _, rate := range []float64{11, 20, 1000} {
		synctest.Test(t, func(t *testing.T) {
			core, logs := observer.New(zap.WarnLevel)
			api := edentest.New(edentest.Options{})
			waiter := testbed.NewWaiter(t, api, edenwait.Config{Rate: rate, Logger: zap.New(core)})
			var ids []string
			for range 600 {
				ids = append(ids, api.Submit(edentest.Script{}))
			}
			ids = append(ids, api.Submit(edentest.Script{After: 10 * time.Minute}))
			if _, err := waiter.WaitAll(context.Background(), ids); err != nil {
				t.Error(err)
			}
			lines := logs.All()
			if len(lines) != 2 || !strings.HasPrefix(lines[0].Message, "rate limited") || !strings.Contains(lines[1].Message, "no longer") {
				t.Errorf("rate %v: %v", rate, lines)
			}
			for _, line := range lines {
				if value := fmt.Sprint(line.ContextMap()["rate"]); len(value) > 6 {
					t.Errorf("the rate is logged as %s", value)
				}
			}
		})
	}
}

// TestFirstLineOfARefusedKey: the key is the news, and not the list that cannot be read.
func TestFirstLineOfARefusedKey(t *testing.T) {
	for status, word := range map[int]string{401: "key", 403: "key", 402: "credit", 404: "cannot be read"} {
		synctest.Test(t, func(t *testing.T) {
			core, logs := observer.New(zap.WarnLevel)
			api, waiter := testbed.New(t, edentest.Options{Faults: []edentest.Fault{
				{On: edentest.List, Do: edentest.Status(status, `{"detail":"no"}`, nil)},
			}}, edenwait.Config{Logger: zap.New(core)})
			ids := []string{}
			for range 50 {
				ids = append(ids, api.Submit(edentest.Script{After: time.Minute}))
			}
			if _, err := waiter.WaitAll(context.Background(), ids); err != nil {
				t.Error(err)
			}
			if lines := logs.All(); len(lines) != 1 || !strings.Contains(lines[0].Message, word) {
				t.Errorf("%d: %v", status, lines)
			}
		})
	}
}

// TestStartedSaysHowManyIDs: or nothing, where they have yet to come.
func TestStartedSaysHowManyIDs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		core, logs := observer.New(zap.DebugLevel)
		api := edentest.New(edentest.Options{})
		waiter := testbed.NewWaiter(t, api, edenwait.Config{Logger: zap.New(core)})
		ids := []string{"nonsense", api.Submit(edentest.Script{}), api.Submit(edentest.Script{})}
		ids = append(ids, ids[1])
		_, _ = waiter.WaitAll(context.Background(), ids)
		_, _ = waiter.Wait(context.Background(), ids[1])
		for range waiter.AsCompleted(context.Background(), func(yield func(string) bool) { yield(ids[1]) }) {
		}
		want := map[string][]any{"batch started": {int32(4), nil}, "wait started": {int32(1)}}
		for message, values := range want {
			lines := logs.FilterMessage(message).All()
			if len(lines) != len(values) {
				t.Fatalf("%s: %v", message, lines)
			}
			for i, value := range values {
				got := lines[i].ContextMap()["ids"]
				if fmt.Sprint(got) != fmt.Sprint(value) {
					t.Errorf("%s: ids %v, want %v", message, got, value)
				}
				if jobs, there := lines[i].ContextMap()["jobs"]; there {
					t.Errorf("%s: jobs %v", message, jobs)
				}
			}
		}
	})
}

package edenwait_test

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"github.com/edenwait/edenwait"
	"github.com/edenwait/edenwait/edentest"
	"github.com/edenwait/edenwait/internal/testbed"
)

func TestLog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		core, logs := observer.New(zapcore.DebugLevel)
		api := edentest.New(edentest.Options{Faults: []edentest.Fault{{From: 10 * time.Second, Until: 20 * time.Second, Do: edentest.RefuseConnection()}}})
		id := api.Submit(edentest.Script{After: time.Minute, Output: []byte(`"private words"`)})
		if _, err := testbed.NewWaiter(t, api, edenwait.Config{Logger: zap.New(core)}).Wait(context.Background(), id); err != nil {
			t.Fatal(err)
		}
		// A refused connection is a request sent, and logged, but never arrives.
		counts := map[string]int{}
		for _, entry := range logs.All() {
			counts[entry.Level.String()+" "+entry.Message]++
			for _, field := range entry.Context {
				if strings.Contains(field.String, "private") || strings.Contains(field.String, edentest.DefaultToken) {
					t.Errorf("%s logs %s", entry.Message, field.String)
				}
			}
		}
		if counts["debug request"] < api.Stats().Gets {
			t.Errorf("%d lines for %d requests", counts["debug request"], api.Stats().Gets)
		}
		delete(counts, "debug request")
		want := map[string]int{"debug wait started": 1, "debug wait ended": 1, "warn requests fail": 1, "warn requests succeed again": 1}
		for line, n := range want {
			if counts[line] != n {
				t.Errorf("%d lines %q, want %d", counts[line], line, n)
			}
			delete(counts, line)
		}
		if len(counts) > 0 {
			t.Errorf("unexpected lines: %v", counts)
		}
	})
}

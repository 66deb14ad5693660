package edenwait_test

import (
	"context"
	"testing"

	"github.com/edenwait/edenwait"
	"github.com/edenwait/edenwait/internal/testbed"
)

// BenchmarkTrace measures a WaitAll of a thousand jobs whose polls cost nothing
// but the Waiter's own work: without a Trace, with an empty one, and with one
// whose funcs do nothing. To compare:
//
//	go test -run '^$' -bench 'Trace$' -benchmem -count 10 .
func BenchmarkTrace(b *testing.B) {
	ids := make([]string, 1000)
	for i := range ids {
		ids[i] = testbed.SpreadID(i)
	}
	same := func(ctx context.Context) context.Context { return ctx }
	for _, with := range []struct {
		name  string
		trace *edenwait.Trace
	}{
		{"none", nil},
		{"empty", &edenwait.Trace{}},
		{"all", &edenwait.Trace{
			CallStart:    func(ctx context.Context, _ edenwait.CallInfo) context.Context { return same(ctx) },
			CallEnd:      func(context.Context, edenwait.CallEndInfo) {},
			JobEnd:       func(context.Context, edenwait.JobEndInfo) {},
			RequestStart: func(ctx context.Context, _ edenwait.RequestInfo) context.Context { return same(ctx) },
			RequestEnd:   func(context.Context, edenwait.RequestEndInfo) {},
		}},
	} {
		b.Run(with.name, func(b *testing.B) {
			source := &testbed.Scripted{Answer: func(_ context.Context, id string, _ int) (*edenwait.Job, error) { return testbed.Succeeded(id) }}
			waiter, err := edenwait.New(edenwait.Config{Source: source, Rate: 1e6, Burst: 1e6, MaxInFlight: 1, Trace: with.trace})
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				if _, err := waiter.WaitAll(context.Background(), ids); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

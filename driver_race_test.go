package edenwait

import (
	"bytes"
	"context"
	"errors"
	"runtime"
	"testing"
	"time"

	"github.com/google/uuid"
)

type sourceFunc func(ctx context.Context, id string) (*Job, error)

func (f sourceFunc) Get(ctx context.Context, id string) (*Job, error) { return f(ctx, id) }

// A change that is undone before the engine learns of it, and comes again, does not leave a
// call paused: what the engine was told is what counts. The steps are taken by hand,
// since they take a goroutine that stops between two of its lines.
func TestPauseThatIsUndoneAndComesAgain(t *testing.T) {
	asked := make(chan string, 1)
	w, err := New(Config{DisableList: true, Source: sourceFunc(func(_ context.Context, id string) (*Job, error) {
		select {
		case asked <- id:
		default:
		}
		return &Job{ID: id, Status: StatusSuccess}, nil
	})})
	if err != nil {
		t.Fatal(err)
	}
	c := w.newCall(t.Context(), asCompleted, 0)
	in, out := &intake{call: c}, &outlet{call: c, limit: 1}
	c.consumer = stream{&in.names, out}
	out.add(Result{})
	out.tell() // paused
	d := w.driver
	d.mu.Lock()
	first := make(chan struct{})
	go func() {
		defer close(first)
		out.take()
	}()
	for stacks := make([]byte, 1<<20); ; runtime.Gosched() {
		if n := runtime.Stack(stacks, true); bytes.Contains(stacks[:n], []byte("(*driver).turn")) {
			break // it waits for the lock of the driver
		}
	}
	out.add(Result{}) // paused again, and its tell is yet to come
	d.mu.Unlock()
	<-first
	out.take()
	in.add(uuid.NewString())
	select {
	case <-asked:
	case <-time.After(10 * time.Second):
		t.Fatal("the call is paused, though nothing is left to take")
	}
	c.seal()
	c.finish(c.report(nil))
	c.close(false)
}

// A refusal of the key ends a call from one goroutine, and the GET that this aborts ends its
// job from another. Each result says why, whichever comes first.
func TestRefusalIsNamedByEachResult(t *testing.T) {
	refused := &APIError{StatusCode: 401}
	for range 300 {
		w, err := New(Config{DisableList: true, Rate: 1e5, Burst: 10, Source: sourceFunc(func(ctx context.Context, _ string) (*Job, error) {
			runtime.Gosched()
			if ctx.Err() != nil {
				return nil, ctx.Err()
			}
			return nil, refused
		})})
		if err != nil {
			t.Fatal(err)
		}
		ids := []string{uuid.NewString(), uuid.NewString(), uuid.NewString()}
		results, _ := w.WaitAll(t.Context(), ids)
		for _, r := range results {
			var gaveUp *GaveUpError
			if !errors.As(r.Err, &gaveUp) || gaveUp.Err == nil {
				t.Fatalf("%#v", r.Err)
			}
		}
	}
}

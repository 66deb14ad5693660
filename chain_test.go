package edenwait_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/edenwait/edenwait"
	"github.com/edenwait/edenwait/internal/testbed"
)

// Errors whose chains have no end.

type cyclic struct{}

func (c cyclic) Error() string { return "cyclic" }
func (c cyclic) Unwrap() error { return c }

type cyclicTree struct{}

func (c *cyclicTree) Error() string        { return "cyclic" }
func (c *cyclicTree) Unwrap() []error      { return []error{c, c} }
func (c *cyclicTree) Is(target error) bool { return errors.Is(errors.New("x"), target) }

type derefNil struct{ text string }

func (d *derefNil) Error() string { return d.text }

type infinite struct{ i int }

func (i infinite) Error() string { return "infinite" }
func (i infinite) Unwrap() error { return infinite{i.i + 1} }

// TestErrorsWithoutEnd: an error that wraps itself, or is huge, or a typed nil, is no
// more than a failed request, hook or context.
func TestErrorsWithoutEnd(t *testing.T) {
	var nilErr *derefNil
	var nilURL *url.Error
	huge := errors.New(strings.Repeat("x", 1<<20))
	for name, e := range map[string]error{
		"cyclic": cyclic{}, "cyclic tree": &cyclicTree{}, "infinite": infinite{}, "nil": nilErr, "nil URL": nilURL,
		"wrapped nil": fmt.Errorf("a: %w", error(wrapping{nilErr})), "huge": huge, "joined": errors.Join(errors.New("x"), cyclic{}),
		"uncomparable": uncomparable{[]int{1}},
	} {
		for _, where := range []string{"source", "source panics", "hook", "hook panics", "cause", "transport"} {
			synctest.Test(t, func(t *testing.T) {
				log := &testbed.Log{}
				ctx, cancel := context.WithCancelCause(t.Context())
				defer cancel(nil)
				config := edenwait.Config{
					Token: testbed.Token, MaxErrors: 1, MaxWait: time.Second,
					Logger: log.Logger(),
				}
				answer := testbed.Succeeded
				switch where {
				case "source":
					answer = func(string) (*edenwait.Job, error) { return nil, e }
				case "source panics":
					answer = func(string) (*edenwait.Job, error) { panic(e) }
				case "hook":
					config.Hooks.OnSuccess = func(context.Context, *edenwait.Job) error { return e }
				case "hook panics":
					config.Hooks.OnSuccess = func(context.Context, *edenwait.Job) error { panic(e) }
				case "cause":
					answer = func(id string) (*edenwait.Job, error) { cancel(e); return testbed.Running(id) }
				}
				config.Source = testbed.GetFunc(func(_ context.Context, id string) (*edenwait.Job, error) { return answer(id) })
				if where == "transport" {
					config.Source = nil
					config.HTTPClient = &http.Client{Transport: testbed.RoundTrip(func(*http.Request) (*http.Response, error) { return nil, e })}
				}
				waiter, err := edenwait.New(config)
				if err != nil {
					t.Fatal(err)
				}
				results, err := waiter.WaitAll(ctx, []string{testbed.SomeID, testbed.ID(2)})
				if len(results) != 2 || err == nil || errors.Is(err, edenwait.ErrNotFound) {
					t.Fatalf("%s, %s: %v", name, where, err)
				}
				var is *derefNil
				_, _ = errors.As(err, &is), errors.Is(results[0].Err, huge)
				if n, m := len(err.Error()), len(log.String()); n > 20_000 || m > 200_000 {
					t.Errorf("%s, %s: texts of %d bytes, a log of %d", name, where, n, m)
				}
			})
		}
	}
}

type wrapping struct{ e error }

func (n wrapping) Error() string { return "wrapping" }
func (n wrapping) Unwrap() error { return n.e }

type uncomparable struct{ x []int }

func (uncomparable) Error() string { return "uncomparable" }

package edenwait_test

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"github.com/edenwait/edenwait"
	"github.com/edenwait/edenwait/edentest"
)

// TestConnectionsAreClosed: when the last call of a Waiter has ended, no
// connection of its own client is left open, nor a goroutine that reads it.
func TestConnectionsAreClosed(t *testing.T) {
	api := edentest.New(edentest.Options{Rate: -1})
	opened, closed := make(chan net.Conn, 1000), make(chan net.Conn, 1000)
	server := httptest.NewUnstartedServer(api)
	server.Config.ConnState = func(conn net.Conn, state http.ConnState) {
		switch state {
		case http.StateNew:
			opened <- conn
		case http.StateClosed:
			closed <- conn
		default:
		}
	}
	server.Start()
	defer server.Close()
	waiter, err := edenwait.New(edenwait.Config{BaseURL: server.URL, Token: edentest.DefaultToken, Rate: 1000})
	if err != nil {
		t.Fatal(err)
	}
	for call, wait := range map[string]func(ctx context.Context, ids []string) error{
		"WaitAll": func(ctx context.Context, ids []string) error { _, err := waiter.WaitAll(ctx, ids); return err },
		"Wait":    func(ctx context.Context, ids []string) error { _, err := waiter.Wait(ctx, ids[0]); return err },
		"AsCompleted": func(ctx context.Context, ids []string) error {
			for r := range waiter.AsCompleted(ctx, slices.Values(ids)) {
				return r.Err // the others are cut short
			}
			return nil
		},
	} {
		if err := wait(t.Context(), api.SubmitAll(20, edentest.World{Durations: edentest.Fixed(0)})); err != nil {
			t.Fatal(err)
		}
		// What is closed here is seen there when it is seen; the bound is for what
		// never is.
		late := time.After(time.Minute)
		for open := len(opened); open > 0; open-- {
			<-opened
			select {
			case <-closed:
			case <-late:
				t.Fatalf("%s: %d connections are still open", call, open)
			}
		}
	}
}

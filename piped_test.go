package edenwait_test

import (
	"errors"
	"fmt"
	nethttp "net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/edenwait/edenwait"
	"github.com/edenwait/edenwait/internal/testbed"
)

// TestSilenceIsNoticed: by default, a connection over HTTP/2 that has gone silent
// is replaced within some seconds, whatever waits on it.
func TestSilenceIsNoticed(t *testing.T) {
	_, _ = testbed.Roots(), testbed.Certificate() // made outside the bubble
	synctest.Test(t, func(t *testing.T) {
		server := testbed.StartPiped(t, 2, func(rw nethttp.ResponseWriter, _ *nethttp.Request) {
			fmt.Fprintf(rw, `{"public_id":%q,"status":"processing"}`, testbed.SomeID)
		})
		poller := server.Poller(t, edenwait.Config{})
		if _, err := poller.Get(t.Context(), testbed.SomeID); err != nil {
			t.Fatal(err)
		}
		if n := server.FallSilent(); n != 1 {
			t.Fatalf("%d connections", n)
		}
		began := time.Now()
		err := errors.New("not asked")
		for lost := 0; err != nil; lost++ {
			if _, err = poller.Get(t.Context(), testbed.SomeID); lost > 3 {
				t.Fatal(err)
			}
		}
		if took := time.Since(began); took > 15*time.Second {
			t.Errorf("answered again after %v", took)
		}
	})
}

package servertest

import (
	"log/slog"
	"sync"
	"testing"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/log"
	"go.temporal.io/server/temporaltest"
	"google.golang.org/grpc"
)

// The server starts in two seconds, and the scenes use accounts of their own, so one serves them all.
var (
	serverOnce sync.Once
	server     *temporaltest.TestServer
)

// temporalServer returns the server of this test binary. Its database is in memory. TestMain stops it.
func temporalServer() *temporaltest.TestServer {
	serverOnce.Do(func() { server = temporaltest.NewServer() })
	return server
}

// dial connects to the server's namespace.
func dial(address, namespace string, options ...grpc.DialOption) (client.Client, error) {
	return client.Dial(client.Options{
		HostPort:  address,
		Namespace: namespace,
		Logger:    log.NewStructuredLogger(slog.New(slog.DiscardHandler)),

		ConnectionOptions: client.ConnectionOptions{DialOptions: options},
	})
}

// newClient returns a client of the test, closed at its end.
func newClient(t *testing.T) client.Client {
	t.Helper()
	s := temporalServer()
	c, err := dial(s.GetFrontendHostPort(), s.GetDefaultNamespace())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

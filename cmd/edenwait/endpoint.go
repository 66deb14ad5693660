package main

import (
	"context"
	"errors"
	"net"
	"net/http"
	"time"
)

// endpoint is an HTTP server of the command. Its address is opened before any request is
// sent or file is written, and is closed when the command ends.
type endpoint struct {
	net.Listener
	server *http.Server
	served chan struct{}
}

// openEndpoint opens the address. The error names the flag.
func openEndpoint(ctx context.Context, flag, addr string) (endpoint, error) {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", addr)
	if err != nil {
		return endpoint{}, usageError(flag, err)
	}
	return endpoint{Listener: l, served: make(chan struct{})}, nil
}

// serve serves until close is called. It calls ended if the server stops earlier.
func (e *endpoint) serve(server *http.Server, ended func(error)) {
	server.ReadHeaderTimeout, server.MaxHeaderBytes = 10*time.Second, 64<<10
	e.server = server
	go func() {
		defer close(e.served)
		if err := server.Serve(e.Listener); !errors.Is(err, http.ErrServerClosed) {
			ended(err)
		}
	}()
}

// close stops the server and its connections at once.
func (e *endpoint) close() {
	if e.server == nil {
		_ = e.Listener.Close()
		return
	}
	_ = e.server.Close()
	<-e.served
}

package main

import (
	"context"
	"errors"
	"net"
	"net/http"
	"time"
)

// endpoint is an address at which wait is spoken to. It is opened before anything is
// written to, and ends with the wait.
type endpoint struct {
	net.Listener
	server *http.Server
	served chan struct{}
}

// openEndpoint listens, so that a port in use is found at once. The flag is for the
// error.
func openEndpoint(ctx context.Context, flag, addr string) (endpoint, error) {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", addr)
	if err != nil {
		return endpoint{}, usageError(flag, err)
	}
	return endpoint{Listener: l, served: make(chan struct{})}, nil
}

// serve answers until close is called. If it ends earlier, it calls ended.
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

// close ends it at once, with what is under way.
func (e *endpoint) close() {
	if e.server == nil {
		_ = e.Listener.Close()
		return
	}
	_ = e.server.Close()
	<-e.served
}

package main

import (
	"context"
	"crypto/rsa"
	"errors"
	"net"
	"net/http"
	"os"
	"sync"
	"time"

	"github.com/edenwait/edenwait/webhook"
)

// listener receives webhooks, which are hints that jobs have ended.
type listener struct {
	net.Listener
	keys   []*rsa.PublicKey
	server *http.Server
	served chan struct{}
}

// listen opens the address and the keys of --listen and --webhook-key. It returns nil
// without --listen.
func (f *waitFlags) listen(ctx context.Context) (*listener, error) {
	if f.listenAddr == "" {
		return nil, nil
	}
	l := &listener{served: make(chan struct{})}
	if f.webhookKey != "" {
		content, err := await(ctx, func() ([]byte, error) { return os.ReadFile(f.webhookKey) })
		if err != nil {
			return nil, usageError("--webhook-key", err)
		}
		if l.keys, err = webhook.ParseKeys(content); err != nil {
			return nil, usageError("--webhook-key", err)
		}
	}
	var err error
	if l.Listener, err = new(net.ListenConfig).Listen(ctx, "tcp", f.listenAddr); err != nil {
		return nil, usageError("--listen", err)
	}
	return l, nil
}

// serve passes deliveries on as hints. It reports only the first rejected delivery, since
// anybody can send more.
func (l *listener) serve(to webhook.Notifier, report func(format string, args ...any)) {
	var first sync.Once
	handler := webhook.Handler(to, webhook.Options{Keys: l.keys, OnReject: func(_ *http.Request, err error) {
		first.Do(func() { report("--listen: rejected a delivery (further ones are not reported): %v", err) })
	}})
	l.server = &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: time.Minute, MaxHeaderBytes: 64 << 10}
	report("receiving webhooks at http://%s/, on any path", l.Addr())
	go func() {
		defer close(l.served)
		if err := l.server.Serve(l.Listener); !errors.Is(err, http.ErrServerClosed) {
			report("--listen: cannot receive webhooks any more, polling continues: %v", err)
		}
	}()
}

// close stops the server at once, since no delivery matters any more.
func (l *listener) close() {
	if l == nil {
		return
	}
	if l.server == nil {
		_ = l.Listener.Close()
		return
	}
	_ = l.server.Close()
	<-l.served
}

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

// listener takes the webhooks that say that jobs may have ended.
type listener struct {
	net.Listener
	keys   []*rsa.PublicKey
	server *http.Server
	served chan struct{}
}

// listen opens what --listen and --webhook-key name. It returns nil without them.
func (f *waitFlags) listen(ctx context.Context) (*listener, error) {
	if f.listenAddr == "" {
		return nil, nil
	}
	l := &listener{served: make(chan struct{})}
	if f.webhookKey != "" {
		content, err := await(ctx, func() ([]byte, error) { return os.ReadFile(f.webhookKey) })
		if err != nil {
			return nil, cannot("--webhook-key", err)
		}
		if l.keys, err = webhook.ParseKeys(content); err != nil {
			return nil, cannot("--webhook-key", err)
		}
	}
	var err error
	if l.Listener, err = new(net.ListenConfig).Listen(ctx, "tcp", f.listenAddr); err != nil {
		return nil, cannot("--listen", err)
	}
	return l, nil
}

// serve passes deliveries on as hints. Of those that are rejected it reports the
// first: anybody can send more.
func (l *listener) serve(to webhook.Notifier, report func(format string, args ...any)) {
	var first sync.Once
	handler := webhook.Handler(to, webhook.Options{Keys: l.keys, OnReject: func(_ *http.Request, err error) {
		first.Do(func() { report("--listen: a delivery was rejected, further ones are not reported: %v", err) })
	}})
	l.server = &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: time.Minute, MaxHeaderBytes: 64 << 10}
	report("webhooks are taken at http://%s/, on any path", l.Addr())
	go func() {
		defer close(l.served)
		if err := l.server.Serve(l.Listener); !errors.Is(err, http.ErrServerClosed) {
			report("--listen: no more webhooks, jobs are still polled: %v", err)
		}
	}()
}

// close ends it at once: a delivery that is cut is of no use any more.
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

package main

import (
	"context"
	"crypto/rsa"
	"net/http"
	"os"
	"sync/atomic"
	"time"

	"github.com/edenwait/edenwait/webhook"
)

// listener receives webhooks, which are hints that jobs have ended.
type listener struct {
	endpoint
	keys []*rsa.PublicKey
}

// listen opens the address and the keys of --listen and --webhook-key. It returns nil
// without --listen.
func (f *waitFlags) listen(ctx context.Context) (*listener, error) {
	if f.listenAddr == "" {
		return nil, nil
	}
	l := &listener{}
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
	if l.endpoint, err = openEndpoint(ctx, "--listen", f.listenAddr); err != nil {
		return nil, err
	}
	return l, nil
}

// serve passes deliveries on as hints, and rejected ones to rejected. It reports only the
// first of those, since anybody can send more.
func (l *listener) serve(to webhook.Notifier, rejected func(error), report func(format string, args ...any)) {
	var reported atomic.Bool // and not a sync.Once: others must not wait for a stderr that nobody reads
	handler := webhook.Handler(to, webhook.Options{Keys: l.keys, OnReject: func(_ *http.Request, err error) {
		rejected(err)
		if reported.CompareAndSwap(false, true) {
			report("--listen: rejected a delivery (further ones are not reported): %v", err)
		}
	}})
	report("receiving webhooks at http://%s/, on any path", l.Addr())
	l.endpoint.serve(&http.Server{Handler: handler, IdleTimeout: time.Minute}, func(err error) {
		report("--listen: cannot receive webhooks any more, polling continues: %v", err)
	})
}

// close stops the server at once, since no delivery matters any more.
func (l *listener) close() {
	if l != nil {
		l.endpoint.close()
	}
}

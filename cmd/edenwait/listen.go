package main

import (
	"context"
	"crypto/rsa"
	"net/http"
	"os"
	"sync"
	"time"

	"github.com/edenwait/edenwait/webhook"
)

// listener takes the webhooks that say that jobs may have ended.
type listener struct {
	endpoint
	keys []*rsa.PublicKey
}

// listen opens what --listen and --webhook-key name. It returns nil without them.
func (f *waitFlags) listen(ctx context.Context) (*listener, error) {
	if f.listenAddr == "" {
		return nil, nil
	}
	l := &listener{}
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
	if l.endpoint, err = openEndpoint(ctx, "--listen", f.listenAddr); err != nil {
		return nil, err
	}
	return l, nil
}

// serve passes deliveries on as hints. Those that are rejected go to rejected; the
// first is reported too: anybody can send more.
func (l *listener) serve(to webhook.Notifier, rejected func(error), report func(format string, args ...any)) {
	var first sync.Once
	handler := webhook.Handler(to, webhook.Options{Keys: l.keys, OnReject: func(_ *http.Request, err error) {
		rejected(err)
		first.Do(func() { report("--listen: a delivery was rejected, further ones are not reported: %v", err) })
	}})
	report("webhooks are taken at http://%s/, on any path", l.Addr())
	l.endpoint.serve(&http.Server{Handler: handler, IdleTimeout: time.Minute}, func(err error) {
		report("--listen: no more webhooks, jobs are still polled: %v", err)
	})
}

// close ends it at once: a delivery that is cut is of no use any more.
func (l *listener) close() {
	if l != nil {
		l.endpoint.close()
	}
}

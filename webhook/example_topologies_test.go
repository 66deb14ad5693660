package webhook_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/edenwait/edenwait/webhook"
)

// bus stands for Redis, NATS or whatever else carries a message to all replicas.
type bus struct{ subscribers []func(id string) }

func (b *bus) Publish(id string) {
	for _, notify := range b.subscribers {
		notify(id)
	}
}

func (b *bus) Subscribe(notify func(id string)) { b.subscribers = append(b.subscribers, notify) }

// Any replica may receive a delivery, and all are notified.
func ExampleNotifierFunc_fanOut() {
	ids := &bus{}
	var handlers []http.Handler
	for name := range 3 {
		waiter := webhook.NotifierFunc(func(id string) { fmt.Println("replica", name, "notify", id) })
		handlers = append(handlers, replica(ids, waiter))
	}

	server := httptest.NewServer(handlers[1]) // the load balancer picked it
	defer server.Close()
	fmt.Println(deliver(server.URL))
	// Output:
	// replica 0 notify 550e8400-e29b-41d4-a716-446655440000
	// replica 1 notify 550e8400-e29b-41d4-a716-446655440000
	// replica 2 notify 550e8400-e29b-41d4-a716-446655440000
	// 200 OK
}

// replica is what each replica runs.
func replica(ids *bus, waiter webhook.Notifier) http.Handler {
	ids.Subscribe(waiter.Notify)
	return webhook.Handler(webhook.NotifierFunc(ids.Publish), webhook.Options{})
}

// Each replica has a path of its own, which it submits its jobs with.
func ExampleHandler_ownPath() {
	balancer := http.NewServeMux() // one that routes by path
	for name := range 3 {
		waiter := webhook.NotifierFunc(func(id string) { fmt.Println("replica", name, "notify", id) })
		path := fmt.Sprintf("/hooks/edenai/replica-%d", name)
		balancer.Handle(path, webhook.Handler(waiter, webhook.Options{}))
	}

	server := httptest.NewServer(balancer)
	defer server.Close()
	fmt.Println(deliver(server.URL + "/hooks/edenai/replica-2"))
	// Output:
	// replica 2 notify 550e8400-e29b-41d4-a716-446655440000
	// 200 OK
}

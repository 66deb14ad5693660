// Package webhook receives what Eden AI posts to a webhook_receiver when an
// async job ends, so that a wait ends at once instead of at its next poll.
//
// A delivery is used in two ways:
//
//   - As a hint: Notify says that the job may have ended. Only the job's own GET ends
//     a wait. So hints need no signature, and a forged, early or doubled hint costs
//     little.
//   - As an event: [Options.OnEvent] gets the job's output. It is called only for
//     deliveries that one of [Options.Keys] has signed, at least once for each.
//
// Mount a [Handler] in the process that waits:
//
//	mux.Handle("/hooks/edenai", webhook.Handler(waiter, webhook.Options{Keys: keys}))
//
// and submit jobs with "webhook_receiver": "https://hooks.example/hooks/edenai".
// Where the server is not net/http, [Parse] reads a body and its headers.
//
// The Waiter keeps polling. If deliveries are late or lost, or if the handler is down,
// every wait still ends, as it does without webhooks.
//
// # Behind a load balancer
//
// A hint helps only the process that waits for the job, but a delivery goes to the
// process that the load balancer picks. There are three solutions:
//
//   - One process receives and waits: the [Notifier] is its Waiter.
//   - Fan-out: any process receives. Its Notifier, a [NotifierFunc], publishes the id
//     to all processes, and each notifies its own Waiter. An id without a wait costs
//     nothing there.
//   - Separate paths: each process submits with a webhook_receiver that names it,
//     such as https://hooks.example/hooks/edenai/replica-7, and the load balancer
//     routes by path. The Handler works at any path.
//
// # Signatures
//
// The signature is over a canonical text of the body: names sorted, indented by
// two spaces. Eden AI's documents disagree on the tool that writes it. The tools
// differ only in how they write some numbers, so a delivery is verified if its
// signature fits the body as sent or any of these texts: with the numbers as sent,
// as Python's json.dumps writes them, and as orjson does, before and since its
// version 3.11.7. All are signed with the same key, so this does not help a forger.
// A body in which an object has a name twice must be signed as sent, since tools
// disagree on what it says.
//
// The public key comes from Eden AI's support; [ParseKeys] reads it.
package webhook

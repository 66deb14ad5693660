package edentest

import (
	"crypto/rsa"
	"net/http"
	"time"
)

// Webhooks configures the deliveries at the ends of jobs. A job is delivered if its POST
// or its Script has a webhook_receiver. The zero value sends a signed delivery when the
// job ends, over the network.
//
// A delivery is repeated unless the answer is 2xx or 4xx. Redirects are not followed.
// Options.Seed and the job's id determine whether a delivery is lost, late or doubled.
type Webhooks struct {
	// All delivers jobs without a receiver to Receiver: jobs of Submit and SubmitAll, and
	// of a POST without a webhook_receiver. Defaults to false.
	All bool

	// Receiver is the URL that All uses. Defaults to
	// "https://receiver.example/edenai".
	Receiver string

	// AllowInsecure accepts a POST whose webhook_receiver is http, or a loopback
	// address. Like the service, edentest otherwise answers it with 422. Defaults
	// to false.
	AllowInsecure bool

	// Deliver, Handler and Transport replace the network. The first of them that is set
	// gets all deliveries, for any URL. Deliver is called with the delivery, which then
	// counts as answered 200. Handler is called with the request, in memory. Transport
	// sends the request. They may be called concurrently, and may call the API, except
	// for Close, which waits for them. They default to the network.
	Deliver   func(Delivery)
	Handler   http.Handler
	Transport http.RoundTripper

	// Delay is how long after the job's end it is delivered. Defaults to 0. For
	// deliveries that are ahead of what the GET shows, see Options.GetLag.
	Delay time.Duration

	// LossRate is the share of jobs, 0 to 1, that are never delivered. Defaults to
	// 0.
	LossRate float64

	// LateRate is the share of jobs, 0 to 1, that are delivered another LateBy
	// later. It defaults to 0, and LateBy to a minute.
	LateRate float64
	LateBy   time.Duration

	// DuplicateRate is the share of jobs, 0 to 1, that are delivered once more
	// DuplicateAfter later, whether the first delivery succeeded or not. It defaults to
	// 0, and DuplicateAfter to a second.
	DuplicateRate  float64
	DuplicateAfter time.Duration

	// MaxAttempts is the maximum number of attempts per delivery. Defaults to 3.
	MaxAttempts int

	// RetryDelay is the pause after an attempt that failed. (unsure) The service
	// does not document it. Defaults to 10 seconds.
	RetryDelay time.Duration

	// Timeout is how long an attempt may take. Defaults to 10 seconds.
	Timeout time.Duration

	// Form is the canonical JSON that is signed. Defaults to PythonJSON.
	Form SignatureForm

	// Key signs deliveries. Defaults to a key of 2048 bits, made once per process: see
	// API.WebhookKey.
	Key *rsa.PrivateKey

	// Unsigned omits the signature, for runs with many thousands of jobs: signing takes
	// about a millisecond. Defaults to false.
	Unsigned bool
}

// defaulted returns the options with the defaults in place of zeros.
func (w Webhooks) defaulted() Webhooks {
	if w.Receiver == "" {
		w.Receiver = "https://receiver.example/edenai"
	}
	if w.LateBy == 0 {
		w.LateBy = time.Minute
	}
	if w.DuplicateAfter == 0 {
		w.DuplicateAfter = time.Second
	}
	if w.MaxAttempts <= 0 {
		w.MaxAttempts = 3
	}
	if w.RetryDelay == 0 {
		w.RetryDelay = 10 * time.Second
	}
	if w.Timeout == 0 {
		w.Timeout = 10 * time.Second
	}
	return w
}

// A Delivery is one attempt to deliver a webhook.
type Delivery struct {
	Time      time.Time // when it was sent
	JobID     string
	URL       string
	Attempt   int         // from 1
	Duplicate bool        // the second delivery of a job that is delivered twice
	Header    http.Header // with the signature
	Body      []byte
	Status    int   // of the receiver's answer; 0 if there was none
	Err       error // why there was none
}

// delivered tells whether there is no reason to try again.
func (d *Delivery) delivered() bool {
	return d.Status >= 200 && d.Status < 300 || d.Status >= 400 && d.Status < 500
}

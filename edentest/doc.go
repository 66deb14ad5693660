// Package edentest is a fake Eden AI async-jobs API, for tests of programs that
// submit jobs, wait for them, or list them. It is to that API what
// [net/http/httptest] is to HTTP.
//
// An [API] is one account of the service. It implements all four endpoints, with the
// shapes and errors that are documented or were observed:
//
//	POST   /v3/universal-ai/async           202, 422
//	GET    /v3/universal-ai/async/{job_id}  200, 404, 422
//	GET    /v3/universal-ai/async?…         200, 422
//	DELETE /v3/universal-ai/async/{job_id}  204, 404, 409, 422
//
// All endpoints also answer 401, 403, 405 and 429. Comments say (unsure) if a behavior
// is neither documented nor observed.
//
// # In memory, or over a connection
//
// [API.Client] reaches the API in memory, whatever the host in the request's URL is. It
// needs no port and leaves no goroutine, so an hour of polling inside a
// [testing/synctest] bubble takes milliseconds:
//
//	func TestPollLoop(t *testing.T) {
//		synctest.Test(t, func(t *testing.T) {
//			api := edentest.New(edentest.Options{Latency: 40 * time.Millisecond})
//			id := api.Submit(edentest.Script{After: time.Hour, Output: json.RawMessage(`{"text":"hello"}`)})
//
//			text, err := waitFor(api.Client(), "https://api.edenai.run", id)
//			if err != nil || text != "hello" {
//				t.Errorf("waitFor = %q, %v, want hello", text, err)
//			}
//			ended, _ := api.EndedAt(id)
//			if late := time.Since(ended); late > 10*time.Second {
//				t.Errorf("%v late, after %d requests", late, api.Stats().Gets)
//			}
//		})
//	}
//
// [Start] listens on a loopback address, for a real connection or for a program
// in any language. [StartTLS] does so with TLS and HTTP/2. Do not use them in a bubble:
// a goroutine that waits for the network keeps the bubble's clock from advancing.
//
// # Jobs
//
// There are three kinds of jobs. A [Script] says how one job ends: for example after half
// a minute, with success and this output. A [Workload] draws jobs at random, by their
// durations and failure rate. Other jobs arrive by POST. Random values depend only on
// Options.Seed.
//
// [API.Finish] ends a job at a time that the test chooses, and [API.Delete] removes it.
// [API.EndedAt] returns the true end of a job, and [API.FirstSeenEnded] the first time
// that a GET showed it.
//
// # The limit
//
// The account may send ten requests per second, over all clients. Further requests are
// answered 429, without a Retry-After header, like on the live service.
//
// Options.Limit chooses how requests are counted, since the service does not document
// it. Test a client with a [TokenBucket], a [FixedWindow] and a [SlidingWindow]. With
// Options.BackgroundRate, other clients use a part of the limit. With Options.Ban, a
// request beyond the limit causes all requests to be refused for a while. Each further
// request restarts that time.
//
// # Faults
//
// A [Fault] is an [Effect], such as a status, a reset connection, a truncated body or
// another job's answer. Its fields say for which requests, how often, with which
// probability, and at what time it occurs.
//
//	Faults: []edentest.Fault{
//		{On: edentest.Get, Probability: 0.1, Do: edentest.TruncateBody()},
//		{From: time.Minute, Until: 3 * time.Minute, Do: edentest.RefuseConnection()},
//		{On: edentest.List, Do: edentest.StaleList(10 * time.Second)},
//	}
//
// Faults of the connection: [RefuseConnection], [Reset], [ResetBody], [Stall], [Hang],
// [Drip], [Delay], and [Silence], after which a connection neither answers nor closes.
//
// Faults of the answer: [TruncateBody], [TruncateGzip], [Empty], [Null], [HTML], [PadBody],
// [WrongType], [OtherID], [ClockSkew], and [Edit] for any other change.
//
// Refusals: [Status] for any of them, [RetryAfter], [Redirect], [Unavailable],
// [Unauthorized], [Forbidden], [ForbiddenPage], [StrayNotFound]. [Processing] adds a
// Retry-After header to a job that is still running.
//
// An outage is a fault with From and Until:
//
//	{From: time.Minute, Until: 3 * time.Minute, Do: edentest.Unavailable(2 * time.Minute)}, // 503 to everything
//	{From: time.Minute, Until: 6 * time.Minute, Do: edentest.RefuseConnection()},                     // the host is down
//	{Skip: 200, Times: 1, Do: edentest.ForbiddenPage()},                                    // one strange refusal
//	{From: 5 * time.Second, Times: 1, Do: edentest.Silence()},                              // one silent connection
//	{PerJob: true, Times: 1, Do: edentest.StrayNotFound()},                                 // each job is unknown once
//
// Other failures are options of the account, and can be combined with a fault:
// Options.Latency (every answer takes that long), Options.Bandwidth (a slow line that
// all bodies share), Options.ListLag and Options.GetLag (answers that are behind),
// Options.ListPageSize and Options.ListNoTotals (a list that gives less than was
// requested), Options.ListStatus, Options.NotFoundFor. With Script.StuckInList,
// Workload.StuckInList or [API.SetStuckInList], the list shows jobs as running forever.
//
// [Chaos] returns a mix of faults. [API.SetFaults] changes the faults during the test. A
// fault changes the answer, but the request still takes effect, unless the service
// refuses it: see [Fault] for the consequences for a POST.
//
// # Webhooks
//
// With Options.Webhooks, the API sends a webhook to the receiver in the POST when the job
// ends, over the network or in memory. The fields of [Webhooks] say when deliveries are
// sent, which are lost, late or doubled, and how they are signed. [API.WebhookKey]
// verifies them.
//
//	edentest.Options{
//		GetLag: 1500 * time.Millisecond, // the GET shows the end a second after the delivery
//		Webhooks: &edentest.Webhooks{
//			All:      true, // of all jobs, not only of those with a receiver
//			Handler:  receiver,
//			Delay:    500 * time.Millisecond,
//			LossRate: 0.05,
//		},
//	}
//
// Deliveries in memory run inside a bubble. [API.Close] ends them early.
//
// # Records
//
// [API.Requests] returns the log of all requests, with the bodies of POSTs.
// [API.Stats] returns counters, including the maximum number of requests in one second.
// [API.Deliveries] returns the log of webhooks. Keys are never recorded.
//
// This package does not import testing, so programs that are not tests can use it.
package edentest

// Package edentest is the Eden AI async-jobs API in a box, for the tests of
// programs that submit such jobs, wait for them, or list them. It is to that API
// what [net/http/httptest] is to HTTP.
//
// An [API] is one account of the service. It speaks all four endpoints with the
// shapes and the errors that are documented or have been seen on the wire:
//
//	POST   /v3/universal-ai/async           202, 422
//	GET    /v3/universal-ai/async/{job_id}  200, 404, 422
//	GET    /v3/universal-ai/async?…         200, 422
//	DELETE /v3/universal-ai/async/{job_id}  204, 404, 409, 422
//
// and everywhere 401, 403, 405 and 429. Where the documents are silent and no
// answer is known, the comments say (unsure).
//
// # Two doors
//
// [API.Client] reaches the API in memory, whatever host a request is addressed
// to. It needs no port and leaves no goroutine behind, so an hour of polling
// inside a [testing/synctest] bubble passes in milliseconds:
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
// in any language, and [StartTLS] does so with TLS and HTTP/2. A bubble hangs there:
// a goroutine that waits for the network keeps its clock from advancing.
//
// # Jobs
//
// A job comes from a [Script] that says what becomes of it (after half a minute,
// success, with this output), is drawn from a [Workload] (how long jobs run, what
// share of them fails), or arrives by POST. What is drawn derives from
// Options.Seed alone. [API.Finish] ends one at a moment of the test's choosing,
// [API.Delete] takes it away. [API.EndedAt] tells the truth about a job to compare
// with what a client has found out, and [API.FirstSeenEnded] when a client could have
// known.
//
// # The limit
//
// Ten requests per second, for everyone who uses the account together. What
// exceeds them is answered with 429, and, as on the live service, with no hint
// when to come back. Options.Limit chooses how the requests are counted, which
// is not documented; a client that lives with a [TokenBucket], a [FixedWindow]
// and a [SlidingWindow] is on the safe side. Options.BackgroundRate has other clients
// spend a part of it. With Options.Ban, a request beyond the limit has everything
// refused for a while, and each further request restarts that while.
//
// # Faults
//
// A [Fault] is something that goes wrong (a status, a reset connection, a torn
// body, another job's answer) and when: for which requests, how often, with
// which probability, in which span of time.
//
//	Faults: []edentest.Fault{
//		{On: edentest.Get, Probability: 0.1, Do: edentest.TruncateBody()},
//		{From: time.Minute, Until: 3 * time.Minute, Do: edentest.RefuseConnection()},
//		{On: edentest.List, Do: edentest.StaleList(10 * time.Second)},
//	}
//
// Faults of the wire: [Refuse], [Reset], [ResetBody], [Stall], [Hang], [Drip],
// [Delay], and [Silence], after which a connection neither answers nor closes.
//
// Faults of what is sent: [TruncateBody], [TruncateGzip], [Empty], [Null], [HTML], [PadBody],
// [WrongType], [OtherID], [ClockSkew], and [Edit] for one of your own.
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
// Other troubles are properties of the account, and can be combined with a fault:
// Options.Latency (every answer takes that long), Options.Bandwidth (a slow line that
// all bodies share), Options.ListLag and Options.GetLag (answers that are behind),
// Options.ListPageSize and Options.ListNoTotals (a list that gives less than was
// requested), Options.ListStatus, Options.NotFoundFor. With Script.StuckInList,
// Workload.StuckInList or [API.SetStuckInList], the list shows jobs as running forever.
//
// [Chaos] has a bit of everything, and [API.SetFaults] changes the faults while
// the test goes on. A fault spoils the answer, not the work, unless the service
// refuses: see [Fault] for what that means to a POST.
//
// # Webhooks
//
// With Options.Webhooks, the receiver of a POST is told of the job's end, over the
// network or in memory. Options of [Webhooks] say when deliveries come, which are
// lost, late or doubled, and how they are signed. [API.WebhookKey] verifies them.
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
// [API.Requests] is the log of all requests, [API.Stats] their count, among it
// the most that came in any one second. What a POST has brought is in
// Request.Body. [API.Deliveries] is the log of webhooks. No key is ever recorded.
//
// This package does not import testing, so it can serve programs that are not
// tests.
package edentest

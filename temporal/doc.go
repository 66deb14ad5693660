// Package edentemporal waits for Eden AI async jobs from Temporal workflows, with one
// process per account that polls for all of them.
//
// An account has one rate limit, however many workers share it. So one worker per account
// leads: it has the [edenwait.Waiter], and the waits of all workflows run on it. Temporal
// elects the leader. If the leader dies, another process leads, and the waits restart
// there.
//
// Each process that may lead is started with
//
//	member, err := edentemporal.Start(ctx, client, edentemporal.Options{
//		Account: "production",
//		Config:  edenwait.Config{Token: os.Getenv("EDENAI_API_KEY")},
//		Reduce:  map[string]edentemporal.Reduce{"text": text},
//	})
//	defer member.Stop()
//
// and a workflow, on any worker, in any process, waits with
//
//	outcomes, err := edentemporal.WaitAll(ctx, "production", ids, edentemporal.WithReduce("text"))
//
// The account is a name of your choice, and never the key, since it appears in
// workflows' histories. All processes of an account must use the same namespace,
// since Temporal elects one leader in each.
//
// # What is promised
//
// A request is sent only by the process that leads. The leader sends none unless
// the server has acknowledged one of its heartbeats within three quarters of the
// heartbeat timeout, by both the wall clock and the monotonic clock. So a leader that was frozen
// or cut off sends nothing afterwards, except requests that were on their way.
//
// Each job has exactly one [Outcome], even if processes die meanwhile. An error of
// [WaitAll] means only that the waiting failed.
//
// A refused key does not fail the fleet: see [Refusal].
//
// # Submits
//
// Submits draw from the same rate limit. [Options.Register] registers activities that run at
// the leader, on [SubmitQueue], and gives them a transport that paces their requests.
//
// # Other languages
//
// Workflows in other languages execute the activity [AwaitActivity] on [AwaitQueue] themselves:
// pass an [AwaitInput], read the outcomes in the [AwaitResult], and call again with the ids
// without an outcome.
package edentemporal

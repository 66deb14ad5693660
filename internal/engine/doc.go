// Package engine decides what a Waiter sends next. It is a state machine: it
// holds all calls of the Waiter, the jobs they wait for, who waits for which, and
// what is under way. Times and inputs go in; what is to be done comes out of
// Ready. It has no goroutine, channel, context, clock, HTTP or logger, so a
// simulation can drive it through an hour of ten thousand jobs in a second.
//
//	Open, Watch, Seal, Cancel, Drain, Close    a call: ids in, ends out
//	Pause                                      its consumer is too slow
//	Respond                                    what came of a request
//	Notify                                     a job may have ended
//	Reserve, Withdraw, Observe                 the caller's own requests
//	Ready                                      what to do now, and when to look again
//
// Every input is followed by a Ready, until one has More false. Calls of Ready at
// one moment without an input between them give nothing new.
//
// A job is polled once, however many wait for it. A wait is one call's interest in
// one job: since when, how many polls, its deadline and its own backoff are the
// wait's. Requests are named by numbers that are never used again, so an answer
// to a request that is gone can be told from any other.
//
// Work per input is bounded by what the input brings, so that a call with a
// million jobs holds up nobody else: large calls are watched, cancelled and
// drained in pieces, and Ready leaves the rest of its work to the next Ready.
//
// An Engine is not safe for concurrent use: its owner holds a lock.
package engine

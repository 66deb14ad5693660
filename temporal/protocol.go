package edentemporal

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// The names and types below are a contract with running workflows, and with
// programs in other languages. Inputs and results are plain JSON. The meaning of a name
// never changes. A different meaning gets a new name.
const (
	// AwaitActivity is the name of the activity that waits for up to 1,000 jobs. It
	// runs at the leader, on AwaitQueue.
	AwaitActivity = "edenwait.Await.v1"
	// LeadWorkflow is the name of the workflow that exists once per account, and
	// LeadActivity is the name of its only activity: the process that runs it leads.
	LeadWorkflow = "edenwait.Lead.v1"
	LeadActivity = "edenwait.Lead.v1"
)

const (
	// MaxIDs is the maximum number of ids in one call of WaitAll.
	MaxIDs = 20_000
	// MaxOutcomeBytes is the maximum size of one Outcome, as the client's
	// DataConverter encodes it.
	MaxOutcomeBytes = 2 << 10

	// The size of a chunk is a part of what AwaitActivity stands for: another size gives
	// other commands.
	chunkIDs = 1000
	// An Await returns when it has this many outcomes, or bytes of them.
	returnOutcomes = 256
	returnBytes    = 256 << 10
	// Details of heartbeats stay in the workflow's mutable state, which may have 8 MiB
	// in all: 20 chunks of 64 KiB leave room.
	detailBytes = 64 << 10

	maxAccount = 100
)

// AwaitInput is the input of AwaitActivity.
type AwaitInput struct {
	// IDs are up to 1,000 ids, each once.
	IDs []string `json:"ids"`
	// Reduce is a name in Options.Reduce, or empty.
	Reduce string `json:"reduce,omitempty"`
}

// AwaitResult is the result of AwaitActivity, and the details of its heartbeats.
type AwaitResult struct {
	// Outcomes has at least one outcome, of jobs that have ended. Pass the ids without an
	// outcome in again.
	Outcomes []Outcome `json:"outcomes"`
}

// LeadInput is the input of LeadWorkflow.
type LeadInput struct {
	// HeartbeatTimeout is the leader's, in nanoseconds.
	HeartbeatTimeout time.Duration `json:"heartbeat_timeout"`
}

// AwaitQueue is the task queue of the account's AwaitActivity. Only the leader works on
// it.
func AwaitQueue(account string) string { return "edenwait-await-" + account }

// SubmitQueue is the task queue of the activities that Options.Register registers.
// Only the leader works on it.
func SubmitQueue(account string) string { return "edenwait-submit-" + account }

// leadQueue is the task queue of the candidates.
func leadQueue(account string) string { return "edenwait-lead-" + account }

// LeadWorkflowID is the id of the account's LeadWorkflow.
func LeadWorkflowID(account string) string { return "edenwait-lead-" + account }

// checkAccount refuses names that make unreadable ids. It does not quote the
// name: a key in the wrong place must not be shown.
func checkAccount(account string) error {
	if account == "" {
		return errors.New("edentemporal: the account's name is empty")
	}
	if len(account) > maxAccount || strings.ContainsFunc(account, func(r rune) bool { return r <= ' ' || r >= 0x7f }) {
		return fmt.Errorf("edentemporal: invalid account name of %d bytes: want up to %d ASCII characters without spaces", len(account), maxAccount)
	}
	return nil
}

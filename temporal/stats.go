package edentemporal

import (
	"sync/atomic"
	"time"

	"github.com/edenwait/edenwait"
)

// Stats is a snapshot of this process as a candidate.
type Stats struct {
	// Leads reports whether this process leads now and may send requests. Since is when
	// it began to lead.
	Leads bool
	Since time.Time
	// Terms is how often this process has become the leader.
	Terms int
	// Reason is why it does not lead, if it has led or was refused. It is empty otherwise.
	Reason string

	// BeatAge is the age of the last heartbeat that the server has acknowledged. At three
	// quarters of the timeout, nothing is sent any more. Fenced counts requests that were
	// not sent for that reason.
	BeatAge time.Duration
	Fenced  int
	// Awaits is the number of Await activities that run here now. Outcomes is how many
	// they have found in this term.
	Awaits, Outcomes int
	// Waiter has the Stats of the current term. It is zero if this process does not lead.
	Waiter edenwait.Stats
}

// counts are the counts of one term.
type counts struct {
	awaits, outcomes atomic.Int64
}

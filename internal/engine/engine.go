package engine

import (
	"time"

	"github.com/edenwait/edenwait/internal/list"
	"github.com/edenwait/edenwait/internal/ratelimit"
)

// Config is what does not change while the Engine lives.
type Config struct {
	Rate        float64
	Burst       int
	MaxInFlight int
	MaxErrors   int
	MaxWait     time.Duration // of each wait; Never is no bound
	UseList     bool
	// Delays are the default backoff's, the last of them without end.
	Delays []time.Duration
	// NewBackoff makes a backoff for each wait, and one for the list, instead. It
	// and what it returns are called by the Engine, under its owner's lock.
	NewBackoff func() Backoff
}

// Engine is the state machine. See the package's documentation.
type Engine struct {
	config  Config
	table   table
	calls   calls
	list    *list.List
	cadence list.Cadence
	limiter *ratelimit.Limiter
	delays  backoffTable
	price   price
	history history

	backoffs map[int32]Backoff // of waits, if there is a NewBackoff
	pacing   Backoff           // of the list, likewise
	failures map[int32]failure // of jobs whose last GET failed

	requests    map[RequestID]*request
	lastRequest RequestID
	under       int // requests under way
	roundTrip   time.Duration

	idle     int // jobs that are listed or polled
	urgent   int // jobs that are urgent
	unshown  int // jobs that the list has proved not to show
	influx   influx
	youngest time.Duration

	deadlines fifo[deadline] // of MaxWait, in the order of time
	finals    int            // of deadlines: those whose final polls have begun
	ending    int            // waits begun since deadlines was compacted
	fading    []fading       // aborted requests whose answer still counts, in the order of time
	passes    [passKinds]pass
	pageHead  Key   // the first job of the page read last, of those without totals
	audited   int32 // where to look for a job to audit
	sampled   int32 // and for the jobs of the outlook
	audits    audits
	notices   notices
	refusal   refusal
	outage    outage
	stall     stall
	limit     limit
	lastsTo   time.Duration // how long an outage lasts that ends waits
	trouble   int           // requests in a row that failed, for the log

	own ownLine

	ended ring[time.Duration] // ids that have ended
	stuck ring[time.Duration] // ended ids that the list still shows running
	hints ring[time.Duration] // hints for jobs that nobody waits for yet

	out   Ready // what the inputs since the last Ready have brought
	stats Stats
}

// request is a request under way.
type request struct {
	kind   Kind
	job    int32
	page   int
	sent   time.Duration
	opened uint64 // number of calls opened before it was sent
	last   bool   // it took the last place of MaxInFlight
	reason Reason // why nobody waits for it any more
}

// failure is what is known of a job whose last GET failed.
type failure struct {
	value   any
	missing time.Duration // when the API first said that there is no such job; Never if it did not
	misses  int           // how often in a row it has said so
}

// New returns an Engine without calls.
func New(config Config) *Engine {
	e := &Engine{
		config:   config,
		calls:    calls{rate: config.Rate},
		list:     list.New(config.UseList),
		limiter:  ratelimit.New(config.Rate, config.Burst),
		delays:   config.Delays,
		price:    newPrice(config.Rate),
		history:  newHistory(),
		lastsTo:  outageLimit(config.Delays, config.MaxErrors),
		requests: map[RequestID]*request{},
		failures: map[int32]failure{},
		hints:    ring[time.Duration]{size: rememberedHints},
		stuck:    ring[time.Duration]{size: rememberedHints},
		notices:  newNotices(),
		// The list is checked against jobs that ended some ten seconds ago.
		ended: ring[time.Duration]{size: min(max(rememberedEnds, int(60*config.Rate)), 16*rememberedEnds)},
	}
	return e
}

// Renew returns an Engine without calls that goes on where this one cannot: after a
// Backoff has panicked in it. Whatever that panic may have left half done is gone. What
// has been sent stays counted, or a caller that catches the panic and waits again would
// exceed the rate, and the line of own requests stays as it is.
func (e *Engine) Renew() *Engine {
	next := New(e.config)
	next.limiter, next.limit, next.stats = e.limiter, e.limit, e.stats
	next.refusal.worked = e.refusal.worked
	next.own, next.out.Grants = e.own, e.out.Grants
	return next
}

const (
	rememberedEnds  = 4096
	rememberedHints = 4096
)

// Kind is a kind of request.
type Kind uint8

const (
	// Get is the GET of one job. Only its answer ends a wait.
	Get Kind = iota
	// Page is the GET of one page of the list of running jobs.
	Page
)

// Request is a request to send.
type Request struct {
	ID      RequestID
	Kind    Kind
	Key     Key    // of a Get
	Attempt uint32 // of a Get: it counts the job's GETs, from 1
	Page    int    // of a Page, from 1
	For     *Call  // of a Get: the call that has waited longest
}

// Reason is why a wait ended.
type Reason uint8

const (
	// Answered means that the answer in the End's Value ended it.
	Answered Reason = iota
	// CallEnded means that the call left before the job ended.
	CallEnded
	// MaxWaitPassed means: Config.MaxWait passed.
	MaxWaitPassed
	// MaxErrorsReached means: as many requests in a row failed as Config.MaxErrors allows.
	MaxErrorsReached
	// BackoffStopped means: the wait's own Backoff stopped.
	BackoffStopped
	// OutageLasted means that no request, for any job, was answered for as long as a
	// single job would have taken to MaxErrorsReached.
	OutageLasted
)

// End is the end of waits for one job: of all of them, or, if the Reason concerns
// single waits, of those in Waits.
type End struct {
	Key    Key
	Reason Reason
	Last   bool // nobody waits for the job any more
	// Value is the answer's Value. If an answer is not the Reason, it is the Value of the
	// job's last failed request, or nil if the last request did not fail.
	Value any
	Waits []WaitEnd // the longest wait first
	// Looked is when the last request that saw the job running was sent, or Never if
	// none did.
	Looked time.Duration
	For    time.Duration // of OutageLasted: how long it has lasted
}

// WaitEnd is the end of one wait.
type WaitEnd struct {
	Call  *Call
	Slot  int32
	More  []int32 // further slots
	Since time.Duration
	Now   time.Duration
	Polls int
	Fails int // requests in a row that failed
	Seen  bool
	Value any // of Drain: the Value of the job's last failed request
}

// Note is something for the log.
type Note struct {
	Kind  NoteKind
	Value any // the answer's
	Count int
	Rate  float64
	For   time.Duration
}

// NoteKind is the kind of a Note.
type NoteKind uint8

// The kinds of Notes.
const (
	SlowedDown NoteKind = iota // Count 429s have come, without a minute free of them
	SpedUp                     // a minute without a 429, after Count of them in the time For
	ListGone
	TroubleBegan
	TroubleEnded // after Count failures
	KeySuspected // a key that has worked was refused
	Stalled      // no request has succeeded for the time For
)

// Over is a call that ended for a reason that concerns every call.
type Over struct {
	Call  *Call
	Value any // of the answer
}

// Ready is what is to be done.
type Ready struct {
	Requests []Request
	Aborts   []RequestID
	Grants   []Ticket
	Ends     []End
	Over     []Over
	Notes    []Note
	WakeAt   time.Duration // call Ready again at this time
	More     bool          // call Ready again at once
}

// demand is what could be learned from the list.
func (e *Engine) demand() list.Demand { return list.Demand{Waiting: e.idle, Unshown: e.unshown} }

func (e *Engine) note(n Note) { e.out.Notes = append(e.out.Notes, n) }

package edentest

import (
	"encoding/binary"
	"math"
	"slices"
	"time"

	"github.com/google/uuid"
)

// A Fault is something that goes wrong, and when. The zero value of every field
// but Do means "always": Fault{Do: Torn()} tears every answer.
//
// A fault spoils the answer, not the work: a POST or a DELETE that it strikes has
// taken effect nevertheless, which is what makes it dangerous to send one again.
// The exceptions are [Refuse], with which the request never arrives, and a
// refusal by the service: [Status] with a code of 300 to 499, [RetryAfter],
// [Redirect].
type Fault struct {
	// On is which requests it strikes. Defaults to all kinds that Do can apply
	// to.
	On Kind

	// JobID is which job's requests it strikes. Defaults to all, and to those
	// that name no job.
	JobID string

	// Match, if set, picks requests in a way of its own; how the request is
	// answered is not known at that time. It must not call the API.
	Match func(Request) bool

	// From and Until are when it can strike, measured from New; Until itself is
	// too late. They default to the beginning and the end of time.
	From, Until time.Duration

	// Skip is how many of these requests pass before it strikes for the first
	// time. Defaults to 0.
	Skip int

	// Share is the probability, 0 to 1, with which it strikes each of them; 0
	// means always, as the zero value of every field does, and a negative share
	// means never. The draws derive from Options.Seed, the job, and how often
	// that job was asked about, so that they do not depend on the order in which
	// concurrent requests of several jobs arrive; for requests that name no job,
	// from how many of their kind there were.
	Share float64

	// Times is how often it strikes at most. Defaults to no bound.
	Times int

	// Do is what happens.
	Do Effect
}

// SetFaults changes Options.Faults from now on. From and Until are measured from
// New as before; Skip and Times begin anew.
func (a *API) SetFaults(faults []Fault) {
	faults = slices.Clone(faults)
	for i := range faults {
		faults[i].JobID = canonical(faults[i].JobID)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.opts.Faults, a.met = faults, make([]met, len(faults))
}

// String returns the name of what the fault does.
func (f Fault) String() string { return f.Do.name }

// An Effect is what a fault does to a request or to its answer: [Status],
// [Reset], [Torn] and so on. The zero Effect only leaves its mark in the log of
// requests.
type Effect struct {
	name   string
	kinds  Kind            // that it can apply to; 0: all
	lost   bool            // the request never arrives
	denies bool            // the service refuses to do what is asked
	before func(*exchange) // acts before the request is judged
	after  func(*exchange) // acts on the answer
}

// String returns the name under which the effect appears in [Request].Fault.
func (e Effect) String() string { return e.name }

// strike returns which of the faults strikes the exchange, or -1.
func (a *API) strike(x *exchange) int {
	nth := a.log.unnamed[x.req.Kind.index()]
	if x.named() {
		nth = uint64(a.jobs[x.job].asked)
	}
	for i := range a.opts.Faults {
		f := &a.opts.Faults[i]
		if !f.concerns(x) {
			continue
		}
		a.met[i].seen++
		switch met := a.met[i]; {
		case met.seen <= f.Skip:
		case f.Times > 0 && met.hits >= f.Times:
		case f.Share < 0 || f.Share > 0 && a.chance(i, x, nth) >= f.Share:
		default:
			return i
		}
	}
	return -1
}

func (f *Fault) concerns(x *exchange) bool {
	switch {
	case f.Do.kinds != 0 && f.Do.kinds&x.req.Kind == 0:
	case f.On != 0 && f.On&x.req.Kind == 0:
	case f.JobID != "" && f.JobID != x.req.JobID:
	case x.now < f.From:
	case f.Until > 0 && x.now >= f.Until:
	case f.Match != nil && !f.Match(x.req):
	default:
		return true
	}
	return false
}

// chance draws from [0, 1) for the nth request of its kind. A sequence of random
// numbers would tie every draw to all draws before it, and with it to how the
// scheduler ordered them; a hash does not.
func (a *API) chance(fault int, x *exchange, nth uint64) float64 {
	h := mix(a.opts.Seed ^ uint64(fault)<<32)
	h = mix(h ^ uint64(x.req.Kind)<<56 ^ nth)
	if x.named() {
		id := a.jobs[x.job].id
		h = mix(h ^ binary.LittleEndian.Uint64(id[:8]))
		h = mix(h ^ binary.LittleEndian.Uint64(id[8:]))
	}
	return float64(h>>11) / (1 << 53)
}

// mix is the finalizer of SplitMix64.
func mix(z uint64) uint64 {
	z += 0x9e3779b97f4a7c15
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// canonical returns the id as requests show it.
func canonical(id string) string {
	if u, err := uuid.Parse(id); err == nil {
		return u.String()
	}
	return id
}

// Chaos returns faults that, together, spoil the given share, 0 to 1, of all
// GETs and lists in any way that a client can survive by asking again. Some of
// them never end by themselves: the client needs a time-out.
func Chaos(share float64) []Fault {
	effects := []Effect{
		Status(500, "", nil), Status(502, "<html>Bad Gateway</html>", nil), Status(503, "", nil),
		Status(504, "", nil), Status(408, "", nil), Status(425, "", nil),
		Refuse(), Reset(), ResetBody(), Stall(), Drip(5 * time.Second), Delay(5 * time.Second),
		Torn(), Empty(), Null(), HTML(), OtherID(), GzipTorn(),
	}
	// Each fault gets its chance only if none before it struck.
	each := 1 - math.Pow(1-min(share, 1), 1/float64(len(effects)))
	faults := make([]Fault, 0, len(effects))
	if each <= 0 {
		return faults
	}
	for _, e := range effects {
		faults = append(faults, Fault{On: Get | List, Share: each, Do: e})
	}
	return faults
}

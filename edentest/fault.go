package edentest

import (
	"math"
	"slices"
	"time"
)

// A Fault is something that goes wrong, and when. The zero value of every field
// but Do means "always": Fault{Do: TruncateBody()} tears every answer.
//
// A fault spoils the answer, not the work: a POST or a DELETE that it strikes has
// taken effect nevertheless, which is what makes it dangerous to send one again.
// The exceptions are [Refuse], with which the request never arrives, and a
// refusal by the service: [Status] with a code of 300 to 499, [RetryAfter],
// [Redirect], [Unauthorized], [Forbidden], [ForbiddenPage], [Unavailable].
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
	Probability float64

	// Times is how often it strikes at most. Defaults to no bound.
	Times int

	// PerJob counts Skip and Times for each job apart: with Times 1, the fault
	// strikes every job once. Requests that name no job of the account are counted
	// together. Defaults to false.
	PerJob bool

	// Do is what happens.
	Do Effect
}

// String returns the name of what the fault does.
func (f Fault) String() string { return f.Do.name }

// faults are those of an account, and what became of each.
type faults struct {
	seed uint64
	list []Fault
	met  []met
	jobs []map[int32]met // of those that are PerJob, by job.seq
}

// met is how many requests a fault concerned, and how many it struck.
type met struct {
	seen, hits int
}

// set starts over with these faults.
func (fs *faults) set(list []Fault) {
	list = slices.Clone(list)
	for i := range list {
		list[i].JobID = canonical(list[i].JobID)
	}
	fs.list, fs.met, fs.jobs = list, make([]met, len(list)), make([]map[int32]met, len(list))
	for i := range list {
		if list[i].PerJob {
			fs.jobs[i] = make(map[int32]met)
		}
	}
}

// count adds to what is known of the fault and of that job, or nil, and returns
// it.
func (fs *faults) count(fault int, j *job, more met) met {
	if fs.list[fault].PerJob && j != nil {
		m := fs.jobs[fault][j.seq]
		m.seen += more.seen
		m.hits += more.hits
		fs.jobs[fault][j.seq] = m
		return m
	}
	m := &fs.met[fault]
	m.seen += more.seen
	m.hits += more.hits
	return *m
}

// hit notes that the fault has struck.
func (fs *faults) hit(fault int, j *job) { fs.count(fault, j, met{hits: 1}) }

// strike returns which of the faults strikes the exchange, the nth of its kind
// and job, or -1. The job is nil if the request names none.
func (fs *faults) strike(x *exchange, j *job, nth uint64) int {
	for i := range fs.list {
		f := &fs.list[i]
		if !f.concerns(x, j) {
			continue
		}
		switch met := fs.count(i, j, met{seen: 1}); {
		case met.seen <= f.Skip:
		case f.Times > 0 && met.hits >= f.Times:
		case f.Probability < 0 || f.Probability > 0 && fs.chance(i, x, j, nth) >= f.Probability:
		default:
			return i
		}
	}
	return -1
}

func (f *Fault) concerns(x *exchange, j *job) bool {
	switch {
	case f.Do.kinds != 0 && f.Do.kinds&x.req.Kind == 0:
	case f.On != 0 && f.On&x.req.Kind == 0:
	case f.JobID != "" && f.JobID != x.req.JobID:
	case f.Do.known && (j == nil || !j.is(seen)):
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
func (fs *faults) chance(fault int, x *exchange, j *job, nth uint64) float64 {
	h := mix(fs.seed ^ uint64(fault)<<32)
	h = mix(h ^ uint64(x.req.Kind)<<56 ^ nth)
	if j != nil {
		h = mixID(h, j.id)
	}
	return unit(h)
}

// Chaos returns faults that, together, spoil the given share, 0 to 1, of all
// GETs and lists in any way that a client can survive by asking again. Some of
// them never end by themselves: the client needs a timeout.
func Chaos(share float64) []Fault {
	effects := []Effect{
		Status(500, "", nil), Status(502, "<html>Bad Gateway</html>", nil), Status(503, "", nil),
		Status(504, "", nil), Status(408, "", nil), Status(425, "", nil),
		RefuseConnection(), Reset(), ResetBody(), Stall(), Drip(5 * time.Second), Delay(5 * time.Second),
		TruncateBody(), Empty(), Null(), HTML(), OtherID(), TruncateGzip(),
	}
	// Each fault gets its chance only if none before it struck.
	each := 1 - math.Pow(1-min(share, 1), 1/float64(len(effects)))
	faults := make([]Fault, 0, len(effects))
	if each <= 0 {
		return faults
	}
	for _, e := range effects {
		faults = append(faults, Fault{On: Get | List, Probability: each, Do: e})
	}
	return faults
}

package edentest

import (
	"math"
	"slices"
	"time"
)

// A Fault is an Effect, and when it occurs. The zero value of every field except Do
// means "always": Fault{Do: TruncateBody()} truncates every answer.
//
// A fault changes only the answer. A POST or DELETE has taken effect, so it is dangerous
// to send it again. There are two exceptions. With [RefuseConnection], the request never
// arrives. The service refuses the request with a [Status] of 300 to 499, [RetryAfter],
// [Redirect], [Unauthorized], [Forbidden], [ForbiddenPage] and [Unavailable].
type Fault struct {
	// On is the kind of requests that the fault applies to. Defaults to all kinds to which
	// Do can apply.
	On Kind

	// JobID limits the fault to the requests for one job. Defaults to all requests,
	// including those without a job.
	JobID string

	// Match, if set, limits the fault to requests for which it returns true. The request
	// has not been answered at that time. Match must not call the API.
	Match func(Request) bool

	// From and Until limit the fault to the time from From, inclusive, to Until,
	// exclusive, measured from New. They default to no limit.
	From, Until time.Duration

	// Skip is the number of these requests before the fault first applies. Defaults to 0.
	Skip int

	// Probability is the probability, 0 to 1, with which the fault applies to each of
	// them. 0 means always, and a negative value means never. The draws depend on
	// Options.Seed, the job, and the number of requests for that job, so the order in
	// which concurrent requests for several jobs arrive has no influence. For requests
	// without a job, the draws depend on the number of requests of their kind.
	Probability float64

	// Times is the maximum number of times that the fault applies. Defaults to no bound.
	Times int

	// PerJob counts Skip and Times per job: with Times 1, the fault applies to every job
	// once. Requests without a job of the account are counted together. Defaults to
	// false.
	PerJob bool

	// Do is the effect of the fault.
	Do Effect
}

// String returns the name of the fault's effect.
func (f Fault) String() string { return f.Do.String() }

// faults are the faults of an account, and how often each has struck.
type faults struct {
	seed uint64
	list []Fault
	met  []met
	jobs []map[int32]met // of those that are PerJob, by job.seq
}

// met counts the requests that a fault matched, and those that it changed.
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

// Chaos returns faults that together change the answers to the given share, 0 to 1, of
// all GETs of jobs and of the list. A client can get past all of them by retrying. Some
// never end by themselves, so the client needs a timeout.
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

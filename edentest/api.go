package edentest

import (
	"crypto/rsa"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"time"
)

// An API is one account of the service: its jobs, its limit and its faults. It is safe
// for concurrent use. Unless Options.Webhooks is set, it runs no goroutine and needs no
// Close.
//
// The state of a job is computed at each request, from when the job was added and how
// long it runs. So an API that is made inside a testing/synctest bubble uses the
// bubble's clock. An API that was made outside panics when it is used inside.
//
// An API is also an [http.Handler] for a server of your own. [Start] serves it on a
// loopback address.
type API struct {
	opts  Options
	start time.Time
	enc   encoder
	line  *line    // nil if it is without bound
	hooks *courier // nil if nobody is told

	mu     sync.Mutex
	draws  *rand.Rand // what becomes of new jobs
	jobs   store
	limit  limiter
	faults faults
	log    log
	down   bool
}

// New returns an API without jobs. Its time starts now. It panics if Options.ListStatus
// is invalid.
func New(opts Options) *API {
	if code := opts.ListStatus; code != 0 && (code < 200 || code > 999) {
		panic(fmt.Sprintf("edentest: Options.ListStatus %d: want 0, or a code from 200 to 999", code))
	}
	opts = opts.defaulted()
	start := time.Now()
	a := &API{
		opts:   opts,
		start:  start,
		enc:    encoder{opts.Seed, start},
		draws:  rand.New(rand.NewPCG(opts.Seed, 2)),
		jobs:   newStore(&opts),
		limit:  newLimiter(opts.Limit, opts.Rate, opts.Burst, opts.BackgroundRate),
		faults: faults{seed: opts.Seed},
		log:    log{discard: opts.DiscardRecords},
	}
	if opts.Bandwidth > 0 {
		a.line = &line{bits: opts.Bandwidth}
	}
	if opts.Webhooks != nil {
		a.hooks = newCourier(*opts.Webhooks, opts.Seed, opts.DiscardRecords, a.parcel)
	}
	a.limit.ban = opts.Ban
	a.faults.set(opts.Faults)
	return a
}

// now is the API's clock: the time since New.
func (a *API) now() time.Duration {
	now := time.Since(a.start)
	if now < 0 {
		// Nothing would ever be due. Only a bubble's clock, which starts in 2000,
		// can be behind the time of New.
		panic("edentest: this API was made outside the testing/synctest bubble that uses it, where its jobs would never end; call New inside")
	}
	return now
}

// SetRate changes Options.Rate from now on.
func (a *API) SetRate(rate float64) {
	a.mu.Lock()
	defer a.mu.Unlock()
	now := a.now()
	a.limit.advance(now)
	a.limit.setRate(rate, now)
}

// SetBackgroundRate changes Options.BackgroundRate from now on.
func (a *API) SetBackgroundRate(rate float64) {
	a.mu.Lock()
	defer a.mu.Unlock()
	now := a.now()
	a.limit.advance(now)
	a.limit.setOthers(rate, now)
}

// SetDown takes the service off the network, or brings it back. While it is down, the
// in-memory client gets "connection refused". A loopback server keeps its port open,
// and drops each connection without an answer.
func (a *API) SetDown(down bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.down = down
}

// SetFaults changes Options.Faults from now on. From and Until are measured from
// New as before; Skip and Times start over.
func (a *API) SetFaults(faults []Fault) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.faults.set(faults)
}

// Submit adds a job now, without a request, and returns its id. It panics if
// s.ID is not a UUID or is already taken, and if s.Status is "processing", which
// no job ends with.
func (a *API) Submit(s Script) string {
	a.mu.Lock()
	defer a.mu.Unlock()
	i, err := a.jobs.submit(s, a.now())
	if err != nil {
		panic("edentest: " + err.Error())
	}
	a.announce(i)
	return a.jobs.jobs[i].id.String()
}

// SubmitAll adds n jobs of w now, without requests, and returns their ids in the
// order in which they were added.
func (a *API) SubmitAll(n int, w Workload) []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	ids := make([]string, n)
	a.jobs.jobs = slices.Grow(a.jobs.jobs, n)
	for i := range ids {
		j := w.job(a.draws, a.now())
		j.id = a.jobs.newID()
		at := a.jobs.add(j)
		ids[i] = a.jobs.jobs[at].id.String()
		a.announce(at)
	}
	return ids
}

// Delete removes the job, running or not, as if another client of the account had
// deleted it. GET answers 404 from then on. The list omits the job after
// Options.ListLag. An unknown id is ignored.
func (a *API) Delete(id string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if i, ok := a.jobs.find(id); ok {
		a.jobs.drop(&a.jobs.jobs[i], a.now())
	}
}

// Finish ends the job now, with the result that it would have had later. A job that
// has ended, or an unknown id, is ignored.
func (a *API) Finish(id string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if i, ok := a.jobs.find(id); ok && a.jobs.finish(&a.jobs.jobs[i], a.now()) {
		a.announce(int(i))
	}
}

// SetStuckInList changes Script.StuckInList of a job, scripted or not. An unknown
// id is ignored.
func (a *API) SetStuckInList(id string, stuck bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if i, ok := a.jobs.find(id); ok {
		a.jobs.stick(&a.jobs.jobs[i], stuck)
	}
}

// EndedAt returns the true time at which the job ends or has ended, even if answers are
// behind. It returns false if the job never ends or is unknown.
func (a *API) EndedAt(id string) (time.Time, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	i, ok := a.jobs.find(id)
	if !ok || a.jobs.jobs[i].ends == Never {
		return time.Time{}, false
	}
	return a.start.Add(a.jobs.jobs[i].ends), true
}

// Requests returns the log of all requests so far, in the order of arrival. It
// is empty under Options.DiscardRecords.
func (a *API) Requests() []Request {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Clone(a.log.requests)
}

// Stats returns the counters as they are now.
func (a *API) Stats() Stats {
	a.mu.Lock()
	defer a.mu.Unlock()
	s := a.log.stats
	if a.hooks != nil {
		s.Deliveries, s.LostDeliveries = a.hooks.counts()
	}
	return s
}

// FirstSeenEnded returns the arrival time of the first GET whose answer showed that the
// job has ended. Answers that a fault changed do not count. It returns false if there
// was no such GET.
func (a *API) FirstSeenEnded(id string) (time.Time, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	i, ok := a.jobs.find(id)
	if !ok || a.jobs.jobs[i].shown == 0 {
		return time.Time{}, false
	}
	return a.start.Add(a.jobs.jobs[i].shown - 1), true
}

// announce arranges for the job's receiver to be told of its end.
func (a *API) announce(i int) {
	if j := &a.jobs.jobs[i]; a.hooks != nil && j.ends != Never && a.hooks.receiver(j) != "" {
		a.hooks.expect(j, a.start.Add(j.ends))
	}
}

// parcel returns what the receiver of a job that has ended is told, unless another
// appointment has replaced this one, or the job was deleted before its end.
func (a *API) parcel(what appointment) (parcel, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	j := &a.jobs.jobs[what.seq]
	if at, ok := a.jobs.deleted[j.seq]; j.ends != what.ends || ok && at < j.ends {
		return parcel{}, false
	}
	return parcel{j.id, a.hooks.receiver(j), a.enc.event(nil, j)}, true
}

// Deliveries returns the log of all attempts to deliver a webhook so far, in the
// order in which they ended. It is empty under Options.DiscardRecords.
func (a *API) Deliveries() []Delivery {
	if a.hooks == nil {
		return nil
	}
	return a.hooks.deliveries()
}

// WebhookKey returns the key that verifies the signatures of deliveries, or nil if
// Options.Webhooks is not set.
func (a *API) WebhookKey() *rsa.PublicKey {
	if a.hooks == nil {
		return nil
	}
	return &a.hooks.key().PublicKey
}

// Close stops the delivery of webhooks, and waits for deliveries under way. Everything
// else continues. Close is needed only with Options.Webhooks. Inside a testing/synctest
// bubble, it is needed only if deliveries may be under way at the bubble's end.
func (a *API) Close() {
	if a.hooks != nil {
		a.hooks.close()
	}
}

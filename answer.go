package edenwait

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"strings"
	"time"

	"go.uber.org/zap"

	"github.com/edenwait/edenwait/internal/schedule"
)

// answer is what came of a request.
type answer struct {
	ask  schedule.Ask
	sent time.Duration
	job  *Job
	page *JobPage
	err  error
}

// firstSight is how long an id may be unknown to the API before that is
// believed: a job submitted a moment ago may not have reached the part of the
// server that answers.
const firstSight = 5 * time.Second

// launch sends a request and has its answer come back to the loop.
func (e *engine) launch(ask schedule.Ask, now time.Duration) {
	e.inFlight++
	e.counts.Requests++
	request := e.getRequest
	if ask.Kind == schedule.Page {
		e.counts.Lists++
		request = e.pageRequest
	}
	send := request(ask, now)
	e.requests.Go(func() error {
		// What stands if the Source calls runtime.Goexit, as a test's FailNow does.
		a := answer{ask: ask, sent: now, err: errors.New("edenwait: the Source called runtime.Goexit")}
		defer func() {
			if thrown := recover(); thrown != nil {
				a.err = panicError("edenwait: the Source panicked", thrown)
				e.log.Warn("the Source panicked", zap.Any("panic", thrown), zap.ByteString("stack", debug.Stack()))
			}
			e.answers <- a
		}()
		send(&a)
		return nil
	})
}

func (e *engine) getRequest(ask schedule.Ask, now time.Duration) func(*answer) {
	j := &e.jobs[ask.Job]
	j.polls++
	id := strings.ToLower(j.id)
	ctx, cancel := e.asking, context.CancelFunc(func() {})
	if e.config.MaxWait < maxDuration {
		ctx, cancel = context.WithTimeout(ctx, e.config.MaxWait-(now-j.since))
	}
	return func(a *answer) {
		defer cancel()
		a.job, a.err = e.source.Get(ctx, id)
		if a.err == nil {
			a.err = checkJob(a.job, id)
		}
		if a.err == nil && a.job.ID == "" {
			named := *a.job // the Source's own is not ours to change
			named.ID = id
			a.job = &named
		}
	}
}

// checkJob refuses what a Source must not answer.
func checkJob(job *Job, id string) error {
	switch {
	case job == nil:
		return fmt.Errorf("edenwait: job %s: the Source answered neither a job nor an error", id)
	case job.Status == "":
		return fmt.Errorf("edenwait: job %s: the Source's answer has no status", id)
	case job.ID != "" && !strings.EqualFold(job.ID, id):
		return fmt.Errorf("edenwait: job %s: the answer is another job's, %s", id, quote(job.ID, 64))
	}
	return nil
}

func (e *engine) pageRequest(ask schedule.Ask, _ time.Duration) func(*answer) {
	return func(a *answer) {
		query := ListQuery{Status: StatusProcessing, Page: ask.Page, Limit: schedule.PageSize}
		a.page, a.err = e.lister.List(e.asking, query)
		if a.err == nil && a.page == nil {
			a.err = errors.New("edenwait: the Source answered neither a page nor an error")
		}
	}
}

// absorb draws the conclusions from an answer.
func (e *engine) absorb(a answer) {
	e.inFlight--
	now := e.now()
	judged := judge(a.err)
	if judged == slowDown {
		e.counts.RateLimited++
		if e.budget.Limited(e.began.Add(now), e.began.Add(a.sent), retryAfter(a.err)) {
			e.log.Warn("rate limited: all requests slow down", zap.Float64("rate", e.budget.Rate(e.began.Add(now))), zap.Error(a.err))
		}
		e.schedule.Refused(a.ask, now)
		if a.ask.Kind == schedule.Get {
			e.failures[a.ask.Job] = a.err
		}
	} else {
		if isAnswer(a.err) && e.budget.Answered(e.began.Add(a.sent)) {
			e.log.Warn("no longer rate limited")
		}
		e.noteTrouble(a, judged)
		if a.err == nil {
			e.roundTrip += (now - a.sent - e.roundTrip) / 8
		}
		if a.ask.Kind == schedule.Page {
			e.absorbPage(a, now)
		} else {
			e.absorbJob(a, judged, now)
		}
	}
	if a.ask.Kind == schedule.Get {
		e.expireAsked(a.ask.Job, now)
	}
}

// noteTrouble logs the first of a streak of failures, and its end, since a dead
// network would otherwise write a line a request.
func (e *engine) noteTrouble(a answer, judged verdict) {
	if a.err == nil {
		if e.trouble > 0 {
			e.log.Warn("requests succeed again", zap.Int("failed", e.trouble))
		}
		e.trouble = 0
		return
	}
	if judged != askAgain || e.asking.Err() != nil {
		return
	}
	if e.trouble++; e.trouble == 1 {
		e.log.Warn("requests fail", zap.Error(a.err))
	}
}

// absorbJob concludes from the GET of a job.
func (e *engine) absorbJob(a answer, judged verdict, now time.Duration) {
	number := a.ask.Job
	j := &e.jobs[number]
	switch {
	case a.err == nil && a.job.Status.Done():
		e.schedule.Ended(number)
		e.endJob(number, a.job, outcomeError(a.job), now)
	case a.err == nil:
		j.seen, j.errors = true, 0
		delete(e.failures, number)
		if delay, ok := e.delay(number); ok {
			e.schedule.Running(number, now, e.due(j, now, delay))
		} else {
			e.giveUp(number, ErrBackOffStopped, now)
		}
	case judged == endBatch:
		e.schedule.Failed(number, now)
		e.end(batchCause(a.err))
	case judged == endJob && !mayAppear(j, a):
		e.schedule.Ended(number)
		e.endWithout(number, a.err, now)
	case e.asking.Err() != nil:
		// Cancelled with the batch, or with a context whose end the loop has yet to
		// see, and no failure: giveUpAll says why.
		e.schedule.Failed(number, now)
	case now-j.since >= e.config.MaxWait:
		// Cut short by MaxWait, and no failure: expireAsked says which.
		e.schedule.Failed(number, now)
	default:
		e.retry(number, a.err, now)
	}
}

// mayAppear reports whether a job that the API did not know, when it was asked,
// may have been too new. A Source that says ErrNotFound in words of its own, and
// not by an APIError's status, is sure of it.
func mayAppear(j *job, a answer) bool {
	var api *APIError
	return errors.Is(a.err, ErrNotFound) && errors.As(a.err, &api) && a.sent-j.since < firstSight
}

// retry asks again about a job whose GET failed, or gives it up.
func (e *engine) retry(number schedule.Job, err error, now time.Duration) {
	j := &e.jobs[number]
	e.failures[number] = err
	if j.errors++; int(j.errors) >= e.config.MaxErrors {
		e.giveUp(number, fmt.Errorf("%w: %d requests in a row failed, the last: %w", ErrMaxErrors, j.errors, err), now)
		return
	}
	delay, ok := e.delay(number)
	if !ok {
		e.giveUp(number, fmt.Errorf("%w; the last request failed: %w", ErrBackOffStopped, err), now)
		return
	}
	delay = max(delay, retryAfter(err))
	e.schedule.Failed(number, e.due(j, now, delay))
}

// absorbPage concludes from a page of the list, which is only ever a hint.
func (e *engine) absorbPage(a answer, now time.Duration) {
	if a.err != nil {
		if listIsGone(a.err) && a.ask.Page == 1 { // a later page may just be past the end by now
			e.log.Warn("the job list cannot be read", zap.Error(a.err))
			e.schedule.ListGone()
		} else {
			e.schedule.ListFailed(now, retryAfter(a.err))
		}
		return
	}
	for i := range a.page.Items {
		e.absorbSummary(&a.page.Items[i], now)
	}
	pages := a.page.TotalPages
	if a.page.Total > 0 && a.page.Limit > 0 {
		pages = max(pages, (a.page.Total+a.page.Limit-1)/a.page.Limit)
	}
	e.schedule.PageRead(now, pages, func(ended int) time.Duration {
		return min(e.listGap(now, ended), e.untilLastLook(now))
	})
}

// listGap is how long until the list is worth reading again. An own BackOff
// paces it as it does a job, beginning anew with every news.
func (e *engine) listGap(now time.Duration, ended int) time.Duration {
	if e.listPace.custom == nil {
		return e.cadence.Next(now, ended)
	}
	if ended > 0 {
		e.listPace.reset()
	}
	gap, ok := e.listPace.next(e.Waiter)
	if !ok {
		e.schedule.ListGone()
	}
	return gap
}

// listIsGone reports whether asking for the list again is of no use.
func listIsGone(err error) bool {
	switch judge(err) {
	case endJob, endBatch: // 404, 405 and the like; a refusal of the key shows in the GETs too
		return true
	default:
		return false
	}
}

func (e *engine) absorbSummary(item *JobSummary, now time.Duration) {
	id, err := parseID(item.ID)
	if err != nil {
		return
	}
	found, ours := e.traces[id]
	number, waits := found.number()
	switch {
	case !ours:
	case !waits:
		if at, has := found.ended(); has && !item.Status.Done() {
			e.schedule.ShownOutdated(at)
		}
	case item.Status.Done():
		e.schedule.ShownEnded(number, now)
	default:
		e.jobs[number].seen = true
		if e.schedule.Asked(number) {
			return // its own answer will say more
		}
		if e.schedule.Seen(number) && e.config.BackOff != nil {
			return // that was its poll: twice on one page would be two of its BackOff's delays
		}
		delay, ok := e.delay(number)
		if !ok {
			e.giveUp(number, ErrBackOffStopped, now)
			return
		}
		e.schedule.ShownRunning(number, e.due(&e.jobs[number], now, delay))
	}
}

// outcomeError is the error of a final response; nil for a success.
func outcomeError(job *Job) error {
	switch job.Status {
	case StatusSuccess:
		return nil
	case StatusFail:
		return &JobFailedError{Job: job}
	default:
		return &UnexpectedStatusError{Job: job}
	}
}

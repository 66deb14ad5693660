package soak

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/edenwait/edenwait"
	"github.com/edenwait/edenwait/edentest"
	"github.com/edenwait/edenwait/internal/testbed"
)

// What must hold in a scenario, whatever went wrong in it.

// check checks every call, and how the Waiter behaved.
func (r *run) check() {
	for _, seconds := range []float64{1, 10} {
		most := int(math.Ceil(seconds*r.rate())) + max(r.config.Burst, 1) - 1
		if n := r.wire.crowded(time.Duration(seconds * float64(time.Second))); n > most {
			r.t.Errorf("%d requests in %v seconds, want at most %d", n, seconds, most)
		}
	}
	if at, because, found := r.wire.hasty(); found && !r.rude { // a rude Source tells of a 429 late
		r.t.Errorf("a request at %v, in the pause that the %d at %v asked for (%v)", at, because.status, because.came, because.after)
	}
	if strings.Contains(r.log.String(), testbed.Token) {
		r.t.Error("the token is in the log")
	}
	for number := range r.outcomes {
		r.checkCall(number)
	}
	r.checkSharing()
	r.checkProgress()
	r.checkWire()
	r.checkBeside()
	r.checkTrace()
}

// rate is the Rate that the Waiter keeps.
func (w *scenario) rate() float64 {
	if w.config.Rate == 0 {
		return 10
	}
	return w.config.Rate
}

func (r *run) checkCall(number int) {
	o := r.outcomes[number]
	if late := o.to - o.ended; late > time.Second && (o.broken || o.busy == 0 && o.bodyNests == 0) { // a busy loop is late by itself
		r.t.Errorf("call %d: returned %v after its end", number, late)
	}
	r.checkPlaces(number)
	var succeeded, failed int
	for i := range o.results {
		if result := &o.results[i]; r.checkResult(number, result, o.at[i]) {
			r.checkError(number, result)
		}
		if job := o.results[i].Job; job != nil {
			switch job.Status {
			case edenwait.StatusSuccess:
				succeeded++
			case edenwait.StatusFail:
				failed++
			}
		}
	}
	r.checkAnswered(number)
	r.checkHooks(number)
	if o.kind == "WaitAll" {
		r.checkBatch(o, succeeded, failed)
	}
}

// checkPlaces: one result per position, in order, with the ID as passed in.
// AsCompleted has an order of its own, and one that was stopped yields no more
// than was asked for.
func (r *run) checkPlaces(number int) {
	o := r.outcomes[number]
	if o.kind != "AsCompleted" {
		if len(o.results) != len(o.ids) {
			r.t.Fatalf("call %d: %d results for %d ids", number, len(o.results), len(o.ids))
		}
		for i, id := range o.ids {
			if o.results[i].ID != id {
				r.t.Errorf("call %d: result %d is of %q, want %q", number, i, o.results[i].ID, id)
			}
		}
		return
	}
	open := map[string]int{}
	read := 0
	for _, times := range o.since {
		read += len(times)
	}
	for _, id := range o.ids[:read] {
		open[id]++
	}
	early := o.ended != edentest.Never
	for i := range o.results {
		open[o.results[i].ID]--
		early = early || r.early(&o.results[i]) || r.config.FailFast && o.results[i].Err != nil
	}
	switch thrown := o.thrown; {
	case thrown == nil && (early || o.seqThrows == 0 || o.seqThrows >= len(o.ids)):
	case thrown == errBody && o.broken && o.throws: //nolint:errorlint // the very value
	case thrown == errSequence && o.seqThrows > 0: //nolint:errorlint // the very value
	default:
		r.t.Errorf("call %d: threw %v", number, thrown)
	}
	for id, n := range open {
		if n < 0 || n > 0 && !early {
			r.t.Errorf("call %d: %d results too few for %q", number, n, id)
		}
	}
}

// early reports whether the end of the batch came before that of the job.
func (r *run) early(result *edenwait.Result) bool {
	var gaveUp *edenwait.GaveUpError
	if !errors.As(result.Err, &gaveUp) {
		return false
	}
	for _, why := range []error{edenwait.ErrMaxErrors, edenwait.ErrMaxWait, edenwait.ErrBackOffStopped} {
		if errors.Is(gaveUp, why) {
			return false // whatever its last request came to
		}
	}
	return errors.Is(gaveUp, errEnds) || errors.Is(gaveUp, edenwait.ErrFailFast) || errors.Is(gaveUp, context.Canceled) ||
		errors.Is(gaveUp, edenwait.ErrUnauthorized) || errors.Is(gaveUp, edenwait.ErrPaymentRequired)
}

// checkResult: a final Job is the truth, and no job that ended is without it
// but for a reason. It returns false if there is nothing more to say.
func (r *run) checkResult(number int, result *edenwait.Result, at time.Duration) bool {
	truth := r.jobs[strings.ToLower(result.ID)]
	if result.Job == nil {
		if result.Err == nil {
			r.t.Errorf("call %d: %q has neither a Job nor an error", number, result.ID)
			return false
		}
		r.checkLoss(number, result, truth)
		return true
	}
	if truth == nil {
		r.t.Errorf("call %d: %q has a Job, %v, but is none", number, result.ID, result.Job)
		return false
	}
	if ends := truth.script.After - r.head; at < ends {
		r.t.Errorf("call %d: %s has a Job at %v, but ends at %v", number, result.ID, at, ends)
	}
	if job := result.Job; job.ID != strings.ToLower(result.ID) || string(job.Status) != truth.script.Status || !bytes.Equal(job.Output, truth.script.Output) {
		r.t.Errorf("call %d: %s is %s with %s, want %s with %s", number, result.ID, job.Status, job.Output, truth.script.Status, truth.script.Output)
	}
	return true
}

// checkLoss: why a result has no Job.
func (r *run) checkLoss(number int, result *edenwait.Result, truth *truth) {
	var gaveUp *edenwait.GaveUpError
	o, err := r.outcomes[number], result.Err
	switch {
	case !testbed.IsJobID(result.ID):
		if !errors.Is(err, edenwait.ErrInvalidID) {
			r.t.Errorf("call %d: %q: %v, want ErrInvalidID", number, result.ID, err)
		}
		return
	case !errors.As(err, &gaveUp):
		r.t.Errorf("call %d: %s: %v, want a GaveUpError", number, result.ID, err)
		return
	case !strings.EqualFold(gaveUp.ID, result.ID) || o.kind != "Wait" && (gaveUp.Polls != result.Polls || gaveUp.Waited != result.Waited):
		r.t.Errorf("call %d: %+v says %v", number, result, err)
	}
	ctxEnded := r.outcomes[number].ended != edentest.Never
	switch {
	case errors.Is(err, errEnds):
		// A call that was made from within another ends with that.
		own := strings.Contains(err.Error(), fmt.Sprintf("of call %d.", number))
		if !ctxEnded || !own && !o.nested {
			r.t.Errorf("call %d: %s: %v, but ctx did not end so", number, result.ID, err)
		}
	case errors.Is(err, edenwait.ErrFailFast):
		first := slices.ContainsFunc(o.results, func(first edenwait.Result) bool { return first.Err != nil && !r.early(&first) })
		if !r.config.FailFast || !first && !o.broken {
			r.t.Errorf("call %d: %v, though nothing failed", number, err)
		}
	case errors.Is(err, edenwait.ErrMaxWait):
		if over := gaveUp.Waited - r.config.MaxWait; r.config.MaxWait == 0 || over < 0 || over > time.Second && !(r.rude && over <= time.Second+rudeness) {
			r.t.Errorf("call %d: %v, MaxWait is %v", number, err, r.config.MaxWait)
		}
	case r.early(result) && (errors.Is(err, edenwait.ErrUnauthorized) || errors.Is(err, edenwait.ErrPaymentRequired)):
		if !r.ends || !r.rude && !r.wire.refusedFor(o.from, o.to) {
			r.t.Errorf("call %d: %v, but nothing refused the key for sure", number, err)
		}
	case strings.Contains(err.Error(), "BackOff stopped"):
		if !r.stops {
			r.t.Errorf("call %d: %v, but it does not stop", number, err)
		}
	case strings.Contains(err.Error(), "in a row"):
		r.checkStreak(number, result)
	case strings.Contains(err.Error(), "every request for any job has failed"):
		if r.calm {
			r.t.Errorf("call %d: %v", number, err)
		}
		end := o.from + result.Waited // or later, in an AsCompleted
		for _, good := range r.wire.keys {
			if o.kind == "WaitAll" && !good.refused && !r.rude && good.came > end-10*time.Second && good.came < end {
				r.t.Errorf("call %d: %v at %v, but one succeeded at %v", number, err, end, good.came)
			}
		}
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		if !ctxEnded || !o.nested && !o.broken {
			r.t.Errorf("call %d: %s: %v, but ctx did not end so", number, result.ID, err)
		}
	case errors.Is(err, edenwait.ErrNotFound):
		// Answers that the API has given, but that did not arrive, make a job known to
		// the API alone: a stray 404 is then not known to be one.
		stray := gaveUp.LastStatus == "" && r.strays(result.ID) > 1
		if truth != nil && truth.deleted > r.head+r.outcomes[number].to && !stray {
			r.t.Errorf("call %d: %v, but it was not deleted", number, err)
		}
	default:
		r.t.Errorf("call %d: %s: lost for no reason: %v", number, result.ID, err)
	}
	if truth != nil && truth.script.After == edentest.Never {
		return
	}
	// Not by the text, which under FailFast quotes another job's error.
	if truth == nil && gaveUp.LastStatus != "" {
		r.t.Errorf("call %d: %v, but there is no such job", number, err)
	}
}

// checkStreak: MaxErrors counts the failures in a row of one job's own polls.
func (r *run) checkStreak(number int, result *edenwait.Result) {
	most := r.config.MaxErrors
	if most == 0 {
		most = 60
	}
	if r.calm {
		r.t.Errorf("call %d: %v", number, result.Err)
	}
	if len(r.outcomes) > 1 || r.nests || r.rude || r.silent {
		return // the record does not tell whose poll it was, or what came of it
	}
	streak, longest := 0, 0
	for _, request := range r.api.Requests() {
		switch {
		case request.JobID != strings.ToLower(result.ID) || request.Status == 429:
		case request.Status == 200 && request.Fault == "":
			streak = 0
		default:
			streak++
			longest = max(longest, streak)
		}
	}
	if longest < most {
		r.t.Errorf("call %d: only %d failures in a row were there: %v", number, longest, result.Err)
	}
}

// checkError: every error matches what the documents say it does, and tells
// what it is about, but not the key.
func (r *run) checkError(number int, result *edenwait.Result) {
	err := result.Err
	var (
		failed *edenwait.JobFailedError
		odd    *edenwait.UnexpectedStatusError
		hook   *edenwait.HookError
		gaveUp *edenwait.GaveUpError
	)
	if job := result.Job; job != nil {
		if errors.As(err, &failed) != (job.Status == edenwait.StatusFail) || failed != nil && failed.Job != job {
			r.t.Errorf("call %d: %s with status %s: %v", number, job.ID, job.Status, err)
		}
		if errors.As(err, &odd) != (job.Status == "cancelled") || odd != nil && odd.Job != job {
			r.t.Errorf("call %d: %s with status %s: %v", number, job.ID, job.Status, err)
		}
		if errors.As(err, &gaveUp) {
			r.t.Errorf("call %d: %s with a Job: %v", number, job.ID, err)
		}
	}
	if errors.As(err, &hook) {
		r.checkHookError(number, result, hook)
	}
	if err == nil {
		return
	}
	text := err.Error()
	if strings.Contains(text, testbed.Token) {
		r.t.Errorf("call %d: the token is in %s", number, testbed.HideKey(text))
	}
	if testbed.IsJobID(result.ID) && !strings.Contains(strings.ToLower(text), strings.ToLower(result.ID)) {
		r.t.Errorf("call %d: %q does not say which job", number, text)
	}
	if gaveUp != nil && !strings.Contains(text, "7 days") {
		r.t.Errorf("call %d: %q does not say how long results are kept", number, text)
	}
	if _, jsonErr := json.Marshal(result.Job); jsonErr != nil {
		r.t.Errorf("call %d: %v", number, jsonErr)
	}
}

func (r *run) checkBatch(o *outcome, succeeded, failed int) {
	var batch *edenwait.BatchError
	if !errors.As(o.err, &batch) {
		if o.err != nil || succeeded < len(o.results) {
			r.t.Errorf("WaitAll: %d of %d succeeded, and %v", succeeded, len(o.results), o.err)
		}
		return
	}
	// A hook's error is beside the job's own, and changes nothing of how that ended.
	errs, hookErrors := 0, 0
	for i := range o.results {
		var hook *edenwait.HookError
		if errors.As(o.results[i].Err, &hook) {
			hookErrors++
		}
		if o.results[i].Err != nil {
			errs++
		}
	}
	rest := len(o.results) - succeeded - failed
	if batch.Total != len(o.results) || batch.Succeeded != succeeded || batch.Failed != failed || batch.Errored+batch.Waiting != rest ||
		batch.HookErrors != hookErrors || len(batch.Errs) != errs {
		r.t.Errorf("WaitAll: %d, %d, %d of %d, and %d of %d errors are of hooks; the error says %d, %d, %d + %d of %d, and %d of %d",
			succeeded, failed, rest, len(o.results), hookErrors, errs,
			batch.Succeeded, batch.Failed, batch.Errored, batch.Waiting, batch.Total, batch.HookErrors, len(batch.Errs))
	}
	if o.ended == edentest.Never && errors.Is(batch.Cause, errEnds) {
		r.t.Errorf("WaitAll: %v, but ctx did not end", batch.Cause)
	}
	for i := range o.results {
		if err := o.results[i].Err; err != nil && !errors.Is(o.err, err) {
			r.t.Errorf("WaitAll: the error does not match %v", err)
		}
	}
}

// checkProgress: the counts add up, and the last ones are those of the results.
func (r *run) checkProgress() {
	reports := r.reports
	if len(r.outcomes) > 1 || r.nests || r.outcomes[0].kind != "WaitAll" {
		return
	}
	for _, p := range reports {
		if p.Succeeded+p.Failed+p.Errored+p.Waiting != p.Total {
			r.t.Errorf("progress does not add up: %+v", p)
		}
	}
	if len(reports) == 0 {
		r.t.Error("no progress was reported")
		return
	}
	last := reports[len(reports)-1]
	distinct := map[string]bool{}
	for _, id := range r.outcomes[0].ids {
		distinct[testbed.Canonical(id)] = true
	}
	early := r.outcomes[0].ended != edentest.Never || slices.ContainsFunc(r.outcomes[0].results, func(result edenwait.Result) bool { return r.early(&result) })
	if last.Total < len(distinct) || last.Total > len(r.outcomes[0].ids) || last.Total > len(distinct) && !early {
		r.t.Errorf("progress ends with %+v, want %d jobs", last, len(distinct))
	}
}

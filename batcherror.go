package edenwait

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// BatchError is returned by WaitAll if not every job succeeded. It counts the results,
// and matches every error that one of the results' errors matches.
type BatchError struct {
	// Total is the number of results: an id that was passed twice counts twice. Each result
	// counts in one of the other four, by the rules of Progress. Failed counts jobs that ended with StatusFail. Errored counts jobs that
	// were given up or have an undocumented status. Waiting counts jobs that were still
	// running when the batch ended.
	Total, Succeeded, Failed, Errored, Waiting int
	// HookErrors counts results whose hook failed, however their job ended. HooksCutOff
	// counts the jobs among them whose hook was cut off.
	HookErrors, HooksCutOff int
	// Cause is why the batch ended early: the cause of the context's end, a refused key or
	// account, or the first failure under FailFast. It is nil if the batch did not end
	// early.
	Cause error
	// Errs are the results' errors, in the order of ids.
	Errs []error
}

// newBatchError returns nil if every job succeeded.
func newBatchError(results []Result, cause error) error {
	b := &BatchError{Total: len(results), Cause: cause}
	failing := 0
	for i := range results {
		if results[i].Err != nil {
			failing++
		}
	}
	if failing == 0 {
		return nil // the context may have ended, but after the last job
	}
	b.Errs = make([]error, 0, failing)
	for i := range results {
		b.count(results[i].Err)
	}
	return b
}

// count counts a result by its error. That says how the job ended, and not the Job,
// which a hook that was given up may still be changing.
func (e *BatchError) count(err error) {
	if err != nil {
		e.Errs = append(e.Errs, err)
	}
	job, hook := parts(err)
	if hook != nil {
		e.HookErrors++
		if hook, ok := hook.(*HookError); ok && hook.CutOff { //nolint:errorlint // the very value
			e.HooksCutOff++
		}
	}
	switch job := job.(type) { //nolint:errorlint // the very value
	case nil:
		e.Succeeded++
	case *JobFailedError:
		e.Failed++
	case *GaveUpError:
		if job.running {
			e.Waiting++
		} else {
			e.Errored++
		}
	default:
		e.Errored++
	}
}

// parts are what a result's error says of the job and of the hook.
func parts(err error) (job, hook error) {
	switch err := err.(type) { //nolint:errorlint // the very value
	case *joinedError:
		return err.err, err.hook
	case *HookError:
		return nil, err
	default:
		return err, nil
	}
}

// shownGroups is how many kinds of errors a BatchError spells out: enough to see a
// pattern, few enough for a log line.
const shownGroups = 5

// Error counts the jobs and lists the errors. Equal errors are shown once. Errors
// that need a human come first. Errors that another wait may fix come last.
func (e *BatchError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "edenwait: %d of %d jobs did not succeed: %d failed, %d errored, %d still waiting",
		e.Failed+e.Errored+e.Waiting, e.Total, e.Failed, e.Errored, e.Waiting)
	if e.HookErrors > 0 {
		fmt.Fprintf(&b, "; hooks of %s failed", jobs(e.HookErrors))
		if e.HooksCutOff > 0 {
			fmt.Fprintf(&b, " (%d cut off)", e.HooksCutOff)
		}
	}
	if e.Cause != nil {
		fmt.Fprintf(&b, "; ended early: %s", inside(e.Cause, ""))
	}
	groups := groupErrors(e.Errs)
	for _, g := range groups[:min(shownGroups, len(groups))] {
		switch {
		case g.count == 1:
			fmt.Fprintf(&b, "\n\t%s", strings.TrimPrefix(fmt.Sprint(g.first), "edenwait: "))
		case g.id == "":
			fmt.Fprintf(&b, "\n\t%s: %s", jobs(g.count), g.text)
		default:
			fmt.Fprintf(&b, "\n\t%s, such as %s: %s", jobs(g.count), plainOrQuoted(g.id, 64), g.text)
		}
	}
	if len(groups) > shownGroups {
		more := 0
		for _, g := range groups[shownGroups:] {
			more += g.count
		}
		fmt.Fprintf(&b, "\n\tand %d more", more)
	}
	return b.String()
}

func jobs(n int) string {
	if n == 1 {
		return "1 job"
	}
	return fmt.Sprintf("%d jobs", n)
}

// Unwrap returns the cause, if any, and every result's error.
func (e *BatchError) Unwrap() []error {
	if e.Cause == nil {
		return e.Errs
	}
	return append([]error{e.Cause}, e.Errs...)
}

// errorGroup is errors of a batch that say the same of several jobs.
type errorGroup struct {
	urgency urgency
	text    string
	id      string // of the first
	first   error
	count   int
}

// urgency ranks errors by how soon a human must act.
type urgency int

const (
	refusedKey urgency = iota // every request fails until it is fixed
	caller                    // an id, a hook or a bound of the caller's is wrong
	lostJob                   // the API does not return a result
	failedJob                 // the provider's reason is final
	givenUp                   // another wait may bring the result
	notEnded
)

// maxGroups is the maximum number of groups of errors.
const maxGroups = 1000

// groupErrors groups errors, the most urgent first, then the largest group.
func groupErrors(errs []error) []*errorGroup {
	type same struct {
		urgency urgency
		text    string
	}
	var groups []*errorGroup
	known := map[same]*errorGroup{}
	for _, err := range errs {
		urgency, id, text := summarize(err)
		key := same{urgency, text}
		if known[key] == nil && len(known) >= maxGroups {
			key.text = "another reason"
		}
		g := known[key]
		if g == nil {
			g = &errorGroup{urgency: urgency, text: key.text, id: id, first: err}
			known[key] = g
			groups = append(groups, g)
		}
		g.count++
	}
	slices.SortStableFunc(groups, func(a, b *errorGroup) int {
		return cmp.Or(cmp.Compare(a.urgency, b.urgency), cmp.Compare(b.count, a.count))
	})
	return groups
}

// summarize returns an error's text without the job and the time that it took.
func summarize(err error) (u urgency, id, text string) {
	job, hook := parts(err)
	switch job := job.(type) { //nolint:errorlint // the very value
	case nil:
	case *JobFailedError:
		if job.Job == nil {
			return failedJob, "", "failed"
		}
		u, id, text = failedJob, job.Job.ID, fmt.Sprintf("failed at %s: %v", job.Job.origin(), job.Job.Error)
	case *UnexpectedStatusError:
		if job.Job == nil {
			return lostJob, "", "unexpected status"
		}
		u, id, text = lostJob, job.Job.ID, "unexpected status "+quote(string(job.Job.Status), 64)
	case *GaveUpError:
		_, advice := job.explain()
		u, id, text = job.urgency(), job.ID, inside(job.Err, job.ID)+"; "+advice
	default:
		u, text = caller, inside(job, "")
	}
	var ofHook *HookError
	if errors.As(hook, &ofHook) {
		u = min(u, caller)
		if job == nil {
			u = caller
		}
		id, text = ofHook.ID, strings.TrimPrefix(text+"; hook: "+inside(ofHook.Err, ofHook.ID), "; ")
	}
	return u, id, text
}

func (e *GaveUpError) urgency() urgency {
	switch {
	case errors.Is(e.Err, ErrUnauthorized), errors.Is(e.Err, ErrPaymentRequired):
		return refusedKey
	case e.running:
		return notEnded
	case errors.Is(e.Err, ErrBackOffStopped), errors.Is(e.Err, ErrResponseTooLarge):
		return caller
	case errors.Is(e.Err, ErrMaxWait), errors.Is(e.Err, ErrMaxErrors):
		return givenUp
	default:
		return lostJob
	}
}

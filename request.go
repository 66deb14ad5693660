package edenwait

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"strings"
	"time"

	"github.com/google/uuid"
	"go.uber.org/zap"

	"github.com/edenwait/edenwait/internal/engine"
	"github.com/edenwait/edenwait/internal/list"
)

// requester sends one request to the Source, and reads its answer for the engine.
// It decides nothing.
type requester struct {
	source Source
	lister Lister // nil if the Source has no list, or it is disabled
	log    *zap.Logger
	redact func(string) string
	fail   func(thrown any) // ends all calls with what a Logger threw
}

func newRequester(config Config, source Source, redact func(string) string, fail func(any)) *requester {
	q := &requester{source: source, log: config.Logger, redact: redact, fail: fail}
	if !config.DisableList {
		q.lister, _ = source.(Lister)
	}
	return q
}

// errSourceExits is the answer of a Source that has ended the goroutine.
var errSourceExits = errors.New("edenwait: the Source called runtime.Goexit")

// send never panics: whatever a Source does is a failed request at worst. It
// calls done in any case, also after a runtime.Goexit, as a test's FailNow does.
func (q *requester) send(ctx context.Context, r engine.Request, done func(engine.Answer)) {
	answer := engine.Answer{Value: errSourceExits}
	// Deferred by itself: what was thrown may throw, or end the goroutine, when it
	// is looked at.
	defer func() {
		_ = recover()
		done(answer)
	}()
	defer func() {
		if thrown := recover(); thrown != nil {
			stack := debug.Stack()
			answer = engine.Answer{Value: thrownError("edenwait: the Source panicked", thrown, q.redact)}
			text := printable(thrownText(thrown, q.redact), maxThrown)
			guard("Logger", q.fail, func() { q.log.Warn("the Source panicked", zap.String("panic", text), zap.ByteString("stack", stack)) })
		}
	}()
	if r.Kind == engine.Page {
		answer = q.page(ctx, r.Page)
		return
	}
	answer = q.job(ctx, uuid.UUID(r.Key).String())
}

func (q *requester) job(ctx context.Context, id string) engine.Answer {
	job, err := q.source.Get(ctx, id)
	if err == nil {
		err = checkJob(job, id)
	}
	if err != nil {
		return failed(q.contain(err))
	}
	if job.ID != id { // empty, or in upper case
		named := *job // the Source's own is not ours to change
		named.ID = id
		job = &named
	}
	answer := engine.Answer{
		Outcome: engine.Running, Value: job, Reached: true, RetryAfter: min(job.retryAfter, maxRetryAfter),
		Kind: engine.JobKind{Feature: job.Feature, Subfeature: job.Subfeature, Provider: job.Provider, Model: job.Model},
		Age:  age(job.CreatedAt),
	}
	if job.Status.Done() {
		answer.Outcome = engine.Done
	}
	return answer
}

// age is how long ago a job was created, 0 if that is unknown. It is as right as this
// machine's clock and the server's: the engine takes it with care.
func age(created time.Time) time.Duration {
	if created.IsZero() {
		return 0
	}
	return time.Since(created)
}

// contain is contain, without the key. The Poller's errors never hold it, and those
// of another Source may.
func (q *requester) contain(err error) error {
	contained := contain(err)
	if foreign, ok := contained.(*foreignError); ok { //nolint:errorlint // the very value
		foreign.text = q.redact(foreign.text)
	}
	return contained
}

// failed is the answer that an error is.
func failed(err error) engine.Answer {
	return engine.Answer{
		Outcome: classify(err), Value: err, RetryAfter: retryAfter(err), Reached: reached(err), Everyone: isOverload(err),
		Hopeless: isConnectionSetupError(err),
	}
}

// checkJob refuses what a Source must not answer.
func checkJob(job *Job, id string) error {
	switch {
	case job == nil:
		return fmt.Errorf("edenwait: job %s: the Source returned neither a job nor an error", id)
	case job.Status == "":
		return fmt.Errorf("edenwait: job %s: the Source returned a job without a status", id)
	case job.ID != "" && !strings.EqualFold(job.ID, id):
		return fmt.Errorf("edenwait: job %s: the Source returned another job, %s", id, quote(job.ID, 64))
	}
	return nil
}

func (q *requester) page(ctx context.Context, number int) engine.Answer {
	page, err := q.lister.List(ctx, ListQuery{Status: StatusProcessing, Page: number, Limit: list.PageSize})
	if err == nil && page == nil {
		err = errors.New("edenwait: the Source returned neither a page nor an error")
	}
	if err != nil {
		err = q.contain(err)
		answer := failed(err)
		answer.Gone = isListGone(err)
		return answer
	}
	answer := engine.Answer{Outcome: engine.Running, Reached: true, Pages: page.TotalPages}
	if page.Total > 0 && page.Limit > 0 {
		answer.Pages = max(answer.Pages, (page.Total+page.Limit-1)/page.Limit)
	}
	if page.Total <= 0 && page.TotalPages <= 0 {
		answer.Open, answer.More = true, full(page)
	}
	answer.Items = make([]engine.Item, 0, len(page.Items))
	for i := range page.Items {
		item := &page.Items[i]
		if id, err := parseID(item.ID); err == nil {
			answer.Items = append(answer.Items, engine.Item{
				Key: id, Running: !item.Status.Done(), Age: age(item.CreatedAt),
				Kind: engine.JobKind{Feature: item.Feature, Subfeature: item.Subfeature, Provider: item.Provider, Model: item.Model},
			})
		}
	}
	return answer
}

// full reports whether another page may follow one that does not say how many
// there are. A server may give less than was requested, without saying so: then
// its own limit is a round number.
func full(page *JobPage) bool {
	n := len(page.Items)
	return n > 0 && (page.Limit > 0 && n >= page.Limit || n >= list.PageSize || n%10 == 0 || n%25 == 0)
}

package edenwait

import (
	"sync/atomic"
	"time"

	"github.com/edenwait/edenwait/internal/engine"
)

// outcomes counts jobs by how they ended.
type outcomes struct {
	succeeded, failed, errored       atomic.Int64
	lagSum, lagBounded, lagUnbounded atomic.Int64
}

func (o *outcomes) count(end *engine.End, r *Result) {
	switch outcomeOf(r) {
	case OutcomeSuccess:
		o.succeeded.Add(1)
	case OutcomeFail:
		o.failed.Add(1)
	case OutcomeError:
		o.errored.Add(1)
	}
	if r.Job == nil {
		return
	}
	if lag, bounded := lagOf(end); bounded {
		o.lagSum.Add(int64(lag))
		o.lagBounded.Add(1)
	} else {
		o.lagUnbounded.Add(1)
	}
}

func outcomeOf(r *Result) Outcome {
	switch {
	case r.Err == nil:
		return OutcomeSuccess
	case r.Job != nil && r.Job.Status == StatusFail:
		return OutcomeFail
	default:
		return OutcomeError
	}
}

// lagOf bounds how late the end of a job is known, from above.
func lagOf(end *engine.End) (lag time.Duration, bounded bool) {
	if end.Looked == engine.Never {
		return 0, false
	}
	return end.Waits[0].Now - end.Looked, true
}

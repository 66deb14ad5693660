package edenwait

import (
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/edenwait/edenwait/internal/engine"
)

// report begins to report how the call stands, if somebody wants to know.
func (c *call) report(hook func(Progress)) *reporter {
	if hook == nil {
		return nil
	}
	r := &reporter{hook: hook, snapshot: c.snapshot, log: c.log, redact: c.runner.redact, fail: c.driver.fail}
	return r.start()
}

// ended is why the call ended early, and what its caller must have thrown at it.
func (c *call) ended() (thrown any, cause error) {
	c.mu.Lock()
	thrown, cause = c.thrown, c.cause
	c.mu.Unlock()
	if raw, ok := cause.(refusal); ok { //nolint:errorlint // the very value that refused made
		cause = refusalCause(raw.error)
	}
	return thrown, cause
}

// snapshot returns the counts of the call so far.
func (c *call) snapshot() Progress {
	var sent engine.Counts
	var rate float64
	var stalled time.Duration
	var trouble any
	c.driver.look(c.handle, func(e *engine.Engine, now time.Duration) {
		sent, rate = e.Counts(c.handle), e.Rate(now)
		stalled, trouble = e.Stalled(now)
	})
	c.mu.Lock()
	answered := c.counts.answered
	p := Progress{Succeeded: c.counts.succeeded, Failed: c.counts.failed, Errored: c.counts.errored, Waiting: c.waits}
	if c.past != nil {
		p.Waiting -= len(c.past.repeats)
	}
	c.mu.Unlock()
	p.Total = p.Succeeded + p.Failed + p.Errored + p.Waiting
	p.Requests, p.Lists, p.RateLimited, p.Rate = sent.Gets+sent.Pages, sent.Pages, sent.RateLimited, rate
	p.Elapsed, p.Stalled = time.Since(c.began), stalled
	if err, ok := trouble.(error); ok {
		p.Trouble = refusalCause(err).Error()
	}
	if answered > 0 {
		left := float64(p.Elapsed) * float64(p.Waiting) / float64(answered)
		p.TimeLeft = time.Duration(min(left, float64(maxDuration)))
	}
	return p
}

// kind names the call in the log.
func (c *call) kind() string {
	if c.level == zapcore.DebugLevel {
		return "wait"
	}
	return "batch"
}

func (c *call) logStart() { guard("Logger", c.driver.fail, c.writeStart) }

func (c *call) logEnd() { guard("Logger", c.driver.fail, c.writeEnd) }

func (c *call) writeStart() {
	if line := c.log.Check(c.level, c.kind()+" started"); line != nil {
		list := zap.Bool("list", c.driver.requester.lister != nil)
		if c.method == asCompleted { // whose ids have yet to come
			line.Write(list)
			return
		}
		line.Write(zap.Int32("ids", c.ids), list)
	}
}

func (c *call) writeEnd() {
	if line := c.log.Check(c.level, c.kind()+" ended"); line != nil {
		p := c.snapshot()
		_, cause := c.ended()
		line.Write(zap.Int("jobs", p.Total), zap.Int("succeeded", p.Succeeded), zap.Int("failed", p.Failed),
			zap.Int("errored", p.Errored), zap.Int("waiting", p.Waiting), zap.Int("requests", p.Requests), zap.Int("lists", p.Lists),
			zap.Int("rate_limited", p.RateLimited), zap.Duration("took", p.Elapsed.Round(time.Millisecond)), zap.NamedError("ended_early", cause))
	}
}

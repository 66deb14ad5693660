package edenwait

import (
	"errors"
	"strconv"
	"time"

	"go.uber.org/zap"

	"github.com/edenwait/edenwait/internal/engine"
)

// write logs what the engine noted.
func (d *driver) write(n *engine.Note) {
	err, _ := n.Value.(error)
	switch n.Kind {
	case engine.SlowedDown:
		d.log.Warn("rate limited: all requests slow down", zap.Float64("rate", rounded(n.Rate)), zap.Int("refused", n.Count),
			zap.Duration("for", n.For.Round(time.Second)), zap.Error(err))
	case engine.SpedUp:
		d.log.Warn("no request was refused for a minute: no longer rate limited", zap.Float64("rate", rounded(n.Rate)),
			zap.Int("refused", n.Count), zap.Duration("for", n.For.Round(time.Second)))
	case engine.ListGone:
		d.log.Warn(listGone(err), zap.Error(err))
	case engine.TroubleBegan:
		d.log.Warn("requests fail", zap.Error(err))
	case engine.TroubleEnded:
		d.log.Warn("requests succeed again", zap.Int("failed", n.Count))
	case engine.Stalled:
		d.log.Warn("no request has been of use for long", zap.Duration("for", n.For), zap.Error(err))
	case engine.KeySuspected:
		d.log.Warn("a key that has worked was refused: checking it with one more request", zap.Error(err))
	}
}

// listGone names what is wrong. A key that is refused is the news then, and not that
// the list cannot be read.
func listGone(err error) string {
	switch {
	case errors.Is(err, ErrUnauthorized):
		return "the API refuses the key for the job list: check the key"
	case errors.Is(err, ErrPaymentRequired):
		return "the API refuses the job list: the account has no credit"
	default:
		return "the job list cannot be read"
	}
}

// rounded has three digits, as many as a reader of the log looks at.
func rounded(rate float64) float64 {
	short, err := strconv.ParseFloat(strconv.FormatFloat(rate, 'g', 3, 64), 64)
	if err != nil {
		return rate
	}
	return short
}

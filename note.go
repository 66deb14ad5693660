package edenwait

import (
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
	case engine.KeyDoubted:
		d.log.Warn("a key that has worked was refused: checking it with one more request", zap.Error(err))
	}
}

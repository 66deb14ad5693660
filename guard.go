package edenwait

import (
	"errors"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// guardLogger returns the logger with a core that cannot panic where it is
// called, which may be a goroutine that nobody can recover. What it throws goes
// to report.
func guardLogger(log *zap.Logger, report func(thrown any)) *zap.Logger {
	return log.WithOptions(zap.WrapCore(func(core zapcore.Core) zapcore.Core {
		return guardedCore{core, report}
	}))
}

type guardedCore struct {
	zapcore.Core
	report func(any)
}

// guard calls f, which belongs to the caller; who names it. A panic or a runtime.Goexit
// in f is passed to report.
func guard(who string, report func(any), f func()) {
	complete := false
	defer func() {
		if !complete {
			thrown := recover()
			if thrown == nil {
				thrown = errors.New("edenwait: the " + who + " called runtime.Goexit")
			}
			report(thrown)
		}
	}()
	f()
	complete = true
}

func (g guardedCore) Enabled(level zapcore.Level) (enabled bool) {
	guard("Logger", g.report, func() { enabled = g.Core.Enabled(level) })
	return enabled
}

func (g guardedCore) With(fields []zapcore.Field) zapcore.Core {
	with := g
	guard("Logger", g.report, func() { with.Core = g.Core.With(fields) })
	return with
}

// Check asks the core itself, which may choose among several, or sample.
func (g guardedCore) Check(entry zapcore.Entry, checked *zapcore.CheckedEntry) *zapcore.CheckedEntry {
	var own *zapcore.CheckedEntry
	guard("Logger", g.report, func() { own = g.Core.Check(entry, nil) })
	if own == nil {
		return checked
	}
	return checked.AddCore(entry, checkedCore{g, own})
}

// checkedCore writes one entry, to the cores that want it.
type checkedCore struct {
	guardedCore
	own *zapcore.CheckedEntry
}

func (c checkedCore) Write(entry zapcore.Entry, fields []zapcore.Field) error {
	c.own.Entry = entry // with the stack and the caller that were added since
	guard("Logger", c.report, func() { c.own.Write(fields...) })
	return nil
}

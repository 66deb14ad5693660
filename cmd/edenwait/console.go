package main

import (
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"golang.org/x/term"

	"github.com/edenwait/edenwait/cmd/edenwait/internal/bar"
)

// console is the output of a command: results to out, everything else to err. On a
// terminal with progress bars, both are written above the bars.
type console struct {
	out, err io.Writer
	screen   *bar.Screen // nil without bars
	grace    *grace      // for a terminal that is stopped
	quiet    bool
}

// newConsole draws bars if err is a terminal that can move its cursor, unless quiet is
// set.
func newConsole(out, err io.Writer, quiet bool) *console {
	c := &console{out: out, err: err, grace: newGrace(), quiet: quiet}
	if w, ok := err.(*graceWriter); ok {
		c.grace = w.grace
	}
	file, ok := fileOf(err)
	if quiet || !ok || !isTerminal(err) || bar.Dumb(os.Getenv) {
		return c
	}
	c.screen = bar.NewScreen(file, bar.StyleOf(os.Getenv))
	c.err = &graceWriter{to: c.screen, grace: c.grace}
	if isTerminal(out) { // nearly always the same terminal
		c.out = c.err
	}
	return c
}

// message writes a line for people, unless quiet is set.
func (c *console) message(format string, args ...any) {
	if !c.quiet {
		message(c.err, format, args...)
	}
}

// close stops drawing. The bars stay, and later output is below them.
func (c *console) close() {
	if c.screen != nil {
		c.grace.do(c.screen.Stop)
	}
}

// logger returns a logger to err, in one of the two formats.
func (c *console) logger(level, format string) (*zap.Logger, error) {
	// zap accepts more levels and spellings than the help lists.
	l, err := zapcore.ParseLevel(level)
	if err != nil || !slices.Contains(logLevels, level) {
		return nil, fmt.Errorf("--log-level is %q, want one of %s", level, strings.Join(logLevels, ", "))
	}
	config := zap.NewProductionEncoderConfig()
	config.EncodeTime = zapcore.ISO8601TimeEncoder
	config.EncodeDuration = zapcore.StringDurationEncoder
	var encoder zapcore.Encoder
	switch format {
	case "console":
		config.EncodeTime = zapcore.TimeEncoderOfLayout("15:04:05.000")
		config.ConsoleSeparator = "  "
		encoder = zapcore.NewConsoleEncoder(config)
	case "json":
		encoder = zapcore.NewJSONEncoder(config)
	default:
		return nil, fmt.Errorf("--log-format is %q, want one of %s", format, strings.Join(logFormats, ", "))
	}
	core := zapcore.NewCore(encoder, zapcore.Lock(zapcore.AddSync(c.err)), l)
	// If the log cannot be written, a message about that would only block again.
	return zap.New(core, zap.ErrorOutput(zapcore.AddSync(io.Discard))), nil
}

var (
	logLevels  = []string{"debug", "info", "warn", "error"}
	logFormats = []string{"console", "json"}
)

func isTerminal(w any) bool {
	f, ok := fileOf(w)
	return ok && term.IsTerminal(int(f.Fd()))
}

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

// console is where a command speaks: results to out, everything else to err. On
// a terminal with bars at its bottom both have to go around them.
type console struct {
	out, err io.Writer
	screen   *bar.Screen // nil without bars
	patience *patience   // with a terminal that is stopped
	quiet    bool
}

// newConsole has bars, unless quiet is wanted, if err is a terminal that can move
// its cursor.
func newConsole(out, err io.Writer, quiet bool) *console {
	c := &console{out: out, err: err, patience: newPatience(), quiet: quiet}
	if w, ok := err.(*patientWriter); ok {
		c.patience = w.patience
	}
	file, ok := fileOf(err)
	if quiet || !ok || !isTerminal(err) || bar.Dumb(os.Getenv) {
		return c
	}
	c.screen = bar.NewScreen(file, bar.StyleOf(os.Getenv))
	c.err = &patientWriter{to: c.screen, patience: c.patience}
	if isTerminal(out) { // the same one, as good as always
		c.out = c.err
	}
	return c
}

// say speaks to people, unless they want quiet.
func (c *console) say(format string, args ...any) {
	if !c.quiet {
		say(c.err, format, args...)
	}
}

// close leaves the bars as they are; what comes after goes below them.
func (c *console) close() {
	if c.screen != nil {
		c.patience.do(c.screen.Stop)
	}
}

// logger writes to err, in one of the two formats.
func (c *console) logger(level, format string) (*zap.Logger, error) {
	// zap knows more levels, and other spellings, than are offered.
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
	// Where the log cannot be written, saying so there would only block again.
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

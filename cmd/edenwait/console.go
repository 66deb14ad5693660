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
}

// newConsole has bars if they are wanted and err is a terminal that can move its
// cursor.
func newConsole(out, err io.Writer, bars bool) *console {
	c := &console{out: out, err: err}
	if !bars || !isTerminal(err) || bar.Dumb(os.Getenv) {
		return c
	}
	c.screen = bar.NewScreen(err.(*os.File), bar.StyleOf(os.Getenv))
	c.err = c.screen
	if isTerminal(out) { // the same one, as good as always
		c.out = c.screen
	}
	return c
}

// close leaves the bars as they are; what comes after goes below them.
func (c *console) close() {
	if c.screen != nil {
		c.screen.Stop()
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
	return zap.New(zapcore.NewCore(encoder, zapcore.Lock(zapcore.AddSync(c.err)), l)), nil
}

var (
	logLevels  = []string{"debug", "info", "warn", "error"}
	logFormats = []string{"console", "json"}
)

func isTerminal(w any) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

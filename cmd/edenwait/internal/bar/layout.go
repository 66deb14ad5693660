package bar

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/edenwait/edenwait"
	"github.com/mattn/go-runewidth"
	"github.com/vbauerster/mpb/v8"
)

// Style says how to draw on a terminal.
type Style struct {
	// Color uses colors. They only repeat the text.
	Color bool
	// ASCII uses only ASCII characters.
	ASCII bool
}

// StyleOf reads the style from the environment. See no-color.org for NO_COLOR.
func StyleOf(getenv func(string) string) Style {
	locale := getenv("LC_ALL")
	for _, name := range []string{"LC_CTYPE", "LANG"} {
		if locale == "" {
			locale = getenv(name)
		}
	}
	locale = strings.ToLower(locale)
	return Style{
		Color: getenv("NO_COLOR") == "" && !Dumb(getenv),
		ASCII: os.PathSeparator == '/' && !strings.Contains(locale, "utf-8") && !strings.Contains(locale, "utf8"),
	}
}

// Dumb reports whether the terminal may be unable to move its cursor: TERM is "dumb", or
// empty on a system other than Windows, which does not set it.
func Dumb(getenv func(string) string) bool {
	term := getenv("TERM")
	return term == "dumb" || term == "" && os.PathSeparator == '/'
}

const (
	green = "32"
	red   = "31"
)

func (s Style) paint(color, text string) string {
	if !s.Color || color == "" || text == "" {
		return text
	}
	return "\x1b[" + color + "m" + text + "\x1b[0m"
}

// gauge is the filling part of a row.
func (s Style) gauge() mpb.BarFiller {
	full, empty := "█", "░"
	if s.ASCII {
		full, empty = "#", "."
	}
	meta := func(text string) string { return s.paint(green, text) }
	return mpb.BarStyle().Lbound("").Rbound("").Filler(full).Tip("").Padding(empty).FillerMeta(meta).Build()
}

const (
	widestGauge    = 30
	narrowestGauge = 4
)

// part is a piece of a row. If not all parts fit, the lowest ranks are dropped first.
type part struct {
	text, color string
	rank        int
}

// layout fits a row into width columns. It returns the width of the gauge, and the texts
// of the row. If there is a gauge, it comes after the first text.
func layout(name string, p edenwait.Progress, width int, style Style) (gauge int, texts []string) {
	parts := partsOf(p, name != "")
	// The gauge shrinks to its minimum before it is dropped.
	const gaugeRank = 3
	for least := 0; ; least++ {
		kept, used, wide := parts[:0:0], 0, 0
		for _, part := range parts {
			if part.rank >= least {
				kept = append(kept, part)
				used += len("  ") + runewidth.StringWidth(part.text)
			}
		}
		if name != "" {
			used += runewidth.StringWidth(name) + 1
		}
		if least <= gaugeRank {
			wide = min(widestGauge, width-used)
		}
		if wide >= narrowestGauge || least > gaugeRank && used-len("  ") <= width {
			return assemble(name, kept, wide, style)
		}
		if len(kept) <= 1 {
			return 0, []string{runewidth.Truncate(parts[0].text, max(width, 0), "")}
		}
	}
}

func assemble(name string, parts []part, gauge int, style Style) (int, []string) {
	if name != "" {
		name += " "
	}
	texts := []string{name}
	for i, part := range parts {
		gap := "  "
		if i == 0 && gauge <= 0 {
			gap = ""
		}
		texts = append(texts, gap+style.paint(part.color, part.text))
	}
	return max(gauge, 0), texts
}

// partsOf returns the parts of a row. Numbers have a fixed width, so that nothing moves
// except what changes. If there are several rows, the columns are wide enough for each.
func partsOf(p edenwait.Progress, several bool) []part {
	ended := p.Total - p.Waiting
	percent := "  0%"
	if p.Total > 0 {
		percent = fmt.Sprintf("%3d%%", 100*ended/p.Total)
	}
	digits := len(strconv.Itoa(p.Total))
	number := func(n int, what string) string { return fmt.Sprintf("%*d %s", digits, n, what) }
	requests, pace := number(p.Requests, "requests"), fmt.Sprintf("%5s", rate(p.Rate))
	if several {
		requests, pace = fmt.Sprintf("%*s", digits+len("0 requests"), requests), fmt.Sprintf("%6s", pace)
	}
	failed := part{number(p.Failed+p.Errored, "failed"), "", 6}
	if p.Failed+p.Errored > 0 {
		failed.color, failed.rank = red, 8 // more urgent than successes
	}
	left := part{"", "", 2}
	switch {
	case p.Stalled > 0 && p.Waiting > 0: // the reason is in the log
		left = part{"no answer for " + Short(p.Stalled), red, 6}
	case p.TimeLeft > 0 && p.Waiting > 0:
		left.text = Short(p.TimeLeft) + " left"
	}
	left.text = fmt.Sprintf("%-10s", left.text)
	return []part{
		{percent, "", 9},
		{number(p.Succeeded, "succeeded"), green, 7},
		failed,
		{number(p.Waiting, "waiting"), "", 5},
		{requests, "", 1},
		{pace, "", 0},
		left,
	}
}

// rate formats requests per second.
func rate(r float64) string {
	if r >= 9.95 {
		return fmt.Sprintf("%.0f/s", r)
	}
	return fmt.Sprintf("%.1f/s", r)
}

// Short formats a duration for people, with at most two units, in whole seconds.
func Short(d time.Duration) string {
	d = d.Round(time.Second)
	switch {
	case d < time.Minute:
		return fmt.Sprintf("%ds", d/time.Second)
	case d < time.Hour:
		return fmt.Sprintf("%dm%02ds", d/time.Minute, d%time.Minute/time.Second)
	default:
		return fmt.Sprintf("%dh%02dm", d/time.Hour, d%time.Hour/time.Minute)
	}
}

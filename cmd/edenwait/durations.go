package main

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/edenwait/edenwait/edentest"
)

// durationsHelp describes the values of --durations.
const durationsHelp = `how long jobs run: lognormal:MEDIAN,SIGMA[,CAP], fixed:TIME or fixed:never,
uniform:MIN,MAX, pareto:MIN,ALPHA[,CAP] or bimodal:SHORT,LONG,SHARE`

// parseDurations reads a distribution.
func parseDurations(text string) (edentest.Durations, error) {
	name, rest, _ := strings.Cut(text, ":")
	args := &arguments{left: strings.Split(rest, ",")}
	var d edentest.Durations
	switch name {
	case "lognormal":
		d = edentest.Lognormal{Median: args.duration(), Sigma: args.number(), Cap: args.optional()}
	case "fixed":
		if rest == "never" {
			return edentest.Fixed(edentest.Never), nil
		}
		d = edentest.Fixed(args.duration())
	case "uniform":
		u := edentest.Uniform{Min: args.duration(), Max: args.duration()}
		args.want(u.Min <= u.Max, "invalid range %v to %v: want MIN up to MAX", u.Min, u.Max)
		d = u
	case "pareto":
		p := edentest.Pareto{Min: args.duration(), Alpha: args.number(), Cap: args.optional()}
		args.want(p.Min > 0, "MIN is %v, want a duration above 0s", p.Min)
		args.want(p.Alpha > 0, "ALPHA is %v, want a number above 0", p.Alpha)
		d = p
	case "bimodal":
		b := edentest.Bimodal{Short: args.duration(), Long: args.duration(), LongFraction: args.number()}
		args.want(b.LongFraction <= 1, "SHARE is %v, want 0 to 1", b.LongFraction)
		d = b
	default:
		return nil, fmt.Errorf("--durations is %q, want %s", text, durationsHelp)
	}
	if err := args.end(); err != nil {
		return nil, fmt.Errorf("--durations is %q: %w", text, err)
	}
	return d, nil
}

// arguments are values separated by commas, taken one by one. err is the first error.
type arguments struct {
	left []string
	err  error
}

func (a *arguments) next() (string, bool) {
	if len(a.left) == 0 || a.left[0] == "" {
		return "", false
	}
	value := a.left[0]
	a.left = a.left[1:]
	return value, true
}

func (a *arguments) fail(err error) {
	if a.err == nil {
		a.err = err
	}
}

// want fails unless the condition holds.
func (a *arguments) want(holds bool, format string, args ...any) {
	if !holds {
		a.fail(fmt.Errorf(format, args...))
	}
}

func (a *arguments) duration() time.Duration {
	value, ok := a.next()
	if !ok {
		a.fail(fmt.Errorf("a duration is missing"))
		return 0
	}
	d, err := time.ParseDuration(value)
	if err != nil || d < 0 {
		a.fail(fmt.Errorf("invalid duration %q: want a form like 90s or 2m30s", value))
	}
	return d
}

func (a *arguments) number() float64 {
	value, ok := a.next()
	if !ok {
		a.fail(fmt.Errorf("a number is missing"))
		return 0
	}
	n, err := strconv.ParseFloat(value, 64)
	if err != nil || !(n >= 0) || math.IsInf(n, 1) {
		a.fail(fmt.Errorf("invalid number %q: want 0 or more", value))
	}
	return n
}

func (a *arguments) optional() time.Duration {
	if len(a.left) == 0 {
		return 0
	}
	return a.duration()
}

func (a *arguments) end() error {
	if a.err == nil && len(a.left) > 0 {
		return fmt.Errorf("unexpected %q at the end", strings.Join(a.left, ","))
	}
	return a.err
}

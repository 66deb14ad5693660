package main

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/edenwait/edenwait/cmd/edenwait/internal/ids"
	"github.com/edenwait/edenwait/edentest"
)

// faultHelp describes the values of --fault.
const faultHelp = "inject a fault, as " + faultForm

const faultForm = `WHAT[=VALUE][,KEY=VALUE…], may be repeated; WHAT is
status=CODE, delay=TIME, drip=TIME, stale-list=TIME, clock-skew=TIME, retry-after=TEXT,
redirect=URL, wrong-type=TYPE, huge=BYTES, reset, reset-body, refuse, stall, torn,
gzip-torn, empty, null, html, other-id, or chaos=SHARE for a mix of faults; KEY is
share (0 to 1), on (submit, get, list or delete), job (an ID), from, until (since the
start), skip, times (how many)`

// plainEffects are the effects that need no value.
var plainEffects = map[string]func() edentest.Effect{
	"reset": edentest.Reset, "reset-body": edentest.ResetBody, "refuse": edentest.RefuseConnection, "stall": edentest.Stall,
	"torn": edentest.TruncateBody, "gzip-torn": edentest.TruncateGzip, "empty": edentest.Empty, "null": edentest.Null,
	"html": edentest.HTML, "other-id": edentest.OtherID,
}

// timedEffects are the effects whose value is a duration.
var timedEffects = map[string]func(time.Duration) edentest.Effect{
	"delay": edentest.Delay, "drip": edentest.Drip, "stale-list": edentest.StaleList, "clock-skew": edentest.ClockSkew,
}

// textEffects are the effects whose value is text.
var textEffects = map[string]func(string) edentest.Effect{
	"retry-after": edentest.RetryAfter, "redirect": edentest.Redirect, "wrong-type": edentest.WrongType,
}

// parseFaults reads the values of --fault.
func parseFaults(texts []string) ([]edentest.Fault, error) {
	var faults []edentest.Fault
	for _, text := range texts {
		some, err := parseFault(text)
		if err != nil {
			return nil, fmt.Errorf("--fault is %q: %w", text, err)
		}
		faults = append(faults, some...)
	}
	return faults, nil
}

func parseFault(text string) ([]edentest.Fault, error) {
	parts := strings.Split(text, ",")
	what, value, valued := strings.Cut(parts[0], "=")
	for textEffects[what] != nil && len(parts) > 1 && !strings.Contains(parts[1], "=") {
		value += "," + parts[1] // every HTTP date has a comma
		parts = parts[1:]
	}
	if what == "chaos" {
		share, err := parseShare(value)
		if err == nil && len(parts) > 1 {
			err = fmt.Errorf("invalid key after chaos=SHARE: want none")
		}
		return edentest.Chaos(share), err
	}
	var fault edentest.Fault
	var err error
	if fault.Do, err = parseEffect(what, value); err != nil {
		return nil, err
	}
	if _, plain := plainEffects[what]; plain && valued {
		return nil, fmt.Errorf("invalid value for %s: it takes none", what)
	}
	for _, part := range parts[1:] {
		key, value, _ := strings.Cut(part, "=")
		if err := setFault(&fault, key, value); err != nil {
			return nil, err
		}
	}
	if fault.Until > 0 && fault.Until <= fault.From {
		return nil, fmt.Errorf("until=%v is not after from=%v", fault.Until, fault.From)
	}
	return []edentest.Fault{fault}, nil
}

func parseEffect(what, value string) (edentest.Effect, error) {
	if effect, ok := plainEffects[what]; ok {
		return effect(), nil
	}
	if effect, ok := timedEffects[what]; ok {
		d, err := time.ParseDuration(value)
		if err == nil && d < 0 && what != "clock-skew" { // a clock can be wrong either way
			err = fmt.Errorf("%s is %v, want 0s or more", what, d)
		}
		return effect(d), err
	}
	if effect, ok := textEffects[what]; ok {
		return effect(value), nil
	}
	switch what {
	case "status":
		code, err := strconv.Atoi(value)
		if err != nil || code < 200 || code > 599 {
			return edentest.Effect{}, fmt.Errorf("invalid status %q: want 200 to 599", value)
		}
		return edentest.Status(code, "", nil), nil
	case "huge":
		n, err := strconv.ParseInt(value, 10, 64)
		if err != nil || n < 0 {
			return edentest.Effect{}, fmt.Errorf("invalid size %q: want a number of bytes", value)
		}
		return edentest.PadBody(n), nil
	}
	return edentest.Effect{}, fmt.Errorf("unknown fault %q: want %s", what, faultForm)
}

func setFault(fault *edentest.Fault, key, value string) (err error) {
	switch key {
	case "share":
		fault.Probability, err = parseShare(value)
	case "on":
		kinds := []edentest.Kind{edentest.Submit, edentest.Get, edentest.List, edentest.Delete}
		i := slices.IndexFunc(kinds, func(k edentest.Kind) bool { return k.String() == value })
		if i < 0 {
			return fmt.Errorf("invalid on=%s: want submit, get, list or delete", value)
		}
		fault.On = kinds[i]
	case "job":
		if !ids.IsValid(value) {
			return fmt.Errorf("invalid job=%s: want a UUID", value)
		}
		fault.JobID = value
	case "from":
		fault.From, err = parseSpan(value)
	case "until":
		fault.Until, err = parseSpan(value)
	case "skip":
		fault.Skip, err = parseCount(value)
	case "times":
		fault.Times, err = parseCount(value)
	default:
		return fmt.Errorf("unknown key %q: want share, on, job, from, until, skip or times", key)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", key, err)
	}
	return nil
}

func parseSpan(value string) (time.Duration, error) {
	d, err := time.ParseDuration(value)
	if err == nil && d < 0 {
		err = fmt.Errorf("invalid duration %v: want 0s or more", d)
	}
	return d, err
}

func parseCount(value string) (int, error) {
	n, err := strconv.Atoi(value)
	if err == nil && n < 0 {
		err = fmt.Errorf("invalid number %d: want 0 or more", n)
	}
	return n, err
}

func parseShare(value string) (float64, error) {
	share, err := strconv.ParseFloat(value, 64)
	if err != nil || !(share > 0 && share <= 1) {
		return 0, fmt.Errorf("invalid share %q: want above 0, up to 1", value)
	}
	return share, nil
}

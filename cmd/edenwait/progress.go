package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/edenwait/edenwait"
	"github.com/edenwait/edenwait/cmd/edenwait/internal/bar"
)

// nextReport is when a batch without a bar reports its progress: after 15 seconds, so
// that the user sees it work, then every minute, and after ten minutes every five. CI
// systems kill a job that is silent for ten minutes.
func nextReport(elapsed time.Duration) (next time.Duration) {
	const first, often, seldom = 15 * time.Second, time.Minute, 5 * time.Minute
	switch {
	case elapsed < first:
		return first
	case elapsed < 10*often:
		return elapsed.Truncate(often) + often
	default:
		return elapsed.Truncate(seldom) + seldom
	}
}

// reportRegularly calls report at each of these times until stopped is closed. Times that
// have passed unnoticed are left out: the process may have been stopped for an hour, or
// nobody read its stderr.
func reportRegularly(stopped <-chan struct{}, report func(elapsed time.Duration)) {
	began := time.Now()
	for at := nextReport(0); ; at = nextReport(max(at, time.Since(began))) {
		timer := time.NewTimer(at - time.Since(began))
		select {
		case <-timer.C:
			report(max(at, time.Since(began).Truncate(time.Second)))
		case <-stopped:
			timer.Stop()
			return
		}
	}
}

// progressLine is one report.
func progressLine(elapsed time.Duration, p edenwait.Progress) string {
	parts := []string{fmt.Sprintf("%d of %d jobs done", p.Total-p.Waiting, p.Total)}
	if failed := p.Failed + p.Errored; failed > 0 {
		parts = append(parts, fmt.Sprintf("%d failed", failed))
	}
	parts = append(parts, fmt.Sprintf("%d waiting", p.Waiting), fmt.Sprintf("%d requests", p.Requests))
	switch {
	case p.Stalled > 0 && p.Waiting > 0:
		parts = append(parts, "nothing answered for "+bar.Short(p.Stalled)+": "+p.Trouble)
	case p.TimeLeft > 0 && p.Waiting > 0:
		parts = append(parts, bar.Short(p.TimeLeft)+" left")
	}
	return "after " + bar.Short(elapsed) + ": " + strings.Join(parts, ", ")
}

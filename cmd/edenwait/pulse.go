package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/edenwait/edenwait"
	"github.com/edenwait/edenwait/cmd/edenwait/internal/bar"
)

// pulse is when a batch without a bar says how it stands: soon, so that one sees
// it at work, then every minute, and after ten of them every five. CI systems end
// what is silent for ten minutes.
func pulse(elapsed time.Duration) (next time.Duration) {
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

// beat calls tell at each pulse until stopped is closed.
func beat(stopped <-chan struct{}, tell func(elapsed time.Duration)) {
	began := time.Now()
	for at := pulse(0); ; at = pulse(at) {
		timer := time.NewTimer(at - time.Since(began))
		select {
		case <-timer.C:
			tell(at)
		case <-stopped:
			timer.Stop()
			return
		}
	}
}

// standingLine says how a batch stands.
func standingLine(elapsed time.Duration, p edenwait.Progress) string {
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

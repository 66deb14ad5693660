package main

import (
	"bytes"
	"context"
	"errors"
	"regexp"
	"testing"
	"time"

	"github.com/edenwait/edenwait/edentest"
)

// quickDemo is a demo whose jobs are over soon.
func quickDemo() *demo {
	return &demo{jobs: 30, seed: 1, runs: edentest.Lognormal{Median: 300 * time.Millisecond, Sigma: 0.5}}
}

func TestDemo(t *testing.T) {
	t.Parallel()
	var stdout, stderr bytes.Buffer
	if err := quickDemo().run(t.Context(), &stdout, &stderr); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`(?m)^ +edenwait   usual loop$`,
		`(?m)^jobs done +30 +30$`,
		`(?m)^  succeeded +(\d+) +\d+$`,
		`(?m)^cost of the jobs +\$\d+\.\d+ +\$\d+\.\d+$`,
		`(?m)^requests +\d+ +\d+$`,
		`(?m)^mean lag, from job's end to result +\d.* m?s +\d.* m?s$`,
		`(?m)^last result after +\d.* s +\d.* s$`,
	} {
		if !regexp.MustCompile(want).MatchString(stdout.String()) {
			t.Errorf("no %s in:\n%s", want, stdout.String())
		}
	}
	// Both had the same jobs.
	same := regexp.MustCompile(`(?m)^(?:  succeeded|  failed|cost of the jobs) +(\S+) +(\S+)$`).FindAllStringSubmatch(stdout.String(), -1)
	if len(same) != 3 {
		t.Fatalf("rows are missing:\n%s", stdout.String())
	}
	for _, row := range same {
		if row[1] != row[2] {
			t.Errorf("they had different jobs: %s", row[0])
		}
	}
	if got := stderr.String(); !regexp.MustCompile(`^Submitting 30 jobs to a fake Eden AI API at http://127.0.0.1:\d+ …\nWaiting for them with `).MatchString(got) {
		t.Errorf("stderr is %q", got)
	}
}

// TestDemoInterrupted: a demo can be left at any time.
func TestDemoInterrupted(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errInterrupted)
	var stdout, stderr bytes.Buffer
	err := quickDemo().run(ctx, &stdout, &stderr)
	var known *exit
	if !errors.As(err, &known) || known.code != exitUnfinished || !errors.Is(err, errInterrupted) || stdout.Len() > 0 {
		t.Errorf("got %v, %q", err, stdout.String())
	}
}

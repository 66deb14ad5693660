package report

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/edenwait/edenwait"
)

func summary(t *testing.T, tally *Tally, p edenwait.Progress, c Counts) string {
	t.Helper()
	var b strings.Builder
	if err := tally.Write(&b, p, c); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func job(provider string, cost edenwait.Cost) *edenwait.Job {
	return &edenwait.Job{ID: "0f8a6f0e-5d1c-4b1e-9d55-0f7f2d8f9a11", Provider: provider, Cost: cost}
}

func failed(provider, message, code string) *edenwait.Job {
	j := job(provider, "0")
	j.Error = &edenwait.JobError{Message: message, Code: code}
	return j
}

func TestSummary(t *testing.T) {
	tally := NewTally()
	tally.Succeeded(job("deepgram", "0.1"))
	tally.Succeeded(job("deepgram", "0.20000000000000000001"))
	tally.Succeeded(job("mistral", "7"))
	tally.Succeeded(job("mistral", "many"))
	tally.Failed(failed("deepgram", "the file is silent", "E7"))
	tally.Failed(failed("deepgram", "the file is silent", "E7"))
	tally.Failed(failed("mistral", "the file\nis \x1b[31mred", ""))
	tally.Failed(job("", ""))
	tally.Errored(nil, fmt.Errorf("edenwait: %w: \"x\"", edenwait.ErrInvalidID))
	tally.GaveUp(&edenwait.GaveUpError{ID: "x", Err: edenwait.ErrMaxWait})
	for i := range 10 {
		tally.Ran(time.Duration(i+1) * time.Second)
		tally.Late(time.Duration(i) * 100 * time.Millisecond)
	}
	tally.Ran(-time.Second)     // the clocks differ
	tally.Late(5 * time.Second) // of a job that does not say when it was submitted
	tally.Early()
	got := summary(t, tally, edenwait.Progress{Elapsed: 83 * time.Second, Requests: 24, Lists: 3, RateLimited: 2}, Counts{Total: 12, Succeeded: 4, Failed: 4, Errored: 1, GaveUp: 1})
	want := `12 jobs in 1 min 23 s: 4 succeeded, 4 failed, 1 without a result, 1 given up, 2 not ended
  cost      $7.30000000000000000001, not counting 1 job with an invalid cost
            mistral $7.00, deepgram $0.30000000000000000001, unnamed $0.00
  duration  median 5.00 s from submit to result, 90% within 9.00 s, max 10.0 s
  lag       mean 0.86 s, max 5.00 s (from the last check that saw the job running to its result)
  early     1 job had ended before the first poll
  requests  24, 2.00 per job, 3 for list pages, 2 over the rate limit
  failures
    2  deepgram: the file is silent (E7)
    1  invalid job id: want a UUID of 36 characters
    1  no reason given
    1  not ended within --max-wait
    1  mistral: the file is �[31mred
`
	if got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
	if cost := tally.Cost(); cost != "7.30000000000000000001" {
		t.Errorf("cost %s", cost)
	}
}

func TestSummaryOfOne(t *testing.T) {
	tally := NewTally()
	tally.Succeeded(job("", ""))
	got := summary(t, tally, edenwait.Progress{Elapsed: 42 * time.Millisecond, Requests: 1}, Counts{Total: 1, Succeeded: 1})
	want := "1 job in 42 ms: 1 succeeded\n  cost      $0.00\n  requests  1, 1.00 per job\n"
	if got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestSummaryOfMany: it stays short, whatever there is.
func TestSummaryOfMany(t *testing.T) {
	tally := NewTally()
	for i := range 3000 {
		tally.Succeeded(job(fmt.Sprintf("provider%d", i%20), "0.01"))
		tally.Failed(failed("p", fmt.Sprintf("message %d", i), ""))
	}
	if n := len(tally.causes); n > maxCauses+1 {
		t.Errorf("%d messages are kept", n)
	}
	got := summary(t, tally, edenwait.Progress{}, Counts{Succeeded: 1})
	for _, want := range []string{"$30.00\n            provider0 $1.50, ", "18 others $25.50", "    2000  other messages\n", " for 993 other reasons\n"} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in:\n%s", want, got)
		}
	}
	if lines := strings.Count(got, "\n"); lines > 14 {
		t.Errorf("%d lines", lines)
	}
}

// TestSummaryOfOneMore: what is left out would take no less room than to say so.
func TestSummaryOfOneMore(t *testing.T) {
	tally := NewTally()
	for i := range shownProviders + 1 {
		tally.Succeeded(job(fmt.Sprintf("provider%d", i), "1"))
	}
	for i := range shownCauses + 1 {
		tally.Failed(failed("provider0", fmt.Sprintf("message %d", i), ""))
	}
	got := summary(t, tally, edenwait.Progress{}, Counts{Succeeded: 1})
	for _, want := range []string{", provider3 $1.00\n", "    1  provider0: message 8\n"} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in:\n%s", want, got)
		}
	}
	if strings.Contains(got, "other") {
		t.Errorf("one is left out:\n%s", got)
	}
}

// TestSummaryOfStrangers: what a response holds must not draw on the terminal,
// and a job whose status nobody knows has its cost too.
func TestSummaryOfStrangers(t *testing.T) {
	tally := NewTally()
	tally.Failed(failed("deep\x1b[2Jgram", "no", ""))
	odd := job("mistral", "0.25")
	odd.Status = "arch\x1b[2Jived"
	tally.Errored(odd, &edenwait.UnexpectedStatusError{Job: odd})
	got := summary(t, tally, edenwait.Progress{}, Counts{Succeeded: 1})
	for _, want := range []string{
		"  cost      $0.25\n            mistral $0.25, deep\uFFFD[2Jgram $0.00\n",
		"    1  deep\uFFFD[2Jgram: no\n", "    1  undocumented status arch\uFFFD[2Jived\n",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in:\n%s", want, got)
		}
	}
	if strings.Contains(got, "\x1b") {
		t.Errorf("an escape is in %q", got)
	}
}

func TestReason(t *testing.T) {
	const id = "0f8a6f0e-5d1c-4b1e-9d55-0f7f2d8f9a11"
	gaveUp := func(err error) error { return &edenwait.GaveUpError{ID: id, Err: err} }
	for _, test := range []struct {
		err  error
		want string
	}{
		{&edenwait.GaveUpError{ID: id, Polls: 60, Err: &edenwait.APIError{StatusCode: 503, Detail: "busy", Op: "GET /" + id}},
			"HTTP 503 Service Unavailable: busy (after retries)"},
		{&edenwait.GaveUpError{ID: id, Polls: 1, Err: &edenwait.APIError{StatusCode: 422, Detail: "no", Op: "GET /" + id}},
			"HTTP 422 Unprocessable Entity: no"},
		{gaveUp(&edenwait.APIError{StatusCode: 404}), edenwait.ErrNotFound.Error()},
		{gaveUp(errors.New("60 requests in a row failed, the last: edenwait: job " + id + ": GET /v3/" + id + ": no route to host")),
			"60 requests in a row failed, the last: edenwait: job …: GET /v3/…: no route to host"},
		{gaveUp(fmt.Errorf("%w: 5 bytes", edenwait.ErrResponseTooLarge)), "the response is larger than --max-response-bytes"},
		{&edenwait.UnexpectedStatusError{Job: &edenwait.Job{Status: "archived"}}, "undocumented status archived"},
	} {
		if got := Reason(test.err); got != test.want {
			t.Errorf("%v:\ngot  %s\nwant %s", test.err, got, test.want)
		}
	}
}

func TestDollars(t *testing.T) {
	for cost, want := range map[edenwait.Cost]string{"": "$0.00", "0": "$0.00", "1.5": "$1.50", "0.123456": "$0.123456", "12": "$12.00"} {
		if got := Dollars(cost); got != want {
			t.Errorf("%q is %s, want %s", cost, got, want)
		}
	}
}

func TestSeconds(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0 ms", 40 * time.Millisecond: "40 ms", 864 * time.Millisecond: "0.86 s", 1234 * time.Millisecond: "1.23 s",
		14200 * time.Millisecond: "14.2 s", 83600 * time.Millisecond: "1 min 24 s", 90 * time.Minute: "1 h 30 min",
	} {
		if got := Seconds(d); got != want {
			t.Errorf("%v is %s, want %s", d, got, want)
		}
	}
}

func TestPlain(t *testing.T) {
	if got := Plain("a\tb\r\n\x1b]0;c\x07 é 日"); got != "a b  \uFFFD]0;c\uFFFD é 日" {
		t.Errorf("got %q", got)
	}
	if got := Plain(strings.Repeat("é", 500)); got != strings.Repeat("é", maxPlain)+"…" {
		t.Errorf("got %d bytes", len(got))
	}
}

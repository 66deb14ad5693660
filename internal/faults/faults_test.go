package faults

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/edenwait/edenwait"
	"github.com/edenwait/edenwait/edentest"
	"github.com/edenwait/edenwait/internal/testbed"
)

// To write docs/faults.md again after a change of what is tried here:
//
//	go test ./internal/faults -run TestFaults -update
var update = flag.Bool("update", false, "write docs/faults.md instead of comparing with it")

// What a user may see of a fault.
const (
	everyResult = "every result"
	butOne      = "every other result; that job's error is "
	soFar       = "the results so far; the others' error is "
	noResult    = "no result; every error is "
)

// faultRow is a fault and what comes of it.
type faultRow struct {
	section, name, on string
	opts              edentest.Options
	config            edenwait.Config
	victim            edentest.Script // the job that is struck
	end               time.Duration   // of ctx; 0: never
	event             func(api *edentest.API)
	client            func(api *edentest.API) *http.Client // nil: the API's
	want              string
}

// faultRows is everything that is tried.
func faultRows() (rows []faultRow) {
	for _, effect := range passing() {
		for _, on := range []edentest.Kind{edentest.Get, edentest.List, edentest.Get | edentest.List} {
			if on != edentest.Get && effect.String() == edentest.OtherID().String() || on != edentest.List && strings.HasPrefix(effect.String(), "stale") {
				continue
			}
			rows = append(rows, faultRow{
				section: "Two minutes of trouble, in every answer", name: effect.String(), on: on.String(), want: everyResult,
				opts: edentest.Options{Faults: []edentest.Fault{{On: on, Until: 2 * time.Minute, Do: effect}}},
			})
		}
	}
	rows = append(rows, listRows()...)
	rows = append(rows, finalRows()...)
	rows = append(rows, accountRows()...)
	return append(rows, wireRows()...)
}

// passing are faults that a client survives by asking again.
func passing() []edentest.Effect {
	const answer = "status 200 and "
	other := func(name, body string) edentest.Effect {
		return edentest.Edit(answer+name, func(_ edentest.Request, ans *edentest.Answer) { ans.Body = []byte(body) })
	}
	return []edentest.Effect{
		edentest.Status(500, "", nil), edentest.Status(502, "<html>Bad Gateway</html>", nil),
		edentest.Status(503, "", http.Header{"Retry-After": {"7"}}), edentest.Status(504, "", nil),
		edentest.Status(408, "", nil), edentest.Status(425, "", nil), edentest.Status(429, "", nil), edentest.Status(599, "\x00\xff", nil),
		edentest.RetryAfter("2"), edentest.RetryAfter("Sat, 01 Jan 2000 00:01:30 GMT"), edentest.RetryAfter("Sat, 01 Jan 1994 00:00:00 GMT"),
		edentest.RetryAfter("-5"), edentest.RetryAfter("soon"), edentest.RetryAfter("999999999999"),
		edentest.Redirect("https://elsewhere.example/"), edentest.RefuseConnection(), edentest.Reset(), edentest.ResetBody(), edentest.Stall(),
		edentest.Drip(5 * time.Second), edentest.Delay(5 * time.Second), edentest.TruncateBody(), edentest.Empty(), edentest.Null(), edentest.HTML(),
		other("an empty object", `{}`), other("an empty array", `[]`), other("a string", `"success"`), other("a bare id", `{"public_id":"x"}`),
		edentest.OtherID(), edentest.TruncateGzip(), edentest.WrongType("text/plain"), edentest.PadBody(100_000),
		edentest.ClockSkew(-24 * time.Hour), edentest.ClockSkew(24 * time.Hour), edentest.StaleList(10 * time.Minute),
	}
}

// listRows: the list may be as bad as it likes, forever.
func listRows() (rows []faultRow) {
	add := func(name string, opts edentest.Options) {
		rows = append(rows, faultRow{section: "A list that never gets better", name: name, on: "list", opts: opts, want: everyResult,
			config: edenwait.Config{MaxResponseBytes: 1 << 20}, // for the sake of the test's own time
		})
	}
	for _, status := range []int{401, 402, 403, 404, 405, 422, 500} {
		add(fmt.Sprintf("status %d", status), edentest.Options{ListStatus: status})
	}
	for _, effect := range []edentest.Effect{edentest.Stall(), edentest.TruncateBody(), edentest.HTML(), edentest.Empty(), edentest.PadBody(1 << 40), edentest.StaleList(24 * time.Hour)} {
		add(effect.String(), edentest.Options{Faults: []edentest.Fault{{On: edentest.List, Do: effect}}})
	}
	add("a minute behind", edentest.Options{ListLag: time.Minute})
	return rows
}

const victim = "11111111-1111-4111-8111-111111111111"

// finalRows: what ends one job, or all.
func finalRows() (rows []faultRow) {
	one := func(name, on, want string, do edentest.Effect) {
		rows = append(rows, faultRow{
			section: "One job's trouble, forever", name: name, on: on, want: butOne + want, victim: edentest.Script{After: 10 * time.Second},
			opts: edentest.Options{Faults: []edentest.Fault{{On: edentest.Get, JobID: victim, Do: do}}},
		})
	}
	one("status 404", "get", "ErrNotFound", edentest.Status(404, "", nil))
	for _, status := range []int{400, 410, 422} {
		one(fmt.Sprintf("status %d", status), "get", fmt.Sprintf("APIError %d", status), edentest.Status(status, "", nil))
	}
	one("a body over MaxResponseBytes", "get", "ErrResponseTooLarge", edentest.PadBody(1<<40))
	rows[len(rows)-1].config.MaxResponseBytes = 1 << 20
	one("status 500", "get", "APIError 500, after MaxErrors", edentest.Status(500, "", nil))
	one("torn", "get", "GaveUpError, after MaxErrors", edentest.TruncateBody())
	one("stall", "get", "GaveUpError, after MaxErrors", edentest.Stall())
	one("a body that never ends, a byte now and then", "get", "GaveUpError, after MaxErrors", edentest.Drip(24*time.Hour))
	one("unknown, once it was seen running", "get", "ErrNotFound", edentest.StrayNotFound())
	rows[len(rows)-1].config.DisableList = true // or no GET may see it running
	rows = append(rows, batchRow(401, "ErrUnauthorized"), batchRow(402, "ErrPaymentRequired"), batchRow(403, "ErrUnauthorized"))
	job := func(name, want string, script edentest.Script) {
		rows = append(rows, faultRow{section: "An unusual job", name: name, on: "get", want: want, victim: script})
	}
	job("status fail", butOne+"JobFailedError, beside its Job", edentest.Script{Status: "fail"})
	job("status cancelled", butOne+"UnexpectedStatusError, beside its Job", edentest.Script{Status: "cancelled"})
	job("success, then processing again for a minute", everyResult, edentest.Script{After: 5 * time.Second, RevertAfter: time.Second, RerunFor: time.Minute})
	job("an invalid created_at", everyResult, edentest.Script{CreatedAt: "yesterday"})
	job("a cost that is an object", everyResult, edentest.Script{Cost: json.RawMessage(`{"usd":1}`)})
	job("an error beside a success", everyResult, edentest.Script{Error: json.RawMessage(`[7,{"a":null}]`)})
	job("a bare string as error", butOne+"JobFailedError, beside its Job", edentest.Script{Status: "fail", Error: json.RawMessage(`"bare words"`)})
	job("an output of 1 MB", everyResult, edentest.Script{Output: json.RawMessage(`"` + strings.Repeat("x", 1<<20) + `"`)})
	return rows
}

func batchRow(status int, want string) faultRow {
	return faultRow{
		section: "A refused key, from the 30th second on", name: fmt.Sprintf("status %d", status), on: "get", want: soFar + want,
		opts: edentest.Options{Faults: []edentest.Fault{{On: edentest.Get, From: 30 * time.Second, Do: edentest.Status(status, "", nil)}}},
	}
}

// accountRows: what happens to the service, the network, the caller.
func accountRows() []faultRow {
	const section = "The service, the network, the caller"
	down := func(api *edentest.API) {
		time.Sleep(20 * time.Second)
		api.SetDown(true)
		time.Sleep(4 * time.Minute)
		api.SetDown(false)
	}
	panics := edenwait.Hooks{OnSuccess: func(_ context.Context, job *edenwait.Job) error {
		if job.ID == victim {
			panic("the hook's bug")
		}
		return nil
	}}
	return []faultRow{
		{section: section, name: "no network for 4 minutes", want: everyResult, event: down},
		{section: section, name: "no network any more", want: noResult + "GaveUpError, after some nine minutes", event: func(api *edentest.API) { api.SetDown(true) }},
		{section: section, name: "a certificate that is not trusted", want: noResult + "GaveUpError that says what to do, after a minute or two",
			client: func(api *edentest.API) *http.Client { return (&testbed.Certificates{API: api, Every: 1}).Client() }},
		{section: section, name: "a new job is unknown for 3 s", want: everyResult, opts: edentest.Options{NotFoundFor: 3 * time.Second}},
		{section: section, name: "the limit falls to 1 request per second", want: everyResult, event: func(api *edentest.API) { api.SetRate(1) }},
		{section: section, name: "others use 9 of 10 requests per second", want: everyResult, opts: edentest.Options{BackgroundRate: 9}},
		{section: section, name: "half of all answers spoiled, in any way", want: everyResult, opts: edentest.Options{Faults: edentest.Chaos(0.5)}},
		{section: section, name: "a job is deleted while it runs", victim: edentest.Script{After: time.Hour}, want: butOne + "ErrNotFound",
			event: func(api *edentest.API) { time.Sleep(20 * time.Second); api.Delete(victim) }},
		{section: section, name: "MaxWait passes", victim: edentest.Script{After: time.Hour}, config: edenwait.Config{MaxWait: 5 * time.Minute}, want: butOne + "ErrMaxWait"},
		{section: section, name: "ctx ends", end: 30 * time.Second, want: soFar + "context.DeadlineExceeded"},
		{section: section, name: "a hook panics", config: edenwait.Config{Hooks: panics}, victim: edentest.Script{}, want: butOne + "HookError, beside its Job"},
	}
}

// faultSeeds is how many scenarios each row is tried in, but one under -short.
const faultSeeds = 3

// TestFaults tries every row, and compares what came of it with docs/faults.md.
func TestFaults(t *testing.T) {
	rows := faultRows()
	for i := range rows {
		row := &rows[i]
		t.Run(strings.TrimSpace(row.name+" "+row.on), func(t *testing.T) {
			seeds := uint64(faultSeeds)
			if testing.Short() {
				seeds = 1
			}
			for seed := range seeds {
				synctest.Test(t, func(t *testing.T) { row.run(t, seed) })
			}
		})
	}
	page := faultsPage(rows)
	const path = "../../docs/faults.md"
	if *update && !t.Failed() {
		if err := os.WriteFile(path, page, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	have, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !t.Failed() && !bytes.Equal(have, page) {
		t.Errorf("docs/faults.md is out of date: go test ./internal/faults -run TestFaults -update")
	}
}

// run lives through one scenario of the row.
func (row *faultRow) run(t *testing.T, seed uint64) {
	opts := row.opts
	opts.Seed, opts.Latency = seed, 40*time.Millisecond
	api := edentest.New(opts)
	ids := api.SubmitAll(12, edentest.Workload{Durations: edentest.Uniform{Max: 3 * time.Minute}})
	odd := row.victim
	odd.ID = victim
	ids = append(ids, api.Submit(odd))
	config := row.config
	config.Token, config.HTTPClient = edentest.DefaultToken, api.Client()
	if row.client != nil {
		config.HTTPClient = row.client(api)
	}
	waiter, err := edenwait.New(config)
	if err != nil {
		t.Fatal(err)
	}
	if row.event != nil {
		go row.event(api)
	}
	ctx, cancel := context.Background(), context.CancelFunc(func() {})
	if row.end > 0 {
		ctx, cancel = context.WithTimeout(ctx, row.end)
	}
	defer cancel()
	began := time.Now()
	results, err := waiter.WaitAll(ctx, ids)
	if over := time.Since(began) - row.end; row.end > 0 && over > time.Second {
		t.Errorf("seed %d: returned %v after ctx", seed, over)
	}
	if got := seen(results, err); got != row.want {
		t.Errorf("seed %d: the caller got %s, want %s\n%v", seed, got, row.want, err)
	}
	for i := range results {
		r := &results[i]
		if r.Job != nil && r.Job.ID != r.ID {
			t.Errorf("seed %d: %s got the job of %s", seed, r.ID, r.Job.ID)
		}
		if _, answered := api.FirstSeenEnded(r.ID); answered && r.Job == nil && !strings.HasPrefix(row.section, "One job") {
			t.Errorf("seed %d: lost: %s, %v", seed, r.ID, r.Err)
		}
		if strings.HasPrefix(row.want, soFar) || strings.HasPrefix(row.want, noResult) {
			continue
		}
		if r.ID != victim && (r.Err != nil || r.Job == nil) {
			t.Errorf("seed %d: lost: %s, %v", seed, r.ID, r.Err)
		}
	}
	time.Sleep(10 * time.Minute) // until the event is over
}

// seen puts into words what the caller got.
func seen(results []edenwait.Result, batch error) string {
	if batch == nil {
		return everyResult
	}
	words := map[string]int{}
	for i := range results {
		r := &results[i]
		if r.Err == nil {
			continue
		}
		if !errors.Is(batch, r.Err) {
			return "a BatchError that does not match its results'"
		}
		word := nameOf(r.Err)
		if r.Job != nil {
			word += ", beside its Job"
		}
		words[word]++
	}
	if len(words) != 1 {
		return fmt.Sprintf("errors of several kinds: %v", words)
	}
	var early *edenwait.BatchError
	if errors.As(batch, &early) && early.Cause != nil {
		return soFar + sole(words)
	}
	if words[sole(words)] == len(results) {
		return noResult + sole(words)
	}
	return butOne + sole(words)
}

func sole(words map[string]int) (word string) {
	for word = range words {
	}
	return word
}

// nameOf names what an error matches.
func nameOf(err error) string {
	for name, target := range map[string]error{
		"ErrNotFound": edenwait.ErrNotFound, "ErrUnauthorized": edenwait.ErrUnauthorized, "ErrPaymentRequired": edenwait.ErrPaymentRequired,
		"ErrResponseTooLarge": edenwait.ErrResponseTooLarge, "ErrMaxWait": edenwait.ErrMaxWait,
	} {
		if errors.Is(err, target) {
			return name
		}
	}
	var (
		failed *edenwait.JobFailedError
		odd    *edenwait.UnexpectedStatusError
		hook   *edenwait.HookError
		api    *edenwait.APIError
		after  string
	)
	if strings.Contains(err.Error(), "in a row") {
		after = ", after MaxErrors"
	}
	switch {
	case errors.As(err, &failed):
		return "JobFailedError"
	case errors.As(err, &odd):
		return "UnexpectedStatusError"
	case errors.As(err, &hook):
		return "HookError"
	case errors.As(err, &api):
		return fmt.Sprintf("APIError %d", api.StatusCode) + after
	case after == "" && errors.Is(err, context.DeadlineExceeded):
		return "context.DeadlineExceeded"
	case strings.Contains(err.Error(), "certificate is signed by"):
		return "GaveUpError that says what to do, after a minute or two"
	case strings.Contains(err.Error(), "every request for any job has failed"):
		return "GaveUpError, after some nine minutes"
	default:
		return "GaveUpError" + after
	}
}

package edenwait_test

import (
	"bytes"
	"context"
	"crypto/rsa"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/cenkalti/backoff/v4"

	"github.com/edenwait/edenwait"
	"github.com/edenwait/edenwait/edentest"
	"github.com/edenwait/edenwait/internal/testbed"
	"github.com/edenwait/edenwait/webhook"
)

// never is a BackOff whose first delay is far away, so that no poll but a hinted one
// follows the first.
type never struct{}

func (never) NextBackOff() time.Duration { return time.Hour }
func (never) Reset()                     {}

// A delivery over real HTTP ends a wait, and one with a wrong signature ends nothing,
// though both are hints.
func TestDeliveryEndsAWait(t *testing.T) { testbed.OverWire(t, testDeliveryEndsAWait) }

func testDeliveryEndsAWait(t *testing.T, w testbed.Protocol) {
	api, _ := w.Account(t, edentest.Options{Rate: -1, Workload: edentest.Workload{Durations: edentest.Fixed(edentest.Never)}, Webhooks: &edentest.Webhooks{AllowInsecure: true}})
	waiter, err := edenwait.New(edenwait.Config{
		Token: edentest.DefaultToken, BaseURL: api.URL, HTTPClient: api.Client(), DisableList: true,
		BackOff: func() backoff.BackOff { return never{} },
	})
	if err != nil {
		t.Fatal(err)
	}
	events, rejected := make(chan *webhook.Event, 1), make(chan error, 1)
	receiver := httptest.NewServer(webhook.Handler(waiter, webhook.Options{
		Keys:     []*rsa.PublicKey{api.WebhookKey()},
		OnEvent:  func(_ context.Context, e *webhook.Event) error { events <- e; return nil },
		OnReject: func(_ *http.Request, err error) { rejected <- err },
	}))
	defer receiver.Close()

	id, other := postJob(t, api, receiver.URL+"/any/path"), postJob(t, api, receiver.URL)
	type ended struct {
		job *edenwait.Job
		err error
	}
	waited := make(chan ended, 1)
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute) // a bound for a test that fails
	defer cancel()
	go func() { _, _ = waiter.Wait(ctx, other) }()
	go func() {
		job, err := waiter.Wait(ctx, id)
		waited <- ended{job, err}
	}()
	gets := func(n int) {
		t.Helper()
		for api.Stats().Gets < n || waiter.Stats().InFlight > 0 {
			select {
			case w := <-waited:
				t.Fatalf("the wait ended early: %v", w.err)
			case <-ctx.Done():
				t.Fatalf("%d GETs, want %d", api.Stats().Gets, n)
			case <-time.After(time.Millisecond):
			}
		}
	}
	gets(2)

	forged, err := http.NewRequestWithContext(ctx, http.MethodPost, receiver.URL, bytes.NewBufferString(
		`{"event":"async_job_completed","job_id":"`+other+`","status":"success","output":{"text":"forged"}}`))
	if err != nil {
		t.Fatal(err)
	}
	forged.Header.Set("X-Edenai-Signature", "00ff")
	resp, err := http.DefaultClient.Do(forged)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusUnauthorized || !errors.Is(<-rejected, webhook.ErrSignature) {
		t.Errorf("a forged delivery is answered %s, want 401", resp.Status)
	}
	gets(3) // it is a hint all the same

	api.Finish(id)
	select {
	case e := <-events:
		if e.JobID != id || !e.Verified || e.Status != "success" {
			t.Errorf("event %+v", e)
		}
	case <-ctx.Done():
		t.Fatal("no delivery")
	}
	if w := <-waited; w.err != nil || w.job.Status != edenwait.StatusSuccess {
		t.Fatalf("%+v, %v", w.job, w.err)
	}
	// The next poll without a delivery would have been an hour away.
	if n := api.Stats().Gets; n != 4 {
		t.Errorf("%d GETs, want 4: one per job at first, one per delivery", n)
	}
	if stats := waiter.Stats(); stats.Jobs != 1 {
		t.Errorf("%d jobs are waited for, want the one of the forged delivery", stats.Jobs)
	}
	if n := len(api.Deliveries()); n > 1 {
		t.Errorf("%d deliveries, want 1", n)
	}
}

// postJob submits a job that runs until Finish, with a receiver.
func postJob(t *testing.T, api *edentest.Server, receiver string) string {
	t.Helper()
	body := `{"model":"ocr/ocr_async/mistral","input":{},"webhook_receiver":"` + receiver + `"}`
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, api.URL+"/v3/universal-ai/async", bytes.NewBufferString(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+edentest.DefaultToken)
	req.Header.Set("Content-Type", "application/json")
	resp, err := api.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var answer bytes.Buffer
	if _, err := answer.ReadFrom(resp.Body); err != nil || resp.StatusCode != http.StatusAccepted {
		t.Fatalf("%s: %s %v", resp.Status, answer.Bytes(), err)
	}
	var job edenwait.Job
	if err := job.UnmarshalJSON(answer.Bytes()); err != nil {
		t.Fatal(err)
	}
	return job.ID
}

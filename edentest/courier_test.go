package edentest_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/edenwait/edenwait/edentest"
	"github.com/edenwait/edenwait/internal/testbed"
)

// Close ends what is under way, cancels what is to come, and leaves nothing.
func TestWebhookClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ended := make(chan error, 1)
		api := edentest.New(edentest.Options{Webhooks: &edentest.Webhooks{
			All: true, Unsigned: true, Timeout: time.Hour,
			Handler: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				<-r.Context().Done()
				ended <- context.Cause(r.Context())
			}),
		}})
		api.Submit(edentest.Script{After: time.Second})
		api.Submit(edentest.Script{After: time.Minute})
		time.Sleep(2 * time.Second)
		api.Close()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		api.Submit(edentest.Script{})
		time.Sleep(time.Hour)
		if log := api.Deliveries(); len(log) != 1 || log[0].Status != 0 || log[0].Err == nil {
			t.Errorf("%+v", log)
		}
		api.Close()
	})
	// A bubble may end while deliveries are still to come.
	synctest.Test(t, func(*testing.T) {
		api := edentest.New(edentest.Options{Webhooks: &edentest.Webhooks{All: true}})
		api.SubmitAll(100, edentest.Workload{})
	})
}

// A receiver that does not answer in time is tried again.
func TestWebhookTimeout(t *testing.T) {
	var tries int
	inMemory(t, edentest.Options{Webhooks: &edentest.Webhooks{
		All: true, Timeout: 3 * time.Second, RetryDelay: time.Second,
		Handler: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			if tries++; tries == 1 {
				<-r.Context().Done()
			}
		}),
	}}, func(t *testing.T, d *door) {
		d.Submit(edentest.Script{})
		d.sleep(t, time.Minute)
		log := d.Deliveries()
		if len(log) != 2 || log[0].Err == nil || log[1].Status != 200 || log[1].Time.Sub(log[0].Time) != 4*time.Second {
			t.Errorf("%+v", log)
		}
	})
}

// Over a network: http is delivered to where it is allowed, https through a
// Transport that trusts the receiver.
func TestWebhookOverLoopback(t *testing.T) {
	for _, secure := range []bool{false, true} {
		r := &receiver{}
		hooks := &edentest.Webhooks{AllowInsecure: true, MaxAttempts: 1}
		var target *httptest.Server
		if secure {
			target = httptest.NewTLSServer(r)
			hooks.Transport = target.Client().Transport
		} else {
			target = httptest.NewServer(r)
		}
		server := edentest.Start(edentest.Options{Workload: edentest.Workload{Durations: edentest.Fixed(0)}, Webhooks: hooks})
		d := &door{server.API, server.Client(), server.URL, false}
		status, body := d.do(t, http.MethodPost, async, strings.Replace(hooked, "https://hooks.example", target.URL, 1))
		if status != http.StatusAccepted {
			t.Fatal(status, body)
		}
		testbed.Eventually(t, "a delivery", func() bool { return len(d.Deliveries()) > 0 })
		server.Close()
		target.Close()
		got := r.told()
		if log := d.Deliveries()[0]; len(got) != 1 || log.Status != 200 || log.Err != nil || got[0].header.Get("X-Edenai-Signature") == "" ||
			decode[map[string]any](t, string(got[0].body))["job_id"] != log.JobID {
			t.Errorf("secure=%v: %+v, %+v", secure, log, got)
		}
	}
}

// Close does not wait for a receiver that never answers.
func TestServerCloseEndsDeliveries(t *testing.T) {
	arrived := make(chan struct{}, 1)
	release := make(chan struct{})
	target := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		arrived <- struct{}{}
		<-release
	}))
	defer target.Close()
	defer close(release)
	server := edentest.Start(edentest.Options{Webhooks: &edentest.Webhooks{All: true, Receiver: target.URL}})
	server.Submit(edentest.Script{})
	<-arrived
	server.Close()
	if log := server.Deliveries(); len(log) != 1 || !errors.Is(log[0].Err, context.Canceled) {
		t.Errorf("%+v", log)
	}
}

// Receivers that the service could not, or would not, reach are refused.
func TestWebhookReceivers(t *testing.T) {
	for url, want := range map[string][2]int{ // without and with AllowInsecure
		"https://hooks.example/x":     {202, 202},
		"https://192.0.2.7:8443":      {202, 202},
		"http://hooks.example":        {422, 202},
		"https://localhost/x":         {422, 202},
		"https://LocalHost.:1/x":      {422, 202},
		"https://a.localhost/x":       {422, 202},
		"https://127.1.2.3/x":         {422, 202},
		"https://[::1]:9/x":           {422, 202},
		"https://[::ffff:127.0.0.1]/": {422, 202},
		"https://0.0.0.0/":            {422, 202},
		"ftp://hooks.example":         {422, 422},
		"hooks.example":               {422, 422},
	} {
		for i, hooks := range []*edentest.Webhooks{{Transport: nowhere{}}, {AllowInsecure: true, Transport: nowhere{}}, nil} {
			inMemory(t, edentest.Options{Webhooks: hooks}, func(t *testing.T, d *door) {
				status, body := d.do(t, http.MethodPost, async, strings.Replace(hooked, "https://hooks.example/in?k=1", url, 1))
				if status != want[i%2] {
					t.Errorf("%s, %+v: %d %s, want %d", url, hooks, status, body, want[i%2])
				}
			})
		}
	}
}

type nowhere struct{}

func (nowhere) RoundTrip(*http.Request) (*http.Response, error) { return nil, errors.New("nowhere") }

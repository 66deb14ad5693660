package edentemporal

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"
	"go.uber.org/zap"

	"github.com/edenwait/edenwait"
	"github.com/edenwait/edenwait/edentest"
)

// server is what a leader needs of a Temporal server: acknowledgements.
type server struct {
	client.Client
	mu    sync.Mutex
	beats int
	err   error
}

func (s *server) RecordActivityHeartbeat(_ context.Context, token []byte, _ ...any) error {
	if string(token) != "token" {
		return errors.New("no such token")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.beats++
	return s.err
}

func (s *server) fail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.err = err
}

// fakeQueue says when it is worked on.
type fakeQueue struct {
	began, ended time.Time
	err          error
	stop         func()
}

func (q *fakeQueue) Start() error { q.began = time.Now(); return q.err }
func (q *fakeQueue) Stop() {
	q.ended = time.Now()
	if q.stop != nil {
		q.stop()
	}
}

// member is one without workers of its own.
func member(o Options, s *server, queues ...queue) *Member {
	return &Member{
		client: s, options: func() Options { return o }, log: zap.NewNop(), rest: make(chan time.Duration, 1),
		open: func(*term) []queue { return queues },
	}
}

// rests returns for how long the member leaves the lead to others, after it was told to.
func (m *Member) rests() time.Duration {
	select {
	case pause := <-m.rest:
		return pause
	default:
		return 0
	}
}

func TestLeadStops(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api, s, q := edentest.New(edentest.Options{}), &server{}, &fakeQueue{}
		m := member(testOptions(t, api), s, q)
		q.stop = func() {
			if m.Leads() {
				t.Error("requests may be sent while the workers stop")
			}
		}
		stopping := make(chan struct{})
		began := time.Now()
		time.AfterFunc(time.Minute, func() {
			if got := m.Stats(); !m.Leads() || got.Terms != 1 || got.Waiter.Limit != 10 || got.BeatAge > 8*time.Second || got.Reason != "" {
				t.Errorf("%+v", got)
			}
			close(stopping)
		})
		err := m.lead(t.Context(), []byte("token"), 30*time.Second, stopping)
		var failure *temporal.ApplicationError
		if !errors.As(err, &failure) || failure.Type() != leavingType || failure.NextRetryDelay() != handOverDelay || failure.NonRetryable() {
			t.Errorf("%v", err)
		}
		if took := time.Since(began); took != time.Minute || q.ended.Sub(began) != time.Minute || m.rests() != 0 {
			t.Errorf("stopped after %v, its queue after %v", took, q.ended.Sub(began))
		}
		// After a second, one request proves the key, and only then the queue opens.
		requests := api.Requests()
		if len(requests) != 1 || requests[0].Time.Sub(began) < settle || !q.began.After(requests[0].Time) {
			t.Errorf("requests %+v, the queue opens after %v", requests, q.began.Sub(began))
		}
		if s.beats != 9 || m.Leads() || m.Stats().Reason == "" {
			t.Errorf("%d heartbeats, %+v", s.beats, m.Stats())
		}
	})
}

func TestLeadLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api, s, q := edentest.New(edentest.Options{}), &server{}, &fakeQueue{}
		m := member(testOptions(t, api), s, q)
		began, stopping := time.Now(), make(chan struct{})
		time.AfterFunc(time.Minute, func() { s.fail(serviceerror.NewNotFound("gone")) })
		time.AfterFunc(70*time.Second, func() { close(stopping) }) // its worker is told to rest
		err := m.lead(t.Context(), []byte("token"), 30*time.Second, stopping)
		if errorType(err) != leavingType || m.rests() != restDelay || q.ended.Sub(began) > 68*time.Second || time.Since(began) != 70*time.Second {
			t.Errorf("%v, the queue closes after %v, all ends after %v", err, q.ended.Sub(began), time.Since(began))
		}
	})
}

func TestLeadCancelled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := member(testOptions(t, edentest.New(edentest.Options{})), &server{err: temporal.NewCanceledError()}, &fakeQueue{})
		if err := m.lead(t.Context(), []byte("token"), 30*time.Second, nil); !temporal.IsCanceledError(err) {
			t.Error(err)
		}
	})
}

// A candidate that is refused does not open its queue, and rests for longer each time.
func TestLeadUnproven(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for name, do := range map[string]edentest.Effect{"401": edentest.Unauthorized(), "402": edentest.Status(http.StatusPaymentRequired, "", nil), "403": edentest.Forbidden()} {
			api, q := edentest.New(edentest.Options{Faults: []edentest.Fault{{Do: do}}}), &fakeQueue{}
			m := member(testOptions(t, api), &server{}, q)
			for i, want := range []time.Duration{30 * time.Second, time.Minute, 2 * time.Minute, 4 * time.Minute, 8 * time.Minute, 10 * time.Minute, 10 * time.Minute} {
				err := m.lead(t.Context(), []byte("token"), 30*time.Second, nil)
				if errorType(err) != refusedType || !strings.Contains(err.Error(), name) || m.rests() != want || !q.began.IsZero() {
					t.Errorf("%s, time %d: %v", name, i, err)
				}
				if n := len(api.Requests()); n != i+1 {
					t.Errorf("%d requests", n)
				}
			}
		}
	})
}

func TestLeadRefusedLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api, q := edentest.New(edentest.Options{}), &fakeQueue{}
		m := member(testOptions(t, api), &server{}, q)
		m.open = func(lead *term) []queue {
			time.AfterFunc(time.Minute, func() { lead.fail(refusalOf(edenwait.ErrPaymentRequired)) })
			return []queue{q}
		}
		if err := m.lead(t.Context(), []byte("token"), 30*time.Second, nil); errorType(err) != refusedType || m.rests() != defaultRefusalDelay || q.ended.IsZero() {
			t.Error(err)
		}
	})
}

func TestLeadWithoutProof(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		// Under RefusalFail, workflows get the refusal, so somebody has to lead.
		api, q := edentest.New(edentest.Options{Faults: []edentest.Fault{{Do: edentest.Unauthorized()}}}), &fakeQueue{}
		m := member(testOptions(t, api, func(o *Options) { o.Refusal = RefusalFail }), &server{}, q)
		stopping := make(chan struct{})
		time.AfterFunc(time.Minute, func() { close(stopping) })
		if err := m.lead(t.Context(), []byte("token"), 30*time.Second, stopping); errorType(err) != leavingType || q.began.IsZero() {
			t.Error(err)
		}
		// An API that does not answer leaves it unknown, and another candidate may try.
		api = edentest.New(edentest.Options{Faults: []edentest.Fault{{Do: edentest.RefuseConnection()}}})
		m = member(testOptions(t, api), &server{}, &fakeQueue{})
		began := time.Now()
		err := m.lead(t.Context(), []byte("token"), 30*time.Second, nil)
		if took := time.Since(began); errorType(err) != leavingType || took < proofTime || took > proofTime+15*time.Second {
			t.Errorf("%v after %v", err, took)
		}
	})
}

// A Source of the caller's own has its own errors for an unknown id.
func TestProofOfOwnSource(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, test := range []struct {
			err     error
			refused bool
		}{
			{errors.New("nothing there"), false},
			{edenwait.ErrNotFound, false},
			{nil, false},
			{edenwait.ErrPaymentRequired, true},
		} {
			o := testOptions(t, edentest.New(edentest.Options{}), func(o *Options) { o.Config.Source = failing{test.err} })
			lead, _ := leading(t, o)
			if err := prove(t.Context(), lead.source, true); (refusalOf(err) != nil) != test.refused || (err != nil) != test.refused {
				t.Errorf("%v: %v", test.err, err)
			}
			if _, lists := lead.source.(edenwait.Lister); lists {
				t.Error("it lists, though the Source does not")
			}
		}
	})
}

type failing struct{ err error }

func (f failing) Get(context.Context, string) (*edenwait.Job, error) { return nil, f.err }

func TestLeadQueueFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		first, second := &fakeQueue{}, &fakeQueue{err: errors.New("no such namespace")}
		m := member(testOptions(t, edentest.New(edentest.Options{})), &server{}, first, second)
		if err := m.lead(t.Context(), []byte("token"), 30*time.Second, nil); !strings.Contains(err.Error(), "no such namespace") || first.ended.IsZero() {
			t.Error(err)
		}
	})
}

// A panic of the caller's code ends the term as any failure does: nothing goes on.
func TestLeadPanics(t *testing.T) {
	for name, panics := range map[string]func(*Member, *Options){
		"Register": func(m *Member, _ *Options) { m.open = func(*term) []queue { panic("registered twice") } },
		"Source":   func(_ *Member, o *Options) { o.Config.Source = panicking{} },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &server{}
				o := testOptions(t, edentest.New(edentest.Options{}))
				m := member(o, s, &fakeQueue{})
				panics(m, &o)
				m.options = func() Options { return o }
				err := m.lead(t.Context(), []byte("token"), 30*time.Second, nil)
				if errorType(err) != leavingType || !strings.Contains(err.Error(), "registered twice") || strings.Contains(err.Error(), edentest.DefaultToken) || m.rests() != restDelay {
					t.Errorf("%v", err)
				}
				beats := s.beats
				time.Sleep(time.Minute)
				if got := m.Stats(); s.beats != beats || got.Leads || !strings.Contains(got.Reason, "registered twice") {
					t.Errorf("%d heartbeats after its end, %+v", s.beats-beats, got)
				}
			})
		})
	}
}

type panicking struct{}

func (panicking) Get(context.Context, string) (*edenwait.Job, error) {
	panic("registered twice with " + edentest.DefaultToken)
}

// Requests of the caller's own are paced, and end with the lead.
func TestTransportIsFenced(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := edentest.New(edentest.Options{})
		o := testOptions(t, api)
		lead, mute := leading(t, o)
		own := &http.Client{Transport: lead.waiter.Transport(lead.fence.transport(o.Config))}
		submit := func() error {
			request, _ := http.NewRequestWithContext(t.Context(), http.MethodPost, edenwait.DefaultBaseURL+"/v3/universal-ai/async",
				strings.NewReader(`{"model":"audio/speech_to_text_async/deepgram","input":{"file":"a"}}`))
			request.Header.Set("Authorization", "Bearer "+edentest.DefaultToken)
			response, err := own.Do(request)
			if err == nil {
				response.Body.Close()
			}
			return err
		}
		for range 30 {
			if err := submit(); err != nil {
				t.Fatal(err)
			}
		}
		if s := api.Stats(); s.Submits != 30 || s.RateLimited != 0 {
			t.Errorf("%+v", s)
		}
		mute(true)
		time.Sleep(31 * time.Second)
		if err := submit(); !errors.Is(err, errFenced) || api.Stats().Submits != 30 {
			t.Errorf("after the lead: %v", err)
		}
	})
}

func TestOptions(t *testing.T) {
	valid := Options{Account: "test", Config: edenwait.Config{Token: "key"}}
	for name, change := range map[string]func(*Options){
		"name is empty":         func(o *Options) { o.Account = "" },
		"invalid account name":  func(o *Options) { o.Account = "my account" },
		"is the API key":        func(o *Options) { o.Account = "key" },
		"MaxWait":               func(o *Options) { o.Config.MaxWait = time.Hour },
		"FailFast":              func(o *Options) { o.Config.FailFast = true },
		"HeartbeatTimeout is 1": func(o *Options) { o.HeartbeatTimeout = 1 },
		"Beat is 20s":           func(o *Options) { o.Beat = 20 * time.Second },
		"MaxSubmits":            func(o *Options) { o.MaxSubmits = -1 },
		"RefusalDelay":          func(o *Options) { o.RefusalDelay = -1 },
		"Refusal 7":             func(o *Options) { o.Refusal = 7 },
	} {
		o := valid
		change(&o)
		if _, err := o.withDefaults(); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := Start(t.Context(), nil, o); err == nil {
			t.Errorf("%s: started", name)
		}
	}
	o, err := valid.withDefaults()
	if err != nil || o.HeartbeatTimeout != 30*time.Second || o.beat(30*time.Second) != 7500*time.Millisecond || o.MaxSubmits != 20 || o.Config.MaxErrors != 2000 {
		t.Errorf("%+v, %v", o, err)
	}
	if _, err := Start(t.Context(), nil, Options{Account: "test"}); err == nil || !strings.Contains(err.Error(), "Token") {
		t.Errorf("without a key: %v", err)
	}
}

// The key is in no printed form of what a program holds.
func TestKeyIsNotPrinted(t *testing.T) {
	const key = "known-key-0123456789"
	o := testOptions(t, edentest.New(edentest.Options{}), func(o *Options) { o.Config.Token = key })
	m := member(o, &server{})
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%d"} {
		for _, printed := range []any{m, o, m.Stats()} {
			if text := fmt.Sprintf(verb, printed); strings.Contains(text, key) {
				t.Errorf("%s of %T: %s", verb, printed, text)
			}
		}
	}
}

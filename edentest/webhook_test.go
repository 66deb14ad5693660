package edentest_test

import (
	"bytes"
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/edenwait/edenwait/edentest"
)

// A receiver keeps what it is told, and answers with the next of its statuses, or
// 200.
type receiver struct {
	statuses []int

	mu   sync.Mutex
	got  []told
	fail bool // panic
}

type told struct {
	at     time.Time
	path   string
	header http.Header
	body   []byte
}

func (r *receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	body, _ := io.ReadAll(req.Body)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.got = append(r.got, told{time.Now(), req.URL.Path, req.Header, body})
	if r.fail {
		panic("no")
	}
	if len(r.statuses) > 0 {
		w.WriteHeader(r.statuses[0])
		r.statuses = r.statuses[1:]
	}
}

// told returns what has come so far.
func (r *receiver) told() []told {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.got)
}

// verifies tells whether the delivery is signed for a body whose canonical text is
// this.
func verifies(t *testing.T, key *rsa.PublicKey, header http.Header, canonical string) bool {
	t.Helper()
	if header.Get("X-Edenai-Webhook") != "true" || header.Get("X-Edenai-Hash-Algorithm") != "SHA256" {
		t.Errorf("header %v", header)
	}
	signature, err := hex.DecodeString(header.Get("X-Edenai-Signature"))
	if err != nil {
		t.Fatal(err)
	}
	digest := sha256.Sum256([]byte(canonical))
	again := sha256.Sum256([]byte(hex.EncodeToString(digest[:])))
	return rsa.VerifyPKCS1v15(key, crypto.SHA256, again[:], signature) == nil
}

const hooked = `{"model":"ocr/ocr_async/mistral","input":{},"webhook_receiver":"https://hooks.example/in?k=1","user_webhook_parameters":{"z":1,"a":"é"}}`

// The receiver of a POST is told of the end at its moment, with every field, and the
// signature verifies in the form that was chosen, and in no other.
func TestWebhook(t *testing.T) {
	output := `{"x": [1E-5, 1e16, {}, []], "b": "\u00e9/\u2028\u0001"}`
	number := map[edentest.SignatureForm][2]string{
		edentest.PythonJSON: {"1e-05", "1e+16"},
		edentest.OrJSON:     {"0.00001", "1e16"},
		edentest.OrJSONPlus: {"0.00001", "1e+16"},
	}
	for form := range number {
		r := &receiver{}
		inMemory(t, edentest.Options{
			OnSubmit: func(edentest.Submission) edentest.Script {
				return edentest.Script{ID: "11111111-1111-4111-8111-11111111110f", After: time.Minute, Output: json.RawMessage(output)}
			},
			Webhooks: &edentest.Webhooks{Handler: r, Form: form},
		}, func(t *testing.T, d *door) {
			start := time.Now()
			d.do(t, http.MethodPost, async, hooked)
			d.Submit(edentest.Script{}) // nobody is told of it
			d.sleep(t, time.Hour)
			got := r.told()
			if len(got) != 1 || got[0].at.Sub(start) != time.Minute || got[0].path != "/in" {
				t.Fatalf("%v: told %+v", form, got)
			}
			want := `{"event":"async_job_completed","job_id":"11111111-1111-4111-8111-11111111110f","status":"success",` +
				`"feature":"ocr","subfeature":"ocr_async","provider":"mistral","model":null,"created_at":"2000-01-01T00:00:00.000000Z",` +
				`"finished_at":"2000-01-01T00:01:00.000000Z","output":` + output + `,"user_parameters":{"z":1,"a":"é"}}`
			if string(got[0].body) != want {
				t.Errorf("%v: body %s, want %s", form, got[0].body, want)
			}
			for other, n := range number {
				canonical := "{\n" + `  "created_at": "2000-01-01T00:00:00.000000Z",` + "\n" +
					`  "event": "async_job_completed",` + "\n" + `  "feature": "ocr",` + "\n" +
					`  "finished_at": "2000-01-01T00:01:00.000000Z",` + "\n" +
					`  "job_id": "11111111-1111-4111-8111-11111111110f",` + "\n" + `  "model": null,` + "\n" +
					`  "output": {` + "\n" + `    "b": "é/` + "\u2028" + `\u0001",` + "\n" + `    "x": [` + "\n" +
					`      ` + n[0] + ",\n      " + n[1] + ",\n      {},\n      []\n    ]\n  },\n" +
					`  "provider": "mistral",` + "\n" + `  "status": "success",` + "\n" + `  "subfeature": "ocr_async",` + "\n" +
					`  "user_parameters": {` + "\n" + `    "a": "é",` + "\n" + `    "z": 1` + "\n  }\n}"
				if ok := verifies(t, d.WebhookKey(), got[0].header, canonical); ok != (form == other) {
					t.Errorf("signed as %v, verified as %v: %v", form, other, ok)
				}
			}
			log := d.Deliveries()
			if len(log) != 1 || log[0].Status != 200 || log[0].Err != nil || log[0].Attempt != 1 || log[0].Duplicate ||
				log[0].URL != "https://hooks.example/in?k=1" || !bytes.Equal(log[0].Body, got[0].body) || !log[0].Time.Equal(got[0].at) {
				t.Errorf("logged as %+v", log)
			}
		})
	}
}

// What is told of a job is what its GET shows.
func TestWebhookAgreesWithGet(t *testing.T) {
	var mu sync.Mutex
	var got []edentest.Delivery
	inMemory(t, edentest.Options{Rate: -1, Seed: 5, Webhooks: &edentest.Webhooks{All: true, Unsigned: true, Deliver: func(d edentest.Delivery) {
		mu.Lock()
		defer mu.Unlock()
		got = append(got, d)
	}}}, func(t *testing.T, d *door) {
		d.SubmitAll(100, edentest.Workload{FailureRate: 0.4})
		d.Submit(edentest.Script{Status: "fail", Error: json.RawMessage(`"x"`), OriginalResponse: json.RawMessage(`[1]`)})
		d.Submit(edentest.Script{Status: "odd"})
		d.SubmitAll(1, edentest.Workload{Durations: edentest.Fixed(edentest.Never)})
		d.sleep(t, time.Hour)
		synctest.Wait()
		if len(got) != 102 || d.Stats().Deliveries != 102 {
			t.Fatalf("%d deliveries, want 102", len(got))
		}
		for _, told := range got {
			event := decode[map[string]any](t, string(told.Body))
			_, text := d.get(t, told.JobID)
			shown := decode[map[string]any](t, text)
			if event["job_id"] != shown["public_id"] || event["output"] != nil && event["error"] != nil || told.URL != "https://receiver.example/edenai" {
				t.Errorf("%s %s", told.URL, told.Body)
			}
			for name, value := range event {
				switch name {
				case "event", "job_id", "finished_at":
					continue
				}
				a, _ := json.Marshal(value)
				b, _ := json.Marshal(shown[name])
				if !bytes.Equal(a, b) {
					t.Errorf("%s: told %s, GET shows %s", name, a, b)
				}
			}
			at, _ := d.EndedAt(told.JobID)
			if finished, err := time.Parse(time.RFC3339, event["finished_at"].(string)); err != nil || at.Sub(finished).Abs() > time.Second || !told.Time.Equal(at) {
				t.Errorf("finished_at %v, told at %v, ended at %v", finished, told.Time, at)
			}
			if told.Header.Get("X-Edenai-Signature") != "" {
				t.Error("signed")
			}
		}
	})
}

// A delivery that fails is tried up to three times; one that is refused is not.
func TestWebhookAttempts(t *testing.T) {
	for _, tt := range []struct {
		statuses []int
		fail     bool
		max      int
		want     []int
	}{
		{nil, false, 0, []int{200}},
		{[]int{500, 204}, false, 0, []int{500, 204}},
		{[]int{503, 302, 500, 200}, false, 0, []int{503, 302, 500}},
		{[]int{404, 200}, false, 0, []int{404}},
		{nil, true, 2, []int{0, 0}},
	} {
		r := &receiver{statuses: tt.statuses, fail: tt.fail}
		inMemory(t, edentest.Options{Webhooks: &edentest.Webhooks{
			All: true, Handler: r, Unsigned: true, Delay: time.Second, MaxAttempts: tt.max, RetryDelay: 20 * time.Second,
		}}, func(t *testing.T, d *door) {
			start := time.Now()
			d.Submit(edentest.Script{After: time.Minute})
			d.sleep(t, time.Hour)
			var got []int
			for i, attempt := range d.Deliveries() {
				got = append(got, attempt.Status)
				after := time.Minute + time.Second + time.Duration(i)*20*time.Second
				if attempt.Attempt != i+1 || attempt.Time.Sub(start) != after || (attempt.Err == nil) == tt.fail {
					t.Errorf("%d: %+v, want it after %v", i, attempt, after)
				}
			}
			if !slices.Equal(got, tt.want) || len(r.told()) != len(got) {
				t.Errorf("%v fail=%v: %v, want %v", tt.statuses, tt.fail, got, tt.want)
			}
		})
	}
}

// Some are lost, some late, some come twice, always the same ones of a seed.
func TestWebhookTroubles(t *testing.T) {
	runs := map[uint64]string{}
	for _, seed := range []uint64{1, 1, 2} {
		times := map[string][]time.Duration{}
		var mu sync.Mutex
		inMemory(t, edentest.Options{Seed: seed, Webhooks: &edentest.Webhooks{
			All: true, Unsigned: true, Delay: 500 * time.Millisecond,
			LossRate: 0.2, LateRate: 0.3, LateBy: time.Hour, DuplicateRate: 0.4, DuplicateAfter: 7 * time.Second,
			Deliver: func(told edentest.Delivery) {
				mu.Lock()
				defer mu.Unlock()
				times[told.JobID] = append(times[told.JobID], told.Time.Sub(time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)))
			},
		}}, func(t *testing.T, d *door) {
			const n = 1000
			ids := make([]string, n) // the same of every seed
			for i := range ids {
				ids[i] = d.Submit(edentest.Script{ID: fmt.Sprintf("11111111-1111-4111-8111-%012x", i), After: time.Minute})
			}
			d.sleep(t, 3*time.Hour)
			synctest.Wait()
			var lost, late, twice int
			for _, id := range ids {
				got := times[id]
				if len(got) == 0 {
					lost++
					continue
				}
				first := got[0] - time.Minute - 500*time.Millisecond
				if first == time.Hour {
					late++
				} else if first != 0 {
					t.Fatalf("told after %v", got)
				}
				if len(got) == 2 && got[1]-got[0] == 7*time.Second {
					twice++
				} else if len(got) != 1 {
					t.Fatalf("told after %v", got)
				}
			}
			if lost < 150 || lost > 250 || late < 190 || late > 290 || twice < 260 || twice > 380 {
				t.Errorf("%d lost, %d late, %d twice", lost, late, twice)
			}
			if s := d.Stats(); s.LostDeliveries != lost || s.Deliveries != n-lost+twice {
				t.Errorf("counted %+v", s)
			}
			run := ""
			for _, id := range ids {
				run += id + " " + time.Duration(len(times[id])).String() + "\n"
			}
			if before, again := runs[seed]; again && before != run {
				t.Error("a second run of a seed differs")
			}
			runs[seed] = run
		})
	}
	if runs[1] == runs[2] {
		t.Error("two seeds are alike")
	}
}

// The GET is behind the delivery.
func TestWebhookBeforeGet(t *testing.T) {
	told := make(chan struct{}, 1)
	inMemory(t, edentest.Options{GetLag: 1500 * time.Millisecond, Webhooks: &edentest.Webhooks{
		All: true, Delay: 500 * time.Millisecond, Deliver: func(edentest.Delivery) { told <- struct{}{} },
	}}, func(t *testing.T, d *door) {
		id := d.Submit(edentest.Script{After: time.Minute})
		d.sleep(t, time.Minute+500*time.Millisecond)
		synctest.Wait()
		if len(told) != 1 {
			t.Error("not told")
		}
		for _, step := range []struct {
			pause time.Duration
			want  string
		}{{0, "processing"}, {time.Second - 1, "processing"}, {1, "success"}} {
			d.sleep(t, step.pause)
			if got := d.job(t, id).Status; got != step.want {
				t.Errorf("GET shows %s, want %s", got, step.want)
			}
			if got := d.list(t, "").Items[0].Status; got != step.want {
				t.Errorf("list shows %s, want %s", got, step.want)
			}
		}
	})
}

// A job that ends earlier is told of then, and one that is deleted before its end
// not at all.
func TestWebhookOfFinishedAndDeleted(t *testing.T) {
	inMemory(t, edentest.Options{Webhooks: &edentest.Webhooks{All: true, Unsigned: true, Delay: time.Second, Deliver: func(edentest.Delivery) {}}}, func(t *testing.T, d *door) {
		never := d.Submit(edentest.Script{After: edentest.Never})
		long := d.Submit(edentest.Script{After: time.Hour})
		deleted := d.Submit(edentest.Script{After: time.Minute})
		kept := d.Submit(edentest.Script{After: 2 * time.Second, RevertAfter: time.Minute, RerunFor: time.Minute})
		d.sleep(t, 2500*time.Millisecond)
		for _, id := range []string{never, long, kept} {
			d.Finish(id)
		}
		d.Delete(deleted)
		d.Delete(kept) // after its end
		d.sleep(t, 3*time.Hour)
		want := map[string]time.Duration{never: 0, long: 0, kept: -500 * time.Millisecond}
		log := d.Deliveries()
		for _, told := range log {
			if after, ok := want[told.JobID]; !ok || told.Time.Sub(time.Date(2000, 1, 1, 0, 0, 3, 5e8, time.UTC)) != after {
				t.Errorf("told of %v at %v", told.JobID, told.Time)
			}
		}
		if len(log) != len(want) {
			t.Errorf("%d deliveries, want %d", len(log), len(want))
		}
	})
}

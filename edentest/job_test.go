package edentest_test

import (
	"encoding/json"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/edenwait/edenwait/edentest"
)

func TestErrors(t *testing.T) {
	const (
		unknown = async + "/00000000-0000-4000-8000-000000000000"
		done    = async + "/11111111-1111-4111-8111-111111111111"
		running = async + "/22222222-2222-4222-8222-222222222222"
		right   = edentest.DefaultToken
	)
	tests := []struct {
		name              string
		method, path, key string
		body              string
		status            int
		want              string
	}{
		{"no key", "GET", done, "", "", 403, `{"detail":"Not authenticated"}`},
		{"wrong key", "GET", done, "guess", "", 401, `{"detail":"Invalid token"}`},
		{"no bearer", "GET", done, "Basic eDp5", "", 403, `{"detail":"Not authenticated"}`},
		{"empty key", "GET", done, "Bearer ", "", 403, `{"detail":"Not authenticated"}`},
		{"empty key of blanks", "GET", done, "Bearer  \t", "", 403, `{"detail":"Not authenticated"}`},
		{"scheme alone", "GET", async, " Bearer", "", 403, `{"detail":"Not authenticated"}`},
		{"two blanks", "GET", done, "Bearer  " + right, "", 401, `{"detail":"Invalid token"}`},
		{"bearer in lower case", "GET", done, "bearer " + right, "", 200, `{"public_id":"11111111-1111-4111-8111-111111111111",`},
		{"no key on list", "GET", async, "", "", 403, `{"detail":"Not authenticated"}`},
		{"wrong key on delete", "DELETE", done, "guess", "", 401, `{"detail":"Invalid token"}`},
		{"no UUID", "GET", async + "/42", right, "", 422, `{"detail":[{"loc":["path","job_id"],"msg":"Input should be a valid UUID, unable to parse string as a UUID","type":"uuid_parsing"}]}`},
		{"no UUID to delete", "DELETE", async + "/42", right, "", 422, `{"detail":[{"loc":["path","job_id"],`},
		{"unknown", "GET", unknown, right, "", 404, `{"detail":"Job not found"}`},
		{"unknown to delete", "DELETE", unknown, right, "", 404, `{"detail":"Job not found"}`},
		{"delete while running", "DELETE", running, right, "", 409, `{"detail":"Job is still processing"}`},
		{"wrong method on job", "PUT", done, right, "", 405, `{"detail":"Method Not Allowed"}`},
		{"wrong method on list", "DELETE", async, right, "", 405, `{"detail":"Method Not Allowed"}`},
		{"elsewhere", "GET", "/v2/jobs", right, "", 404, `{"detail":"Not Found"}`},
		{"below a job", "GET", done + "/x", right, "", 404, `{"detail":"Not Found"}`},
		{"below a job, to delete", "DELETE", done + "/x", right, "", 404, `{"detail":"Not Found"}`},
		{"below a job, with a slash", "PUT", done + "/", right, "", 404, `{"detail":"Not Found"}`},
		{"no job", "GET", async + "/", right, "", 404, `{"detail":"Not Found"}`},
		{"page 0", "GET", async + "?page=0", right, "", 422, `{"detail":[{"loc":["query","page"],`},
		{"page x", "GET", async + "?page=x", right, "", 422, `{"detail":[{"loc":["query","page"],`},
		{"limit 0", "GET", async + "?limit=0", right, "", 422, `{"detail":[{"loc":["query","limit"],`},
		{"limit 1001", "GET", async + "?limit=1001", right, "", 422, `{"detail":[{"loc":["query","limit"],`},
		{"limit empty", "GET", async + "?limit=", right, "", 422, `{"detail":[{"loc":["query","limit"],`},
		{"status done", "GET", async + "?status=done", right, "", 422, `{"detail":[{"loc":["query","status"],`},
		{"post nothing", "POST", async, right, "", 422, `{"detail":[{"loc":["body"],"msg":"Field required","type":"missing"}]}`},
		{"post no JSON", "POST", async, right, "{", 422, `{"detail":[{"loc":["body"],`},
	}
	throughBoth(t, edentest.Options{Rate: -1}, func(t *testing.T, d *door) {
		d.Submit(edentest.Script{ID: "11111111-1111-4111-8111-111111111111"})
		d.Submit(edentest.Script{ID: "22222222-2222-4222-8222-222222222222", After: time.Hour})
		for _, tt := range tests {
			resp, err := d.send(t.Context(), tt.method, tt.path, tt.key, tt.body)
			if err != nil {
				t.Errorf("%s: %v", tt.name, err)
				continue
			}
			var b strings.Builder
			if _, err := copyAll(&b, resp.Body); err != nil {
				t.Errorf("%s: %v", tt.name, err)
			}
			if resp.StatusCode != tt.status || !strings.HasPrefix(b.String(), tt.want) {
				t.Errorf("%s: %d %s, want %d %s", tt.name, resp.StatusCode, b.String(), tt.status, tt.want)
			}
			if got := resp.Header.Get("Content-Type"); got != "application/json" {
				t.Errorf("%s: Content-Type %q", tt.name, got)
			}
			if got := resp.Header.Get("Allow"); (got != "") != (tt.status == 405) {
				t.Errorf("%s: Allow %q", tt.name, got)
			}
		}
	})
}

func TestGetScripted(t *testing.T) {
	inMemory(t, edentest.Options{}, func(t *testing.T, d *door) {
		id := d.Submit(edentest.Script{
			After:            30 * time.Second,
			Output:           json.RawMessage(`{"text":"hi"}`),
			OriginalResponse: json.RawMessage(`[1]`),
			Cost:             json.RawMessage(`0.000000000000000000012`),
			Provider:         "amazon", Feature: "ocr", Subfeature: "ocr_async", Model: "x\"y",
		})
		d.sleep(t, 30*time.Second-1)
		got := d.job(t, strings.ToUpper(id))
		if got.ID != id || got.Status != "processing" || string(got.Output) != "null" || got.Error != nil ||
			string(got.Cost) != `"0"` || string(got.Original) != "null" {
			t.Errorf("while processing: %+v", got)
		}
		d.sleep(t, 1)
		got = d.job(t, id)
		if got.Status != "success" || string(got.Output) != `{"text":"hi"}` || string(got.Original) != "[1]" ||
			string(got.Cost) != "0.000000000000000000012" || got.Provider != "amazon" || got.Feature != "ocr" ||
			got.Subfeature != "ocr_async" || got.Model == nil || *got.Model != "x\"y" || got.Error != nil {
			t.Errorf("at its end: %+v", got)
		}
		created, err := time.Parse(time.RFC3339Nano, got.CreatedAt)
		if err != nil || time.Since(created).Truncate(time.Second) != 30*time.Second {
			t.Errorf("created_at %q, %v", got.CreatedAt, err)
		}
		ended, ok := d.EndedAt(id)
		if !ok || time.Since(ended) != 0 {
			t.Errorf("EndedAt = %v, %v, want now", ended, ok)
		}
	})
}

func TestGetDefaults(t *testing.T) {
	inMemory(t, edentest.Options{}, func(t *testing.T, d *door) {
		ok := d.job(t, d.Submit(edentest.Script{}))
		if ok.Status != "success" || ok.Feature != "audio" || ok.Subfeature != "speech_to_text_async" ||
			ok.Provider != "deepgram" || ok.Model != nil || !json.Valid(ok.Output) || len(ok.Output) < 10 || ok.Error != nil {
			t.Errorf("zero Script: %+v", ok)
		}
		if !regexp.MustCompile(`^"\d+\.\d+"$`).Match(ok.Cost) {
			t.Errorf("cost %s", ok.Cost)
		}
		fail := d.job(t, d.Submit(edentest.Script{Status: "fail"}))
		if fail.Status != "fail" || string(fail.Output) != "null" || fail.Error == nil || string(fail.Cost) != `"0"` {
			t.Errorf("fail: %+v", fail)
		}
		odd := d.job(t, d.Submit(edentest.Script{Status: "can\"celed"}))
		if odd.Status != "can\"celed" || odd.Error != nil {
			t.Errorf("odd: %+v", odd)
		}
		if _, body := d.get(t, d.Submit(edentest.Script{Body: []byte("<oops>")})); body != "<oops>" {
			t.Errorf("Script.Body: %s", body)
		}
		at := d.job(t, d.Submit(edentest.Script{CreatedAt: "yesterday"}))
		if at.CreatedAt != "yesterday" {
			t.Errorf("Script.CreatedAt: %s", at.CreatedAt)
		}
		if _, ok := d.EndedAt(d.Submit(edentest.Script{After: edentest.Never})); ok {
			t.Error("a job that never ends has an end")
		}
		if _, ok := d.EndedAt("x"); ok {
			t.Error("no job has an end")
		}
	})
}

func TestGetErrorOfForm(t *testing.T) {
	inMemory(t, edentest.Options{}, func(t *testing.T, d *door) {
		for _, form := range []string{`{"message":"m","error_code":"c"}`, `"m"`, `null`, `[1]`} {
			if got := d.job(t, d.Submit(edentest.Script{Status: "fail", Error: json.RawMessage(form)})); string(got.Error) != form {
				t.Errorf("error %s, want %s", got.Error, form)
			}
		}
	})
}

func TestReverts(t *testing.T) {
	inMemory(t, edentest.Options{}, func(t *testing.T, d *door) {
		again := d.Submit(edentest.Script{After: 10 * time.Second, RevertAfter: 5 * time.Second, RerunFor: 20 * time.Second})
		stuck := d.Submit(edentest.Script{After: 10 * time.Second, RevertAfter: 5 * time.Second})
		start := time.Now()
		for _, tt := range []struct {
			at           time.Duration
			again, stuck string
		}{
			{9 * time.Second, "processing", "processing"},
			{10 * time.Second, "success", "success"},
			{15*time.Second - 1, "success", "success"},
			{15 * time.Second, "processing", "processing"},
			{35*time.Second - 1, "processing", "processing"},
			{35 * time.Second, "success", "processing"},
			{24 * time.Hour, "success", "processing"},
		} {
			d.sleep(t, tt.at-time.Since(start))
			if got := d.job(t, again).Status; got != tt.again {
				t.Errorf("at %v with RerunFor: %s, want %s", tt.at, got, tt.again)
			}
			if got := d.job(t, stuck).Status; got != tt.stuck {
				t.Errorf("at %v without: %s, want %s", tt.at, got, tt.stuck)
			}
			items := d.list(t, "").Items
			if items[1].Status != tt.again || items[0].Status != tt.stuck {
				t.Errorf("at %v the list says %s, %s", tt.at, items[1].Status, items[0].Status)
			}
			running := 0
			for _, status := range []string{tt.again, tt.stuck} {
				if status == "processing" {
					running++
				}
			}
			if got := d.list(t, "?limit=1&page=9&status=processing").Total; got != running {
				t.Errorf("at %v the list counts %d as processing, want %d", tt.at, got, running)
			}
		}
	})
}

// One job alone: no change of another one has the list look at it again.
func TestRevertsAlone(t *testing.T) {
	inMemory(t, edentest.Options{}, func(t *testing.T, d *door) {
		d.Submit(edentest.Script{After: 10 * time.Second, RevertAfter: 5 * time.Second, RerunFor: 20 * time.Second})
		for i, want := range []int{1, 0, 1, 0} {
			if got := d.list(t, "?limit=1&page=9&status=processing").Total; got != want {
				t.Errorf("step %d: the list counts %d as processing, want %d", i, got, want)
			}
			d.sleep(t, []time.Duration{10 * time.Second, 5 * time.Second, 20 * time.Second, 0}[i])
		}
	})
}

func TestNotFoundFor(t *testing.T) {
	inMemory(t, edentest.Options{NotFoundFor: 3 * time.Second}, func(t *testing.T, d *door) {
		id := d.Submit(edentest.Script{})
		d.sleep(t, 3*time.Second-1)
		if status, _ := d.get(t, id); status != http.StatusNotFound {
			t.Errorf("just before: %d, want 404", status)
		}
		d.sleep(t, 1)
		if status, _ := d.get(t, id); status != http.StatusOK {
			t.Errorf("then: %d, want 200", status)
		}
	})
}

func TestRetention(t *testing.T) {
	const week = 7 * 24 * time.Hour
	tests := []struct {
		name      string
		retention time.Duration
		age       time.Duration
		status    int
		listed    int
	}{
		{"default, kept", 0, week + time.Minute - 1, 200, 2},
		{"default, gone", 0, week + time.Minute, 404, 1},
		{"an hour, gone", time.Hour, time.Hour + time.Minute, 404, 1},
		{"forever", -1, 100 * week, 200, 2},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			inMemory(t, edentest.Options{Retention: tt.retention}, func(t *testing.T, d *door) {
				id := d.Submit(edentest.Script{After: time.Minute})
				d.Submit(edentest.Script{After: edentest.Never})
				if got := d.list(t, "").Total; got != 2 {
					t.Errorf("at first %d jobs are listed", got)
				}
				d.sleep(t, tt.age)
				if status, _ := d.get(t, id); status != tt.status {
					t.Errorf("GET = %d, want %d", status, tt.status)
				}
				if got := d.list(t, "").Total; got != tt.listed {
					t.Errorf("%d jobs are listed, want %d", got, tt.listed)
				}
			})
		})
	}
}

func TestDelete(t *testing.T) {
	throughBoth(t, edentest.Options{}, func(t *testing.T, d *door) {
		id := d.Submit(edentest.Script{})
		if status, body := d.do(t, http.MethodDelete, async+"/"+id, ""); status != http.StatusNoContent || body != "" {
			t.Errorf("DELETE = %d %q, want 204", status, body)
		}
		if status, _ := d.get(t, id); status != http.StatusNotFound {
			t.Errorf("GET after DELETE = %d, want 404", status)
		}
		if got := d.list(t, "").Total; got != 0 {
			t.Errorf("%d jobs are listed after DELETE", got)
		}
		running := d.Submit(edentest.Script{After: edentest.Never})
		d.Delete(running)
		d.Delete(running)
		d.Delete("x")
		if status, _ := d.get(t, running); status != http.StatusNotFound {
			t.Errorf("GET after Delete = %d, want 404", status)
		}
	})
}

func TestSubmitPanics(t *testing.T) {
	api := edentest.New(edentest.Options{})
	id := api.Submit(edentest.Script{})
	for _, bad := range []edentest.Script{{ID: "x"}, {ID: id}, {Status: "processing"}} {
		func() {
			defer func() {
				if text, _ := recover().(string); !strings.HasPrefix(text, "edentest: ") {
					t.Errorf("Submit of %+v: recovered %q", bad, text)
				}
			}()
			api.Submit(bad)
		}()
	}
	// The API must stay usable.
	api.Submit(edentest.Script{})
}

// The id of zeros is an id like any other.
func TestSubmitZeroID(t *testing.T) {
	inMemory(t, edentest.Options{}, func(t *testing.T, d *door) {
		const zeros = "00000000-0000-0000-0000-000000000000"
		if id := d.Submit(edentest.Script{ID: zeros}); id != zeros {
			t.Errorf("Submit returned %s, want %s", id, zeros)
		}
		d.job(t, zeros)
	})
}

func TestFinish(t *testing.T) {
	inMemory(t, edentest.Options{ListLag: time.Minute}, func(t *testing.T, d *door) {
		never := d.Submit(edentest.Script{After: edentest.Never, Output: json.RawMessage(`"at last"`)})
		done := d.Submit(edentest.Script{})
		was, _ := d.EndedAt(done)
		d.sleep(t, time.Hour)
		running := func() int { return d.list(t, "?status=processing").Total }
		if got := d.job(t, never); got.Status != "processing" || running() != 1 {
			t.Errorf("%s before, %d listed as running", got.Status, running())
		}
		for _, id := range []string{never, done, "00000000-0000-4000-8000-000000000000", "x"} {
			d.Finish(id)
		}
		if got := d.job(t, never); got.Status != "success" || string(got.Output) != `"at last"` {
			t.Errorf("%s with %s after", got.Status, got.Output)
		}
		if at, ok := d.EndedAt(never); !ok || !at.Equal(time.Now()) {
			t.Errorf("ended at %v, %v", at, ok)
		}
		if at, _ := d.EndedAt(done); !at.Equal(was) {
			t.Errorf("a job that had ended did so again, at %v", at)
		}
		if got := running(); got != 1 {
			t.Errorf("%d listed as running by a list that is a minute behind, want 1", got)
		}
		d.sleep(t, time.Minute)
		if got := running(); got != 0 {
			t.Errorf("%d listed as running a minute later, want 0", got)
		}
	})
}

package edentest_test

import (
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"github.com/edenwait/edenwait/edentest"
)

const submission = `{"model":"audio/speech_to_text_async/openai/whisper-1","input":{"file":"https://files.example/a.mp3"},"show_original_response":true}`

func TestPost(t *testing.T) {
	throughBoth(t, edentest.Options{Workload: edentest.Workload{Durations: edentest.Fixed(time.Hour)}}, func(t *testing.T, d *door) {
		status, body := d.do(t, http.MethodPost, async, submission)
		if status != http.StatusAccepted {
			t.Fatalf("POST = %d %s, want 202", status, body)
		}
		got := decode[job](t, body)
		if got.Status != "processing" || got.Feature != "audio" || got.Subfeature != "speech_to_text_async" ||
			got.Provider != "openai" || got.Model == nil || *got.Model != "whisper-1" {
			t.Errorf("POST = %+v", got)
		}
		if again := d.job(t, got.ID); again.ID != got.ID || again.Status != "processing" {
			t.Errorf("GET = %+v", again)
		}
		if r := d.Requests()[0]; r.Kind != edentest.Submit || r.JobID != got.ID || r.Status != http.StatusAccepted {
			t.Errorf("recorded as %+v", r)
		}
	})
}

func TestPostDrawsFromWorkload(t *testing.T) {
	inMemory(t, edentest.Options{
		Rate:     -1,
		Workload: edentest.Workload{Durations: edentest.Fixed(0), FailureRate: 0.5, OutputBytes: 10000},
	}, func(t *testing.T, d *door) {
		failed := 0
		for range 200 {
			_, body := d.do(t, http.MethodPost, async, submission)
			// A short job may have ended before it was answered for.
			switch got := decode[job](t, body); got.Status {
			case "fail":
				failed++
			case "success":
				if len(got.Output) < 9000 || len(got.Output) > 11000 {
					t.Fatalf("output of %d bytes, want about 10000", len(got.Output))
				}
				if string(got.Original) == "null" {
					t.Fatal("no original_response, though asked for")
				}
			default:
				t.Fatalf("status %s", got.Status)
			}
		}
		if failed < 70 || failed > 130 {
			t.Errorf("%d of 200 failed, want about half", failed)
		}
	})
}

// A job that takes no time has ended when its POST is answered for, by any clock.
func TestPostOfNoTime(t *testing.T) {
	throughBoth(t, edentest.Options{Workload: edentest.Workload{Durations: edentest.Fixed(0)}}, func(t *testing.T, d *door) {
		if status, body := d.do(t, http.MethodPost, async, submission); decode[job](t, body).Status != "success" {
			t.Errorf("POST = %d %s", status, body)
		}
	})
}

// What the provider said is shown to whom asks for it.
func TestShowOriginalResponse(t *testing.T) {
	inMemory(t, edentest.Options{Workload: edentest.Workload{Durations: edentest.Fixed(0)}}, func(t *testing.T, d *door) {
		for flag, shown := range map[string]bool{`,"show_original_response":true`: true, `,"show_original_response":false`: false, ``: false} {
			_, body := d.do(t, http.MethodPost, async, `{"model":"ocr/ocr_async/amazon","input":{}`+flag+`}`)
			if got := string(decode[job](t, body).Original); (got != "null") != shown {
				t.Errorf("with %q: original_response %s", flag, got)
			}
		}
	})
}

func TestOnSubmit(t *testing.T) {
	var seen edentest.Submission
	inMemory(t, edentest.Options{OnSubmit: func(s edentest.Submission) edentest.Script {
		seen = s
		return edentest.Script{Provider: "other", Output: json.RawMessage(`7`)}
	}}, func(t *testing.T, d *door) {
		_, body := d.do(t, http.MethodPost, async, submission)
		if got := decode[job](t, body); got.Provider != "other" || string(got.Output) != "7" || *got.Model != "whisper-1" {
			t.Errorf("POST = %+v", got)
		}
		if seen.Model != "audio/speech_to_text_async/openai/whisper-1" || !seen.ShowOriginalResponse || len(seen.Input) == 0 {
			t.Errorf("OnSubmit saw %+v", seen)
		}
	})
}

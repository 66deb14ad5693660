package edenwait_test

import (
	"encoding/json"
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/edenwait/edenwait"
	"github.com/edenwait/edenwait/internal/testbed"
)

// An unmarshaled Job shares no memory with what it was read from: a Decoder reuses
// its buffer.
func TestUnmarshalledJobIsACopy(t *testing.T) {
	data := fmt.Appendf(nil, `{"public_id":%q,"status":"success","output":"kept"}`, testbed.SomeID)
	var job edenwait.Job
	if err := job.UnmarshalJSON(data); err != nil {
		t.Fatal(err)
	}
	clear(data)
	if string(job.Output) != `"kept"` {
		t.Errorf("output %q", job.Output)
	}
}

// A Source makes Jobs by hand. A field that MarshalJSON forgot would be lost.
func TestJobMadeByHandKeepsEveryField(t *testing.T) {
	job := edenwait.Job{
		ID: testbed.SomeID, Status: edenwait.StatusFail, Cost: "0.12", Provider: "p", Feature: "f", Subfeature: "s", Model: "m",
		Output: json.RawMessage(`{"a":1}`), Error: &edenwait.JobError{Message: "why", Code: "42"}, OriginalResponse: json.RawMessage(`[1]`),
		CreatedAt: time.Date(2026, 1, 2, 3, 4, 5, 600, time.UTC),
	}
	text, err := json.Marshal(&job)
	if err != nil {
		t.Fatal(err)
	}
	var again edenwait.Job
	if err := json.Unmarshal(text, &again); err != nil {
		t.Fatal(err)
	}
	want, got := reflect.ValueOf(job), reflect.ValueOf(again)
	for i, field := range reflect.VisibleFields(want.Type()) {
		if !field.IsExported() {
			continue
		}
		if want.Field(i).IsZero() {
			t.Errorf("%s: this test gives it no value", field.Name)
		}
		if field.Name == "Error" {
			if got := again.Error; got == nil || got.Message != "why" || got.Code != "42" {
				t.Errorf("Error: %v", got)
			}
			continue
		}
		if !reflect.DeepEqual(want.Field(i).Interface(), got.Field(i).Interface()) {
			t.Errorf("%s: %v became %v", field.Name, want.Field(i), got.Field(i))
		}
	}
}

package edentest

import (
	"encoding/json"
	"time"
)

// A Script describes one job. The zero value is a job that has already succeeded when
// it is added, with a small output.
type Script struct {
	// ID is the job's UUID. Defaults to one drawn from the seed.
	ID string

	// After is how long the job runs; Never means that it does not end.
	// Defaults to 0.
	After time.Duration

	// Status is the final status of the job: "success", "fail", or any undocumented word,
	// but not "processing". Defaults to "success".
	Status string

	// Output is the job's output once it has ended. Defaults to a small one in
	// the shape of the feature on success, to null otherwise.
	Output json.RawMessage

	// OriginalResponse is the provider's own answer, shown once the job has
	// ended. Defaults to null.
	OriginalResponse json.RawMessage

	// Error is any JSON, shown once the job has ended. Defaults to one of the shapes that are
	// seen on "fail"; otherwise the field is missing.
	Error json.RawMessage

	// Cost is shown once the job has ended: a JSON string, or a number, as on one
	// page of the API's documentation. Defaults to a random decimal string on
	// success, to "0" otherwise.
	Cost json.RawMessage

	// Provider, Feature, Subfeature and Model are shown as they stand. They
	// default to "deepgram", "audio", "speech_to_text_async" and null.
	Provider, Feature, Subfeature, Model string

	// CreatedAt is shown unchanged, valid or not, instead of the time at which the job
	// was added. Defaults to that time, in one of the observed forms.
	CreatedAt string

	// Body is the whole body that GET answers once the job has ended, JSON or
	// not. Defaults to what the other fields say.
	Body []byte

	// WebhookReceiver is the URL to which the job's end is delivered if
	// Options.Webhooks is set, once, the first time that it ends. UserWebhookParameters,
	// a JSON value, is sent along. They default to the fields of the POST, if any, and to
	// none.
	WebhookReceiver       string
	UserWebhookParameters json.RawMessage

	// OtherUser makes the job belong to another user of the account. It is in the list, and
	// GET answers as for any other job. Defaults to false.
	OtherUser bool

	// RevertAfter is how long after its end the job goes back to processing.
	// Defaults to 0: it does not.
	RevertAfter time.Duration

	// RerunFor is how long a job runs after RevertAfter until it ends finally.
	// Defaults to 0: it never does.
	RerunFor time.Duration

	// StuckInList makes the list show the job as processing forever. Only the job's GET
	// shows its end. Defaults to false.
	StuckInList bool

	size int32 // of an output that is drawn; as Workload.OutputBytes
}

func defaultTo(s *string, v string) {
	if *s == "" {
		*s = v
	}
}

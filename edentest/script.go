package edentest

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
)

// A Script is what becomes of one job. The zero value is a job that has already
// succeeded when it is added, with a small output.
type Script struct {
	// ID is the job's UUID. Defaults to one drawn from the seed.
	ID string

	// After is how long the job runs; Never means that it does not end.
	// Defaults to 0.
	After time.Duration

	// Status is what the job ends with: "success", "fail", or any word that is
	// outside the contract, but not "processing". Defaults to "success".
	Status string

	// Output is the job's output once it has ended. Defaults to a small one in
	// the shape of the feature on success, to null otherwise.
	Output json.RawMessage

	// OriginalResponse is the provider's own answer, shown once the job has
	// ended. Defaults to null.
	OriginalResponse json.RawMessage

	// Error is shown once the job has ended, in whatever shape. Defaults to one
	// of the shapes that are seen on "fail", and to no such field otherwise.
	Error json.RawMessage

	// Cost is shown once the job has ended: a JSON string, or a number as one
	// page of the documents has it. Defaults to a drawn decimal string on
	// success, to "0" otherwise.
	Cost json.RawMessage

	// Provider, Feature, Subfeature and Model are shown as they stand. They
	// default to "deepgram", "audio", "speech_to_text_async" and null.
	Provider, Feature, Subfeature, Model string

	// CreatedAt is shown in place of the time at which the job was added, as it
	// stands, valid or not. Defaults to that time, in one of the forms seen.
	CreatedAt string

	// Body is the whole body that GET answers once the job has ended, JSON or
	// not. Defaults to what the other fields say.
	Body []byte

	// Foreign marks the job of another user of the account. It is listed and
	// can be asked for like any other. Defaults to false.
	Foreign bool

	// Reverts is how long after its end the job goes back to processing.
	// Defaults to 0: it does not.
	Reverts time.Duration

	// Rerun is how long a job that went back runs until it ends for good.
	// Defaults to 0: it never does.
	Rerun time.Duration

	size int32 // of an output that is drawn; as World.OutputBytes
}

// Submit adds a job now, without a request, and returns its id. It panics if
// s.ID is not a UUID or is already taken, and if s.Status is "processing", which
// no job ends with.
func (a *API) Submit(s Script) string {
	a.mu.Lock()
	defer a.mu.Unlock()
	i, err := a.submit(s, a.now())
	if err != nil {
		panic("edentest: " + err.Error())
	}
	return a.jobs[i].id.String()
}

// submit adds the job of a script, of which it keeps its own copy, as of now, and
// returns its index, or what is wrong with the script.
func (a *API) submit(s Script, now time.Duration) (int, error) {
	if s.Status == "processing" {
		return 0, errors.New(`a job cannot end with the Script.Status "processing"; for one that does not end, set After to Never`)
	}
	defaultTo(&s.Feature, services[0].feature)
	defaultTo(&s.Subfeature, services[0].subfeature)
	defaultTo(&s.Provider, services[0].provider)
	j := job{
		created: now,
		foreign: s.Foreign,
		bytes:   s.size,
		service: uint8(max(0, serviceFor(s.Feature, s.Subfeature))),
		script:  &s,
	}
	j.ends = after(j.created, max(0, s.After))
	if s.ID != "" {
		id, err := uuid.Parse(s.ID)
		if err != nil {
			return 0, fmt.Errorf("Script.ID %q is not a UUID", s.ID)
		}
		if _, taken := a.index[id]; taken {
			return 0, fmt.Errorf("there already is a job %v", id)
		}
		j.id = id
	}
	return a.add(j), nil
}

func defaultTo(s *string, v string) {
	if *s == "" {
		*s = v
	}
}

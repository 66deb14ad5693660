package edenwait_test

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/edenwait/edenwait"
	"github.com/edenwait/edenwait/edentest"
)

// transcript is the part of a speech-to-text job's output that is wanted here.
type transcript struct {
	Text string `json:"text"`
}

// Wait for one job, and read its output.
func ExampleWaiter_Wait() {
	// A fake API, so that this runs without a key. The id is the public_id that a
	// submit was answered with.
	api := edentest.New(edentest.Options{})
	id := api.Submit(edentest.Script{Output: json.RawMessage(`{"text":"Hello."}`), Cost: json.RawMessage(`"0.0012"`)})

	waiter, err := edenwait.New(edenwait.Config{
		Token:      edentest.DefaultToken, // os.Getenv("EDENAI_API_KEY")
		HTTPClient: api.Client(),          // drop this, and the API is the real one
	})
	if err != nil {
		fmt.Println(err)
		return
	}

	// A job has no deadline of its own: without one here, Wait would outlast a
	// provider that never answers.
	ctx, cancel := context.WithTimeout(context.Background(), time.Hour)
	defer cancel()
	job, err := waiter.Wait(ctx, id)
	if err != nil {
		fmt.Println(err) // says why, with the job's id and last status
		return
	}
	var out transcript
	if err := job.Decode(&out); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%s by %s for $%s: %s\n", job.Subfeature, job.Provider, job.Cost, out.Text)
	// Output: speech_to_text_async by deepgram for $0.0012: Hello.
}

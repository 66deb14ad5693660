package baseline

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"
)

const (
	host     = "https://api.edenai.run"
	endpoint = host + "/v3/universal-ai/async"
)

// job is what people write down of the response.
type job struct {
	ID     string          `json:"public_id"`
	Status string          `json:"status"`
	Output json.RawMessage `json:"output"`
}

// statusError is an answer other than 200.
type statusError int

func (e statusError) Error() string { return fmt.Sprintf("HTTP status %d", int(e)) }

// errRunning is how a retry loop is told to go on.
var errRunning = errors.New("still processing")

// ask sends a GET and decodes the answer.
func (s Service) ask(ctx context.Context, url string, into any) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer "+s.Token)
	resp, err := s.Client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK {
		return statusError(resp.StatusCode)
	}
	return json.Unmarshal(body, into)
}

// get asks for one job. It insists on its id: a baseline that takes another job's
// result for its own would otherwise count as if it had got the right one.
func (s Service) get(ctx context.Context, id string) (*job, error) {
	var j job
	if err := s.ask(ctx, endpoint+"/"+id, &j); err != nil {
		return nil, err
	}
	if j.ID != id {
		return nil, fmt.Errorf("asked for job %s, got %q", id, j.ID)
	}
	return &j, nil
}

// ended is get as the condition of a loop.
func (s Service) ended(ctx context.Context, id string) (bool, error) {
	j, err := s.get(ctx, id)
	return err == nil && j.Status != "processing", err
}

// sleep waits for d or the end of ctx.
func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
	return ctx.Err()
}

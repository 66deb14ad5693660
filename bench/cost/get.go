package cost

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/edenwait/edenwait"
)

// A Get is what one GET of a job costs, with edenwait and by hand.
type Get struct {
	What     string `json:"what"`
	Edenwait PerOp  `json:"edenwait"`
	Hand     PerOp  `json:"hand"`
	// TimeRatio is the median, over rounds in which the two took turns, of
	// edenwait's time over the other's. A busy machine shifts both sides of it.
	TimeRatio float64 `json:"time_ratio"`
	Rounds    int     `json:"rounds"`
}

// PerOp is the cost of one operation. The time is the least of all rounds.
type PerOp struct {
	Nanoseconds float64 `json:"ns"`
	Bytes       float64 `json:"bytes"`
	Allocs      float64 `json:"allocs"`
}

const token = "bench"

// BenchmarkGet asks for one job with a Poller.
func BenchmarkGet(b *testing.B, url, id string) {
	poller, err := edenwait.NewPoller(edenwait.Config{Token: token, BaseURL: url})
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		job, err := poller.Get(b.Context(), id)
		if err != nil || len(job.Output) == 0 {
			b.Fatal(job, err)
		}
	}
}

// byHand is the response as one would write it down.
type byHand struct {
	ID               string          `json:"public_id"`
	Status           string          `json:"status"`
	Cost             string          `json:"cost"`
	Provider         string          `json:"provider"`
	Feature          string          `json:"feature"`
	Subfeature       string          `json:"subfeature"`
	Model            *string         `json:"model"`
	CreatedAt        time.Time       `json:"created_at"`
	Output           json.RawMessage `json:"output"`
	Error            json.RawMessage `json:"error"`
	OriginalResponse json.RawMessage `json:"original_response"`
}

// BenchmarkHand asks for one job as one would without a library: net/http,
// io.ReadAll, json.Unmarshal, and a timeout.
func BenchmarkHand(b *testing.B, url, id string) {
	client := &http.Client{Timeout: 30 * time.Second}
	b.ReportAllocs()
	for b.Loop() {
		job, err := getByHand(b.Context(), client, url, id)
		if err != nil || len(job.Output) == 0 {
			b.Fatal(job, err)
		}
	}
}

func getByHand(ctx context.Context, client *http.Client, url, id string) (*byHand, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url+"/v3/universal-ai/async/"+id, nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Authorization", "Bearer "+token)
	resp, err := client.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, err
	}
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("status %d: %s", resp.StatusCode, body)
	}
	job := new(byHand)
	if err := json.Unmarshal(body, job); err != nil {
		return nil, err
	}
	return job, nil
}

// rounds is odd, so that one of them is the median.
const rounds = 7

// MeasureGet has the two take turns.
func MeasureGet(what, url, id string) Get {
	g := Get{What: what, Rounds: rounds}
	var ratios []float64
	for range rounds {
		ours := testing.Benchmark(func(b *testing.B) { BenchmarkGet(b, url, id) })
		hand := testing.Benchmark(func(b *testing.B) { BenchmarkHand(b, url, id) })
		g.Edenwait.keep(ours)
		g.Hand.keep(hand)
		ratios = append(ratios, nanoseconds(ours)/nanoseconds(hand))
	}
	slices.Sort(ratios)
	g.TimeRatio = ratios[rounds/2]
	return g
}

func (p *PerOp) keep(r testing.BenchmarkResult) {
	ns := nanoseconds(r)
	if p.Nanoseconds == 0 || ns < p.Nanoseconds {
		*p = PerOp{
			Nanoseconds: ns,
			Bytes:       float64(r.MemBytes) / float64(r.N),
			Allocs:      float64(r.MemAllocs) / float64(r.N),
		}
	}
}

func nanoseconds(r testing.BenchmarkResult) float64 { return float64(r.T.Nanoseconds()) / float64(r.N) }

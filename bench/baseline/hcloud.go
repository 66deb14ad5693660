package baseline

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"

	"github.com/hetznercloud/hcloud-go/v2/hcloud"
	"github.com/hetznercloud/hcloud-go/v2/hcloud/schema"
)

const hcloudModule = "github.com/hetznercloud/hcloud-go/v2"

const hcloudDocs = "the defaults of [`hcloud.NewClient`](https://pkg.go.dev/github.com/hetznercloud/hcloud-go/v2/hcloud#WithPollOpts)"

var hcloudBatch = Baseline{
	Name:      "hcloud-go batch",
	Module:    hcloudModule,
	How:       "`ActionClient.WaitForFunc` for all jobs together, every 0.5 s, with five retries of a 429. Around it `backoff.Retry` for the jobs that are left. This API cannot return 25 jobs by id as Hetzner's can: each round reads all pages of the list, then sends a GET for every job that is no longer among them, one after another.",
	Settings:  hcloudDocs,
	NeedsList: true,
	Batch: func(ctx context.Context, s Service, ids []string) int {
		batch := newHcloudBatch(s, ids)
		_ = insist(ctx, func() error { return batch.wait(ctx) }) // what is missing is not counted
		return len(ids) - len(batch.left())
	},
}

var hcloudAsItComes = Baseline{
	Name:      "hcloud-go batch, as it comes",
	Module:    hcloudModule,
	How:       "The same without `backoff.Retry`: the sixth 429 in a row ends the wait for all jobs.",
	Settings:  hcloudDocs,
	NeedsList: true,
	AsItComes: true,
	Batch: func(ctx context.Context, s Service, ids []string) int {
		batch := newHcloudBatch(s, ids)
		_ = batch.wait(ctx)
		return len(ids) - len(batch.left())
	},
}

// hcloudWait is one batch: jobs are the actions 1 to n.
type hcloudWait struct {
	actions hcloud.ActionClient
	ended   map[int64]bool
	ids     []string
}

func newHcloudBatch(s Service, ids []string) *hcloudWait {
	client := *s.Client
	client.Transport = &actionList{service: s, ids: ids, ended: map[string]bool{}}
	return &hcloudWait{
		actions: hcloud.NewClient(hcloud.WithToken(s.Token), hcloud.WithEndpoint(host), hcloud.WithHTTPClient(&client)).Action,
		ended:   map[int64]bool{},
		ids:     ids,
	}
}

func (b *hcloudWait) left() []*hcloud.Action {
	var left []*hcloud.Action
	for i := range b.ids {
		if id := int64(i + 1); !b.ended[id] {
			left = append(left, &hcloud.Action{ID: id, Status: hcloud.ActionStatusRunning})
		}
	}
	return left
}

func (b *hcloudWait) wait(ctx context.Context) error {
	return b.actions.WaitForFunc(ctx, func(update *hcloud.Action) error {
		if update.Status != hcloud.ActionStatusRunning {
			b.ended[update.ID] = true
		}
		return nil
	}, b.left()...)
}

// actionList answers GET /actions?id=…&id=… from the job list. One round of
// WaitForFunc asks for its actions in ascending order, 25 at a time: the list is
// read when that order starts over. WaitForFunc asks from one goroutine.
type actionList struct {
	service Service
	ids     []string
	ended   map[string]bool

	running map[string]bool
	page    int   // the page of the list to read next; 0 when it has been read
	first   int64 // the first action of the latest request
	failed  bool  // the latest request was not answered, so it comes again
}

// RoundTrip implements http.RoundTripper.
func (l *actionList) RoundTrip(req *http.Request) (*http.Response, error) {
	asked := req.URL.Query()["id"]
	first, err := strconv.ParseInt(asked[0], 10, 64)
	if err != nil {
		return nil, err
	}
	if !l.failed && (first <= l.first || l.running == nil) {
		l.running, l.page = map[string]bool{}, 1
	}
	l.first, l.failed = first, true
	for l.page > 0 {
		if resp, err := l.readPage(req); resp != nil || err != nil {
			return resp, err
		}
	}
	list := schema.ActionListResponse{Actions: []schema.Action{}}
	for _, number := range asked {
		n, err := strconv.ParseInt(number, 10, 64)
		if err != nil {
			return nil, err
		}
		status, resp, err := l.status(req, l.ids[n-1])
		if resp != nil || err != nil {
			return resp, err
		}
		list.Actions = append(list.Actions, schema.Action{ID: n, Status: status})
	}
	l.failed = false
	return reply(req, http.StatusOK, list)
}

// readPage reads one page of the list. A response is what the SDK gets to see
// instead of an answer.
func (l *actionList) readPage(req *http.Request) (*http.Response, error) {
	var list struct {
		Items      []job `json:"items"`
		TotalPages int   `json:"total_pages"`
	}
	if resp, err := l.ask(req, fmt.Sprintf("?status=processing&limit=1000&page=%d", l.page), &list); resp != nil || err != nil {
		return resp, err
	}
	for _, item := range list.Items {
		l.running[item.ID] = true
	}
	if l.page++; l.page > list.TotalPages {
		l.page = 0
	}
	return nil, nil
}

// status is what became of one job, as an action's.
func (l *actionList) status(req *http.Request, id string) (string, *http.Response, error) {
	if l.running[id] {
		return string(hcloud.ActionStatusRunning), nil, nil
	}
	if !l.ended[id] {
		var j job
		if resp, err := l.ask(req, "/"+id, &j); resp != nil || err != nil {
			return "", resp, err
		}
		if j.ID != id || j.Status == "processing" {
			return string(hcloud.ActionStatusRunning), nil, nil
		}
		l.ended[id] = true
	}
	return string(hcloud.ActionStatusSuccess), nil, nil
}

func (l *actionList) ask(req *http.Request, place string, into any) (*http.Response, error) {
	resp, err := l.service.forward(req, place)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	switch {
	case err != nil:
		return nil, err
	case resp.StatusCode == http.StatusTooManyRequests:
		refusal := schema.ErrorResponse{Error: schema.Error{Code: string(hcloud.ErrorCodeRateLimitExceeded), Message: "limit exceeded"}}
		return reply(req, resp.StatusCode, refusal)
	case resp.StatusCode != http.StatusOK:
		return answer(req, resp.StatusCode, body), nil
	}
	return nil, json.Unmarshal(body, into)
}

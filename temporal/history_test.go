package edentemporal

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"flag"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/edenwait/edenwait"
	"github.com/edenwait/edenwait/edentest"
)

// Workflows of a release go on under the next one, so their histories must replay for
// ever: testdata/histories has those of each version of the names in protocol.go. A
// change that breaks one needs a new name. New histories are recorded with a server:
//
//	temporal server start-dev
//	go test -run TestRecord -record localhost:7233 -namespace default .
var (
	record    = flag.String("record", "", "record histories with the Temporal server at this address")
	namespace = flag.String("namespace", "default", "the namespace to record in")
)

const historyWorkflowName = "edentemporal.history.v1"

type historyInput struct {
	IDs     []string      `json:"ids"`
	Timeout time.Duration `json:"timeout"`
}

// historyWorkflow waits, and then goes on, so that a replay shows that WaitAll has
// returned at the same place.
func historyWorkflow(ctx workflow.Context, in historyInput) (int, error) {
	outcomes, err := WaitAll(ctx, "history", in.IDs, WithReduce("text"), WithTimeout(in.Timeout))
	if err != nil && ctx.Err() != nil {
		return 0, err
	}
	ended := 0
	for _, o := range outcomes {
		if o.Err() == nil {
			ended++
		}
	}
	return ended, workflow.Sleep(ctx, time.Millisecond)
}

func TestReplay(t *testing.T) {
	files, err := filepath.Glob("testdata/histories/*.json*")
	if err != nil || len(files) == 0 {
		t.Fatal("no histories: ", err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if strings.HasSuffix(file, ".gz") {
				unzip, err := gzip.NewReader(bytes.NewReader(data))
				if err != nil {
					t.Fatal(err)
				}
				if data, err = io.ReadAll(unzip); err != nil {
					t.Fatal(err)
				}
			}
			history, err := client.HistoryFromJSON(bytes.NewReader(data), client.HistoryJSONOptions{})
			if err != nil {
				t.Fatal(err)
			}
			replayer := worker.NewWorkflowReplayer()
			replayer.RegisterWorkflowWithOptions(historyWorkflow, workflow.RegisterOptions{Name: historyWorkflowName})
			replayer.RegisterWorkflowWithOptions(leadWorkflow, workflow.RegisterOptions{Name: LeadWorkflow})
			if err := replayer.ReplayWorkflowHistory(nil, history); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestRecord(t *testing.T) {
	if *record == "" {
		t.Skip("no server to record with")
	}
	api := edentest.Start(edentest.Options{Rate: -1})
	t.Cleanup(api.Close)
	many := testIDs(1001) // two chunks, and one of them returns four times
	for _, id := range many {
		api.Submit(edentest.Script{ID: id})
	}
	endless := api.Submit(edentest.Script{After: edentest.Never})

	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	c, err := client.Dial(client.Options{HostPort: *record, Namespace: *namespace, Identity: "recorder"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	w := worker.New(c, "history", worker.Options{})
	w.RegisterWorkflowWithOptions(historyWorkflow, workflow.RegisterOptions{Name: historyWorkflowName})
	if err := w.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.Stop)
	m, err := Start(ctx, c, Options{
		Account: "history", Identity: "leader", Config: edenwait.Config{Token: edentest.DefaultToken, BaseURL: api.URL, Rate: 1000},
		Reduce: map[string]Reduce{"text": func(_ context.Context, job *edenwait.Job) (any, error) { return string(job.Status), nil }},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(m.Stop)

	for name, in := range map[string]historyInput{
		"one.json":       {IDs: many[:1]},
		"chunks.json.gz": {IDs: many},
		"cancelled.json": {IDs: []string{endless}},
		"timeout.json":   {IDs: []string{many[0], endless}, Timeout: 3 * time.Second},
	} {
		run, err := c.ExecuteWorkflow(ctx, client.StartWorkflowOptions{ID: "history-" + name, TaskQueue: "history"}, historyWorkflowName, in)
		if err != nil {
			t.Fatal(err)
		}
		if name == "cancelled.json" {
			for m.Stats().Awaits == 0 && ctx.Err() == nil {
				time.Sleep(10 * time.Millisecond)
			}
			if err := c.CancelWorkflow(ctx, run.GetID(), ""); err != nil {
				t.Fatal(err)
			}
		}
		var ended int
		err = run.Get(ctx, &ended)
		t.Logf("%s: %d of %d, %v", name, ended, len(in.IDs), err)
		save(t, c, run.GetID(), name)
	}
	leader, err := LeaderOf(ctx, c, "history")
	t.Logf("%+v, %v", leader, err)
	if err := c.CancelWorkflow(ctx, LeadWorkflowID("history"), ""); err != nil {
		t.Fatal(err)
	}
	err = c.GetWorkflow(ctx, LeadWorkflowID("history"), "").Get(ctx, nil)
	t.Logf("lead: %v", err)
	save(t, c, LeadWorkflowID("history"), "lead.json")
}

// save writes the history of a workflow.
func save(t *testing.T, c client.Client, id, name string) {
	t.Helper()
	history := &historypb.History{}
	for events := c.GetWorkflowHistory(t.Context(), id, "", false, enums.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT); events.HasNext(); {
		event, err := events.Next()
		if err != nil {
			t.Fatal(err)
		}
		history.Events = append(history.Events, event)
	}
	data, err := protojson.MarshalOptions{Indent: " "}.Marshal(history)
	if strings.HasSuffix(name, ".gz") {
		var zipped bytes.Buffer
		zip := gzip.NewWriter(&zipped)
		_, werr := zip.Write(data)
		err = errors.Join(err, werr, zip.Close())
		data = zipped.Bytes()
	}
	if err = errors.Join(err, os.MkdirAll("testdata/histories", 0o755), os.WriteFile("testdata/histories/v1-"+name, data, 0o644)); err != nil {
		t.Fatal(err)
	}
	t.Logf("%s: %d events", name, len(history.Events))
}

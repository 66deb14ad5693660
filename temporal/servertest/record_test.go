//go:build unix

package servertest

import (
	"flag"
	"os"
	"path/filepath"
	"testing"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/history/v1"
	"go.temporal.io/api/temporalproto"
	"go.temporal.io/sdk/client"
)

var recording = flag.Bool("record", false, "record histories, which the tests of edentemporal replay")

// record stores the history of a workflow, if that is asked for.
func record(t *testing.T, c client.Client, workflow, file string) {
	t.Helper()
	if !*recording {
		return
	}
	var h history.History
	for events := c.GetWorkflowHistory(t.Context(), workflow, "", false, enums.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT); events.HasNext(); {
		event, err := events.Next()
		if err != nil {
			t.Fatal(err)
		}
		h.Events = append(h.Events, event)
	}
	text, err := temporalproto.CustomJSONMarshalOptions{Indent: "\t"}.Marshal(&h)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join("..", "testdata", "scenes", file+".json")
	if err := os.WriteFile(path, append(text, '\n'), 0o666); err != nil {
		t.Fatal(err)
	}
	t.Logf("%s: %d events", path, len(h.Events))
}

package edentemporal_test

import (
	"path/filepath"
	"testing"

	"go.temporal.io/sdk/worker"

	"github.com/edenwait/edenwait/temporal/internal/workflows"
)

// TestReplayScenes replays what workflows have lived through with a real server: a killed leader, a
// hand-over, submits. They are recorded by servertest, with its flag -record.
func TestReplayScenes(t *testing.T) {
	histories, err := filepath.Glob("testdata/scenes/*.json")
	if err != nil || len(histories) == 0 {
		t.Fatalf("%d histories, %v", len(histories), err)
	}
	for _, history := range histories {
		t.Run(filepath.Base(history), func(t *testing.T) {
			replayer := worker.NewWorkflowReplayer()
			workflows.Register(replayer)
			if err := replayer.ReplayWorkflowHistoryFromJSONFile(nil, history); err != nil {
				t.Error(err)
			}
		})
	}
}

package main

import (
	"fmt"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	edentemporal "github.com/edenwait/edenwait/temporal"
)

// script is what became of one file.
type script struct {
	File, JobID, Text, Error string
}

// transcribe submits the files at the leader, and waits for the jobs.
func transcribe(ctx workflow.Context, files []string) ([]script, error) {
	scripts := make([]script, len(files))
	var ids []string
	var places []int // of the ids
	for i, submitted := range submitAll(ctx, files) {
		var id string
		scripts[i].File = files[i]
		if err := submitted.Get(ctx, &id); err != nil {
			// Perhaps the job exists, and its answer was lost. Submitting again might bill it twice.
			scripts[i].Error = fmt.Sprint("submit: ", err)
			continue
		}
		scripts[i].JobID = id
		ids, places = append(ids, id), append(places, i)
	}
	outcomes, err := edentemporal.WaitAll(ctx, account, ids,
		edentemporal.WithReduce("text"),
		edentemporal.WithHeartbeatTimeout(10*time.Second)) // for a short demonstration
	for i, o := range outcomes {
		s := &scripts[places[i]]
		if err := o.Err(); err != nil {
			s.Error = err.Error()
		} else if err := o.Decode(&s.Text); err != nil {
			s.Error = err.Error()
		}
	}
	return scripts, err
}

// submitAll submits all files. At most a few run at the same time: the others wait in
// the task queue.
func submitAll(ctx workflow.Context, files []string) []workflow.Future {
	ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		TaskQueue:           edentemporal.SubmitQueue(account),
		StartToCloseTimeout: time.Minute,
		RetryPolicy:         &temporal.RetryPolicy{MaximumAttempts: 1},
	})
	all := make([]workflow.Future, len(files))
	for i, file := range files {
		all[i] = workflow.ExecuteActivity(ctx, submitName, file)
	}
	return all
}

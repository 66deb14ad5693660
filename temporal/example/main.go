// Example transcribes files with Temporal workflows and several workers, one of which
// polls for all of them. See README.md.
//
//	example worker     a worker: run it as often as you like
//	example start 20   a workflow with 20 files
package main

import (
	"cmp"
	"context"
	"fmt"
	"log"
	"log/slog"
	"os"
	"os/signal"
	"strconv"
	"syscall"

	"go.temporal.io/sdk/client"
	tlog "go.temporal.io/sdk/log"
)

const (
	account   = "example"         // the name of the account, never its key
	workflows = "example-scripts" // the task queue of the workflows
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, args []string) error {
	c, err := client.DialContext(ctx, client.Options{
		HostPort:  cmp.Or(os.Getenv("TEMPORAL_ADDRESS"), client.DefaultHostPort),
		Namespace: cmp.Or(os.Getenv("TEMPORAL_NAMESPACE"), client.DefaultNamespace),
		Logger:    tlog.NewStructuredLogger(slog.New(slog.DiscardHandler)), // of the SDK, for a quiet screen
	})
	if err != nil {
		return err
	}
	defer c.Close()
	switch {
	case len(args) == 1 && args[0] == "worker":
		return work(ctx, c)
	case len(args) == 2 && args[0] == "start":
		n, err := strconv.Atoi(args[1])
		if err != nil {
			return err
		}
		return start(ctx, c, n)
	}
	return fmt.Errorf("want worker, or start and a number of files")
}

// start runs one workflow, and prints what becomes of each file.
func start(ctx context.Context, c client.Client, n int) error {
	files := make([]string, n)
	for i := range files {
		files[i] = fmt.Sprintf("https://files.example/call-%d.mp3", i+1)
	}
	started, err := c.ExecuteWorkflow(ctx, client.StartWorkflowOptions{TaskQueue: workflows}, transcribe, files)
	if err != nil {
		return err
	}
	fmt.Println("workflow", started.GetID())
	var scripts []script
	if err := started.Get(ctx, &scripts); err != nil {
		return err
	}
	for _, s := range scripts {
		fmt.Printf("%s  %s %.40q %s\n", s.File, s.JobID, s.Text, s.Error)
	}
	return nil
}

package edenwait_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/edenwait/edenwait"
	"github.com/edenwait/edenwait/edentest"
)

// journal keeps final responses in a file, one JSON line each.
type journal struct {
	file *os.File
	done map[string]bool // by id, in lower case
}

// openJournal reads what earlier runs have written, and appends to it.
func openJournal(path string) (*journal, error) {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return nil, err
	}
	j := &journal{file: file, done: map[string]bool{}}
	lines := bufio.NewReader(file)
	for whole := int64(0); ; {
		line, err := lines.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			// Text after the last newline is half a line: the program was killed while
			// it wrote. The next line must not continue it. Its job is polled again.
			if err := file.Truncate(whole); err != nil {
				return nil, errors.Join(err, file.Close())
			}
			return j, nil
		}
		var job edenwait.Job
		if err == nil {
			err = json.Unmarshal(line, &job)
		}
		if err != nil {
			return nil, errors.Join(err, file.Close())
		}
		whole += int64(len(line))
		j.done[strings.ToLower(job.ID)] = true
	}
}

// add saves a job. A Job marshals to the response as it came, so nothing of it is
// lost, not even fields that this version does not know.
func (j *journal) add(job *edenwait.Job) error {
	line, err := json.Marshal(job)
	if err != nil {
		return err
	}
	if _, err := j.file.Write(append(line, '\n')); err != nil {
		return err
	}
	j.done[strings.ToLower(job.ID)] = true
	return nil
}

// missing are the ids of which no final response is saved, each once. The API takes ids
// in any letter case.
func (j *journal) missing(ids []string) []string {
	seen := map[string]bool{}
	return slices.DeleteFunc(slices.Clone(ids), func(id string) bool {
		id = strings.ToLower(id)
		skip := j.done[id] || seen[id]
		seen[id] = true
		return skip
	})
}

// waitForRest waits for the ids that no earlier run has seen end. Each job is saved
// when it ends, not when all have ended, so a crash loses nothing that was written.
//
// It saves in the loop, not in a hook: hooks belong to the Waiter, and run for the
// jobs of all its calls.
func waitForRest(ctx context.Context, waiter *edenwait.Waiter, path string, ids []string, written func(*edenwait.Job)) (err error) {
	kept, err := openJournal(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, kept.file.Close()) }()

	for r := range waiter.AsCompleted(ctx, slices.Values(kept.missing(ids))) {
		if r.Job != nil {
			// Also of a job that failed: that is final, and no next run can change it.
			if err := kept.add(r.Job); err != nil {
				return err
			}
			written(r.Job)
			continue
		}
		// The wait was given up, not the job. It may run on or have ended, and its
		// result is kept for 7 days after that: time enough for a next run.
		fmt.Println("no result yet:", r.ID)
		err = r.Err // one of them is enough to say why
	}
	// After ctx has ended, ids that were not yet read have no Result.
	return errors.Join(err, ctx.Err())
}

// tear adds half a line to a file.
func tear(path string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	return os.WriteFile(path, append(text, text[:len(text)/2]...), 0o600)
}

// Resume where an interrupted run has stopped. A file has what that run learned, and
// only the other ids are waited for.
func Example_resume() {
	directory, err := os.MkdirTemp("", "edenwait")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(directory)
	path := directory + "/journal.jsonl"

	const intro, feature = "a1111111-1111-4111-8111-111111111111", "22222222-2222-4222-8222-222222222222"
	ids := []string{intro, feature}

	// In the evening, one job has failed and the other runs; then comes Ctrl-C.
	evening := edentest.New(edentest.Options{})
	evening.Submit(edentest.Script{ID: intro, Provider: "deepgram", Status: "fail"})
	evening.Submit(edentest.Script{ID: feature, Provider: "openai", After: edentest.Never})
	ctx, interrupt := context.WithCancel(context.Background()) // signal.NotifyContext
	defer interrupt()
	waiter, err := edenwait.New(edenwait.Config{Token: edentest.DefaultToken, HTTPClient: evening.Client()})
	if err != nil {
		fmt.Println(err)
		return
	}
	err = waitForRest(ctx, waiter, path, ids, func(job *edenwait.Job) {
		fmt.Println("ended:", job.Provider, job.Status)
		interrupt()
	})
	fmt.Println("run again:", errors.Is(err, context.Canceled))

	// A power cut in the night leaves half a line at the end of the file.
	if err := tear(path); err != nil {
		fmt.Println(err)
		return
	}

	// In the morning, the other has ended too, and the ids come in upper case. The first
	// one is unknown to this fake API, which shows that it is not polled again.
	ids[0] = strings.ToUpper(ids[0])
	morning := edentest.New(edentest.Options{})
	morning.Submit(edentest.Script{ID: feature, Provider: "openai"})
	waiter, err = edenwait.New(edenwait.Config{Token: edentest.DefaultToken, HTTPClient: morning.Client()})
	if err != nil {
		fmt.Println(err)
		return
	}
	err = waitForRest(context.Background(), waiter, path, ids, func(job *edenwait.Job) {
		fmt.Println("ended:", job.Provider, job.Status)
	})
	fmt.Println("error:", err)

	// Nothing is left for a third run: the file is whole again.
	err = waitForRest(context.Background(), waiter, path, ids, func(*edenwait.Job) {})
	fmt.Println("error:", err)
	// Output:
	// ended: deepgram fail
	// no result yet: 22222222-2222-4222-8222-222222222222
	// run again: true
	// ended: openai success
	// error: <nil>
	// error: <nil>
}

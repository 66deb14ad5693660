package testbed

import (
	"context"
	"fmt"
	"strings"
	"sync"

	"github.com/edenwait/edenwait"
)

// HookLog records which hooks were called, and for which jobs.
type HookLog struct {
	mu       sync.Mutex
	Success  map[string]int
	Fail     map[string]int
	Errors   map[string]int
	Progress []edenwait.Progress
}

// NewHookLog is empty.
func NewHookLog() *HookLog {
	return &HookLog{Success: map[string]int{}, Fail: map[string]int{}, Errors: map[string]int{}}
}

// Hooks are those that it records.
func (l *HookLog) Hooks() edenwait.Hooks {
	return edenwait.Hooks{
		OnSuccess: func(_ context.Context, job *edenwait.Job) error { return l.job(l.Success, job, edenwait.StatusSuccess) },
		OnFail:    func(_ context.Context, job *edenwait.Job) error { return l.job(l.Fail, job, edenwait.StatusFail) },
		OnError: func(_ context.Context, id string, _ error) {
			l.mu.Lock()
			defer l.mu.Unlock()
			l.Errors[strings.ToLower(id)]++
		},
		OnProgress: func(p edenwait.Progress) {
			l.mu.Lock()
			defer l.mu.Unlock()
			l.Progress = append(l.Progress, p)
		},
	}
}

func (l *HookLog) job(calls map[string]int, job *edenwait.Job, want edenwait.Status) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	calls[job.ID]++
	if job.Status != want {
		return fmt.Errorf("called with status %q", job.Status)
	}
	return nil
}

package cost

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math"
	"net/http"
	"path"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/edenwait/edenwait"
	"github.com/edenwait/edenwait/bench/rival"
)

// A Memory is what jobs that wait take up: what is live on the heap after a
// collection, and stacks, without the ids themselves, which the caller has.
type Memory struct {
	Name       string  `json:"name"`
	Jobs       int     `json:"jobs"`
	BytesAJob  float64 `json:"bytes_a_job"`
	Goroutines int     `json:"goroutines"`
}

// Jobs are weighed several times, and the least counts: what is allocated while
// a collection runs survives it, and is not theirs.
const (
	weighings = 5
	settle    = 400 * time.Millisecond
)

// weigh measures wait, which must tell over ready that it waits, and return when
// its context ends.
func weigh(ctx context.Context, name string, n int, wait func(ctx context.Context, ids []string, ready func())) Memory {
	ids := runningIDs(n)
	before := inUse()
	goroutines := runtime.NumGoroutine()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	isReady, over := make(chan struct{}), make(chan struct{})
	var once atomic.Bool
	go func() {
		defer close(over)
		wait(ctx, ids, func() {
			if once.CompareAndSwap(false, true) {
				close(isReady)
			}
		})
	}()
	<-isReady
	least := math.Inf(1)
	for range weighings {
		time.Sleep(settle)
		least = min(least, inUse())
	}
	m := Memory{Name: name, Jobs: n, Goroutines: runtime.NumGoroutine() - goroutines}
	m.BytesAJob = (least - before) / float64(n)
	cancel()
	<-over
	runtime.KeepAlive(ids)
	return m
}

func inUse() float64 {
	runtime.GC()
	runtime.GC() // what the first one found dead behind a finalizer or in a pool
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return float64(stats.HeapAlloc) + float64(stats.StackInuse)
}

// WeighEdenwait measures a WaitAll whose jobs the list shows running, or, without
// the list, whose jobs wait for their turn at ten requests a second.
func WeighEdenwait(ctx context.Context, n int, list bool) Memory {
	name := "edenwait"
	if !list {
		name += ", no list"
	}
	return weigh(ctx, name, n, func(ctx context.Context, ids []string, ready func()) {
		config := edenwait.Config{Source: &endless{ids: ids, listed: ready}, Rate: 1e6}
		if !list {
			config = edenwait.Config{Source: asked(ready), Rate: 10}
		}
		waiter, err := edenwait.New(config)
		if err != nil {
			panic(fmt.Sprint("cost: ", err))
		}
		_, _ = waiter.WaitAll(ctx, ids) // it ends with the context, as it should
	})
}

// asked is a Source whose jobs never end, without a list. It is called when a
// job is asked for, which is after all have been taken in.
type asked func()

// Get implements edenwait.Source.
func (a asked) Get(_ context.Context, id string) (*edenwait.Job, error) {
	a()
	return &edenwait.Job{ID: id, Status: edenwait.StatusProcessing}, nil
}

// endless is the same with a list.
type endless struct {
	ids    []string
	listed func() // called when all of the list has been read
	pages  atomic.Int64
}

// Get implements edenwait.Source.
func (e *endless) Get(_ context.Context, id string) (*edenwait.Job, error) {
	return &edenwait.Job{ID: id, Status: edenwait.StatusProcessing}, nil
}

// List implements edenwait.Lister.
func (e *endless) List(_ context.Context, q edenwait.ListQuery) (*edenwait.JobPage, error) {
	pages := (len(e.ids) + q.Limit - 1) / q.Limit
	page := &edenwait.JobPage{Total: len(e.ids), Page: q.Page, Limit: q.Limit, TotalPages: pages}
	for _, id := range e.ids[min((q.Page-1)*q.Limit, len(e.ids)):min(q.Page*q.Limit, len(e.ids))] {
		page.Items = append(page.Items, edenwait.JobSummary{ID: id, Status: edenwait.StatusProcessing})
	}
	// The number of pages is learnt from one of them, which is then read again.
	if e.pages.Add(1) > int64(pages) {
		e.listed()
	}
	return page, nil
}

// Weigh measures a rival whose every job has been asked for.
func Weigh(ctx context.Context, r rival.Rival, n int) Memory {
	return weigh(ctx, r.Name, n, func(ctx context.Context, ids []string, ready func()) {
		service := &inMemory{asked: make([]atomic.Bool, n), ready: ready}
		service.left.Store(int64(n))
		r.Wait(ctx, rival.Service{Client: &http.Client{Transport: service}, Token: token, Rate: 1e6}, ids)
	})
}

// inMemory is a service whose jobs never end.
type inMemory struct {
	asked []atomic.Bool // by the job's number
	left  atomic.Int64  // jobs that have not been asked for
	ready func()        // called when there are none
}

// RoundTrip implements http.RoundTripper.
func (s *inMemory) RoundTrip(req *http.Request) (*http.Response, error) {
	if err := req.Context().Err(); err != nil {
		return nil, err
	}
	id := path.Base(req.URL.Path)
	number, err := strconv.ParseInt(strings.TrimPrefix(id, running), 16, 64)
	if err != nil {
		return nil, err
	}
	if s.asked[number].CompareAndSwap(false, true) && s.left.Add(-1) == 0 {
		s.ready()
	}
	body := response(id, "processing", "null")
	return &http.Response{
		Status: "200 OK", StatusCode: http.StatusOK,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: http.Header{"Content-Type": {"application/json"}},
		Body:   io.NopCloser(bytes.NewReader(body)), ContentLength: int64(len(body)), Request: req,
	}, nil
}

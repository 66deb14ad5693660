package baseline

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// listLoops are the strongest that an engineer who has read the API's reference
// writes in an afternoon, and the closest to what edenwait does.
func listLoops() (loops []Baseline) {
	for _, every := range []time.Duration{time.Second, 2 * time.Second, 5 * time.Second} {
		how := fmt.Sprintf("By hand: every %.0f s all pages of `status=processing`, then a GET for every job that is no longer among them, 16 at once, behind one `rate.Limiter`. The next list does not wait for the GETs. A GET that fails, or finds its job running, is repeated after the next list.", every.Seconds())
		loops = append(loops, listLoop(fmt.Sprintf("list every %.0f s, concurrent", every.Seconds()), how, every, false))
	}
	for _, every := range []time.Duration{2 * time.Second, 5 * time.Second} {
		how := "The same, simpler: the next list is read when all GETs have returned."
		loops = append(loops, listLoop(fmt.Sprintf("list every %.0f s", every.Seconds()), how, every, true))
	}
	return loops
}

func listLoop(name, how string, every time.Duration, sequential bool) Baseline {
	reader := func(s Service) *listReader {
		return &listReader{service: s, every: every, sequential: sequential, waiting: map[string]*listed{}}
	}
	b := Baseline{
		Name:      name,
		How:       how,
		Settings:  "three intervals, so that one of them suits",
		NeedsList: true,
		Open: func(ctx context.Context, s Service) Wait {
			r := reader(s)
			go r.run(ctx)
			return r.wait
		},
		Batch: func(ctx context.Context, s Service, ids []string) int {
			ctx, stop := context.WithCancel(ctx)
			defer stop()
			return reader(s).waitAll(ctx, ids)
		},
	}
	b = paced(b)
	b.Name = name
	return b
}

// listReader is one loop for all callers.
type listReader struct {
	service    Service
	every      time.Duration
	sequential bool

	mu      sync.Mutex
	waiting map[string]*listed
}

// listed is a job that somebody waits for.
type listed struct {
	since time.Time
	busy  bool // its GET is under way or in line
	ended []chan<- struct{}
}

// maxGets is how many GETs are under way at once.
const maxGets = 16

func (r *listReader) run(ctx context.Context) {
	places := make(chan struct{}, maxGets)
	for {
		if r.idle() {
			if sleep(ctx, r.every) != nil {
				return
			}
			continue
		}
		began := time.Now()
		var gets sync.WaitGroup
		if running, err := r.service.runningJobs(ctx); err == nil {
			for _, id := range r.gone(running, began) {
				gets.Go(func() {
					places <- struct{}{}
					defer func() { <-places }()
					r.get(ctx, id)
				})
			}
		}
		if r.sequential {
			gets.Wait()
		}
		if sleep(ctx, r.every) != nil {
			gets.Wait()
			return
		}
	}
}

func (r *listReader) idle() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.waiting) == 0
}

// gone returns the jobs that are not running by a list that was read since began,
// and have no GET yet.
func (r *listReader) gone(running map[string]bool, began time.Time) (ids []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for id, job := range r.waiting {
		if !job.busy && !running[id] && !job.since.After(began) {
			job.busy = true
			ids = append(ids, id)
		}
	}
	return ids
}

func (r *listReader) get(ctx context.Context, id string) {
	ended, _ := r.service.ended(ctx, id) // an error means a GET after the next list
	r.mu.Lock()
	defer r.mu.Unlock()
	job := r.waiting[id]
	job.busy = false
	if ended {
		delete(r.waiting, id)
		for _, ch := range job.ended {
			ch <- struct{}{}
		}
	}
}

// add has ended receive once when the job has ended. The channel must have room.
func (r *listReader) add(id string, ended chan<- struct{}) {
	r.mu.Lock()
	defer r.mu.Unlock()
	job := r.waiting[id]
	if job == nil {
		job = &listed{since: time.Now()}
		r.waiting[id] = job
	}
	job.ended = append(job.ended, ended)
}

func (r *listReader) wait(ctx context.Context, id string) error {
	ended := make(chan struct{}, 1)
	r.add(id, ended)
	select {
	case <-ended:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (r *listReader) waitAll(ctx context.Context, ids []string) int {
	ended := make(chan struct{}, len(ids))
	for _, id := range ids {
		r.add(id, ended)
	}
	go r.run(ctx)
	for got := range ids {
		select {
		case <-ended:
		case <-ctx.Done():
			return got
		}
	}
	return len(ids)
}

// runningJobs reads the whole list of jobs that run.
func (s Service) runningJobs(ctx context.Context) (map[string]bool, error) {
	running := map[string]bool{}
	for page, pages := 1, 1; page <= pages; page++ {
		var list struct {
			Items      []job `json:"items"`
			TotalPages int   `json:"total_pages"`
		}
		url := fmt.Sprintf("%s?status=processing&limit=1000&page=%d", endpoint, page)
		if err := s.ask(ctx, url, &list); err != nil {
			return nil, err
		}
		for _, item := range list.Items {
			running[item.ID] = true
		}
		pages = list.TotalPages
	}
	return running, nil
}

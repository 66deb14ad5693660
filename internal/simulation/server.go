package simulation

import (
	"cmp"
	"math/bits"
	"slices"
	"time"

	"github.com/edenwait/edenwait/internal/engine"
)

// server is the API: a token bucket, the state of each job, and the list.
type server struct {
	*Scenario
	jobs []job

	tokens float64
	filled time.Duration

	// The list has a place for each job and for each foreign one. Which of them it
	// shows is a set of bits, so that a page is found without a look at each place:
	// ten thousand jobs have ten pages per scan.
	places []int32 // the job at each place; foreign for others'
	at     []int32 // the place of each job
	shown  []uint64
	begins []int32 // jobs, in the order of begins
	ends   []int32 // and of ends; those that never leave the list left out
}

const (
	foreign  = -1
	pageSize = 1000
)

func newServer(s *Scenario, jobs []job) *server {
	v := &server{Scenario: s, jobs: jobs, tokens: s.Burst, at: make([]int32, len(jobs))}
	for i := range jobs {
		v.begins = append(v.begins, int32(i))
		if s.List.Frozen == nil || !s.List.Frozen(i) {
			v.ends = append(v.ends, int32(i))
		}
	}
	// Jobs are numbered as they begin, and the newest come first.
	slices.SortFunc(v.ends, func(a, b int32) int { return cmp.Compare(jobs[a].end, jobs[b].end) })
	others := 0
	for i := len(jobs) - 1; i >= 0; i-- {
		for ; others*len(jobs) < s.List.Foreign*(len(jobs)-i); others++ {
			v.places = append(v.places, foreign)
		}
		v.at[i] = int32(len(v.places))
		v.places = append(v.places, int32(i))
	}
	v.shown = make([]uint64, (len(v.places)+63)/64)
	for place, job := range v.places {
		if job == foreign {
			v.show(int32(place), true)
		}
	}
	return v
}

func (v *server) show(place int32, on bool) {
	if bit := uint64(1) << (place % 64); on {
		v.shown[place/64] |= bit
	} else {
		v.shown[place/64] &^= bit
	}
}

// answer is the answer to a request that arrives now. Items is where a page's are
// put.
func (v *server) answer(now time.Duration, request *engine.Request, items *[]engine.Item) engine.Answer {
	for _, o := range v.Outages {
		if o.holds(now) {
			return engine.Answer{Outcome: engine.Failed}
		}
	}
	if !v.admit(now) {
		return engine.Answer{Outcome: engine.RateLimited, Reached: true}
	}
	switch {
	case request.Kind == engine.Page && v.List.Off:
		return engine.Answer{Outcome: engine.Rejected, Reached: true, Gone: true}
	case request.Kind == engine.Page:
		return v.page(now, request.Page, items)
	}
	a := engine.Answer{Outcome: engine.Done, Reached: true, Kind: v.kind(number(request.Key))}
	if v.jobs[number(request.Key)].end > now {
		a.Outcome = engine.Running
	}
	return a
}

func (v *server) kind(job int) engine.JobKind {
	if job == foreign {
		return engine.JobKind{}
	}
	return v.Kind(job)
}

// admit takes a token of the bucket, which other users empty too.
func (v *server) admit(now time.Duration) bool {
	v.tokens += (now - v.filled).Seconds() * v.Rate
	for _, o := range v.Others {
		spent := min(now, o.To) - max(v.filled, o.From)
		v.tokens -= max(spent, 0).Seconds() * o.Rate
	}
	v.tokens = min(max(v.tokens, 0), v.Burst)
	v.filled = now
	if v.tokens < 1 {
		return false
	}
	v.tokens--
	return true
}

func (v *server) page(now time.Duration, page int, items *[]engine.Item) engine.Answer {
	as := now - v.List.Behind
	for len(v.begins) > 0 && v.jobs[v.begins[0]].begin <= as {
		v.show(v.at[v.begins[0]], true)
		v.begins = v.begins[1:]
	}
	for len(v.ends) > 0 && v.jobs[v.ends[0]].end <= as {
		v.show(v.at[v.ends[0]], false)
		v.ends = v.ends[1:]
	}
	total := 0
	all, from := (*items)[:0], (page-1)*pageSize
	for i, word := range v.shown {
		n := bits.OnesCount64(word)
		if total+n > from && len(all) < pageSize {
			for k, w := total, word; w != 0 && len(all) < pageSize; k, w = k+1, w&(w-1) {
				if k >= from {
					place := i*64 + bits.TrailingZeros64(w)
					all = append(all, engine.Item{Key: key(v.places[place], place), Running: true, Kind: v.kind(int(v.places[place]))})
				}
			}
		}
		total += n
	}
	*items = all
	return engine.Answer{Outcome: engine.Running, Reached: true, Pages: (total + pageSize - 1) / pageSize, Items: all}
}

package edentest

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/google/uuid"
)

// A store is the jobs of the account by their ids.
type store struct {
	board
	notFoundFor time.Duration
	ids         *rand.Rand // new ones
	index       map[uuid.UUID]int32
}

func newStore(opts *Options) store {
	return store{
		board:       board{retention: opts.Retention, deleted: make(map[int32]time.Duration)},
		notFoundFor: opts.NotFoundFor,
		ids:         rand.New(rand.NewPCG(opts.Seed, 1)),
		index:       make(map[uuid.UUID]int32),
	}
}

// add lists the job, which has an id, and returns its index.
func (s *store) add(j job) int {
	i := s.board.add(j)
	s.index[j.id] = int32(i)
	return i
}

// submit adds the job of a script, of which it keeps its own copy, as of now, and
// returns its index, or what is wrong with the script.
func (s *store) submit(script Script, now time.Duration) (int, error) {
	if script.Status == "processing" {
		return 0, errors.New(`invalid Script.Status "processing": want a final status. For a job that does not end, set After to Never`)
	}
	defaultTo(&script.Feature, services[0].feature)
	defaultTo(&script.Subfeature, services[0].subfeature)
	defaultTo(&script.Provider, services[0].provider)
	j := job{
		created: now,
		bytes:   script.size,
		service: uint8(max(0, serviceFor(script.Feature, script.Subfeature))),
		script:  &script,
	}
	j.set(foreign, script.OtherUser)
	j.set(stuck, script.StuckInList)
	j.ends = after(j.created, max(0, script.After))
	if script.ID == "" {
		j.id = s.newID()
	} else {
		id, err := uuid.Parse(script.ID)
		if err != nil {
			return 0, fmt.Errorf("invalid Script.ID %q: want a UUID", script.ID)
		}
		if _, taken := s.index[id]; taken {
			return 0, fmt.Errorf("job %v already exists", id)
		}
		j.id = id
	}
	return s.add(j), nil
}

func (s *store) newID() uuid.UUID {
	var id uuid.UUID
	for i, n := 0, s.ids.Uint64(); i < 8; i, n = i+1, n>>8 {
		id[i] = byte(n)
	}
	for i, n := 8, s.ids.Uint64(); i < 16; i, n = i+1, n>>8 {
		id[i] = byte(n)
	}
	id[6] = id[6]&0x0f | 0x40 // version 4
	id[8] = id[8]&0x3f | 0x80 // variant of RFC 9562
	return id
}

// find returns the index of the job with that id.
func (s *store) find(id string) (int32, bool) {
	u, err := uuid.Parse(id)
	if err != nil {
		return 0, false
	}
	i, ok := s.index[u]
	return i, ok
}

// visible tells whether GET knows the job.
func (s *store) visible(j *job, at time.Duration) bool {
	return !j.is(deleted) && at >= after(j.created, s.notFoundFor) && !s.gone(j, at)
}

// another returns a job with an id that is not j's.
func (s *store) another(j *job) *job {
	if len(s.jobs) > 1 {
		return &s.jobs[(int(j.seq)+1)%len(s.jobs)]
	}
	other := *j
	other.id[0] ^= 1
	return &other
}

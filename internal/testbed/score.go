package testbed

import (
	"fmt"
	"time"
)

// Score is what waiting for the jobs of a scenario came to.
type Score struct {
	Lag      time.Duration // mean, from a job's end to the GET that shows it, over the ideal client's
	Requests float64       // per job, lists and refusals included
	Makespan float64       // over the ideal client's
	Limited  float64       // 429s per job
}

// Add adds a share of another score.
func (s *Score) Add(o Score, share float64) {
	s.Lag += time.Duration(float64(o.Lag) * share)
	s.Requests += o.Requests * share
	s.Makespan += o.Makespan * share
	s.Limited += o.Limited * share
}

func (s Score) String() string {
	return fmt.Sprintf("%.2f s\t%.3f\t%.3f\t%.2f", s.Lag.Seconds(), s.Requests, s.Makespan, s.Limited)
}

// ScoreHeader is the header of the columns that String returns.
const ScoreHeader = "lag\trequests/job\tmakespan\t429s/job"

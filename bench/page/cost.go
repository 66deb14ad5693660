package page

import (
	"fmt"
)

func (r *Report) gets() string {
	var rows [][]string
	for _, g := range r.Costs.Gets {
		rows = append(rows,
			[]string{g.What + ", edenwait", duration(g.Edenwait.Nanoseconds), size(g.Edenwait.Bytes), short(g.Edenwait.Allocs), fmt.Sprintf("%.2f", g.TimeRatio), fmt.Sprintf("%.2f", g.Edenwait.Bytes/g.Hand.Bytes)},
			[]string{g.What + ", by hand", duration(g.Hand.Nanoseconds), size(g.Hand.Bytes), short(g.Hand.Allocs), "1", "1"})
	}
	return table([]string{"", "time", "allocated", "allocations", "time, ratio", "allocated, ratio"}, rows)
}

func (r *Report) speeds() string {
	var rows [][]string
	for _, s := range r.Costs.Speed {
		rows = append(rows, []string{s.Name, short(s.PollsASec), duration(s.CPUPerPoll)})
	}
	return table([]string{"", "polls per second", "CPU per poll"}, rows)
}

func (r *Report) rates() string {
	var rows [][]string
	for _, c := range r.Costs.Rates {
		rows = append(rows, []string{
			grouped(c.Rate), percent(c.Edenwait.Share), percent(c.Plain.Share), fmt.Sprintf("%.3f", c.ShareRatio),
			duration(c.Edenwait.CPU), duration(c.Plain.CPU), fmt.Sprintf("%.2f", c.CPURatio),
		})
	}
	return table([]string{"`Rate`", "share used, edenwait", "plain client", "ratio", "CPU per request, edenwait", "plain client", "ratio"}, rows)
}

func percent(share float64) string { return fmt.Sprintf("%.1f %%", 100*share) }

// memoryTable has each baseline with the most jobs that it was weighed with.
func (r *Report) memoryTable() string {
	var rows [][]string
	for i, m := range r.Costs.Memory {
		if i+1 < len(r.Costs.Memory) && r.Costs.Memory[i+1].Name == m.Name {
			continue
		}
		rows = append(rows, []string{m.Name, grouped(m.Jobs), size(m.BytesAJob), grouped(m.Goroutines), size(m.BytesAJob * float64(m.Jobs))})
	}
	return table([]string{"", "jobs", "per job", "goroutines", "together"}, rows)
}

package scenario

import (
	"fmt"
	"time"

	"github.com/edenwait/edenwait/edentest"
)

// The groups, in the order of the page.
const (
	Arriving    = "arrivals"
	BySize      = "size"
	Concurrent  = "callers"
	ListTrouble = "list"
	ByShape     = "shape"
	ByAccount   = "account"
	ByRate      = "rate"
	AsIs        = "bare"
)

// Full is every scenario that the page shows.
func Full() []Scenario {
	all := arrivals(map[int]int{100: 10, 1000: 4})
	all = append(all, sizes(map[int]int{1: 100, 10: 40, 100: 10, 1000: 4, 10000: 3})...)
	all = append(all, callers(map[int]int{100: 10, 1000: 4})...)
	for _, n := range []int{100, 1000} {
		seeds := map[int]int{100: 8, 1000: 4}[n]
		all = append(all, lists(n, seeds)...)
		all = append(all, shapes(n, seeds)...)
		all = append(all, accounts(n, seeds)...)
		all = append(all, asTheyCome(n, seeds))
	}
	return append(all, fast(1000, 4), fast(10000, 3))
}

// Small is what can run on every change, in less than a minute. It leaves out the
// forms without a limiter, which are ahead nowhere in the full set.
func Small() []Scenario {
	all := arrivals(map[int]int{100: 4, 1000: 3})
	all = append(all, sizes(map[int]int{1: 40, 10: 20, 100: 6, 1000: 3})...)
	all = append(all, callers(map[int]int{100: 4, 1000: 3})...)
	all = append(all, lists(100, 4)...)
	all = append(all, shapes(100, 4)...)
	all = append(all, accounts(100, 4)...)
	all = append(all, fast(100, 4))
	for i := range all {
		all[i].Forms = Paced
	}
	return all
}

// bySize makes a scenario for each number of jobs that has seeds.
func bySize(seeds map[int]int, one func(n, seeds int) Scenario) (all []Scenario) {
	for n := 1; n <= 10000; n *= 10 {
		if seeds[n] > 0 {
			all = append(all, one(n, seeds[n]))
		}
	}
	return all
}

func sizes(seeds map[int]int) []Scenario { return bySize(seeds, base) }

// base is what all others differ from in one thing.
func base(n, seeds int) Scenario {
	return Scenario{
		Name: name("lognormal", n), Group: BySize, Title: title(n, "all at once"),
		Jobs: n, Durations: speech, Rate: 10, Seeds: seeds, Forms: Both,
	}
}

// arrivals are jobs that are submitted at half of the limit, which leaves the other
// half to the polls.
func arrivals(seeds map[int]int) []Scenario {
	return bySize(seeds, func(n, seeds int) Scenario {
		s := base(n, seeds)
		s.Name, s.Group, s.Title, s.Arrivals = name("arrivals", n), Arriving, title(n, "5 submitted per second"), 5
		return s
	})
}

// callers are the same jobs with a call for each, and one job with many calls.
func callers(seeds map[int]int) []Scenario {
	all := bySize(seeds, func(n, seeds int) Scenario {
		s := base(n, seeds)
		s.Name, s.Group, s.Title, s.Callers = name("callers", n), Concurrent, title(n, "a caller each"), 1
		return s
	})
	one := base(1, 40)
	one.Name, one.Group, one.Title, one.Callers = "callers-of-one", Concurrent, "1 job, fifty callers", 50
	return append(all, one)
}

// derived is base with one thing changed.
func derived(group, what, words string, n, seeds int, change func(*Scenario)) Scenario {
	s := base(n, seeds)
	s.Name, s.Group, s.Title, s.Forms = name(what, n), group, title(n, words), Paced
	change(&s)
	return s
}

func shapes(n, seeds int) (all []Scenario) {
	for _, shape := range []struct {
		name, words string
		durations   edentest.Durations
	}{
		{"bimodal", "four of five 2 s, the fifth 10 min", bimodal},
		{"heavy-tail", "heavy tail, Pareto from 5 s with α 0.9, at most 2 h", heavy},
		{"image", "like image generation, 7 s to 90 s", image},
		{"training", "like training, 1 s to 1 h, log-uniform", training},
	} {
		all = append(all, derived(ByShape, shape.name, shape.words, n, seeds, func(s *Scenario) { s.Durations = shape.durations }))
	}
	return all
}

// lists are accounts whose list is of less use. Reading thousands of jobs of others is
// slow to simulate, so these jobs are short.
func lists(n, seeds int) []Scenario {
	return []Scenario{
		derived(ListTrouble, "behind-5", "the list is 5 s behind", n, seeds, func(s *Scenario) { s.ListLag = 5 * time.Second }),
		derived(ListTrouble, "behind-60", "the list is 60 s behind", n, seeds, func(s *Scenario) { s.ListLag = time.Minute }),
		derived(ListTrouble, "foreign", "7 s to 90 s, 5,000 jobs of others in the list", n, seeds, func(s *Scenario) { s.Foreign, s.Durations = 5000, image }),
		derived(ListTrouble, "slow-page", "a page of the list takes 1 s", n, seeds, func(s *Scenario) { s.PageTook = time.Second - latency }),
		derived(ListTrouble, "no-list", "no job list", n, seeds, func(s *Scenario) { s.NoList = true }),
	}
}

func accounts(n, seeds int) []Scenario {
	return []Scenario{
		derived(ByAccount, "shared", "others send 5 requests per second", n, seeds, func(s *Scenario) { s.Others = 5 }),
		derived(ByAccount, "faults", "1 % of the responses spoilt", n, seeds, func(s *Scenario) { s.Faults = 0.01 }),
	}
}

func asTheyCome(n, seeds int) Scenario {
	return derived(AsIs, "bare", "baselines as they come", n, seeds, func(s *Scenario) { s.Forms = AsTheyCome })
}

func fast(n, seeds int) Scenario {
	return derived(ByRate, "fast", "100 requests per second", n, seeds, func(s *Scenario) { s.Rate = 100 })
}

func name(what string, n int) string { return fmt.Sprintf("%s-%d", what, n) }

func title(n int, words string) string {
	if n == 1 {
		return "1 job"
	}
	return fmt.Sprintf("%s jobs, %s", grouped(n), words)
}

// grouped puts a comma before every third digit from the right.
func grouped(n int) string {
	if n < 1000 {
		return fmt.Sprint(n)
	}
	return fmt.Sprintf("%s,%03d", grouped(n/1000), n%1000)
}

// patience bounds how long, in virtual time, a run may take: well past the end of
// the longest job and of the slowest baseline.
const patience = 100 * time.Hour

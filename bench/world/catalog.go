package world

import (
	"fmt"
	"time"

	"github.com/edenwait/edenwait/edentest"
)

// BySize is the group of the worlds that differ in the number of jobs.
const BySize = "size"

// Full is every world that the page shows.
func Full() []World {
	worlds := sizes(map[int]int{1: 300, 10: 60, 100: 12, 1000: 5, 10000: 3})
	for _, n := range []int{100, 1000} {
		seeds := map[int]int{100: 8, 1000: 3}[n]
		worlds = append(worlds, shapes(n, seeds)...)
		worlds = append(worlds, accounts(n, seeds)...)
		worlds = append(worlds, bare(n, seeds))
	}
	worlds = append(worlds, fast(1000, 3), fast(10000, 3))
	return worlds
}

// Small is what can be run on every change, in less than a minute.
func Small() []World {
	worlds := sizes(map[int]int{1: 100, 10: 20, 100: 4, 1000: 1})
	worlds = append(worlds, shapes(100, 3)...)
	worlds = append(worlds, accounts(100, 3)...)
	return append(worlds, bare(100, 2), fast(100, 3))
}

func sizes(seeds map[int]int) (worlds []World) {
	for n := 1; seeds[n] > 0; n *= 10 {
		worlds = append(worlds, base(n, seeds[n]))
	}
	return worlds
}

// base is the world that all others differ from in one thing.
func base(n, seeds int) World {
	return World{
		Name: name("lognormal", n), Group: BySize, Title: title(n, "lognormal, median 60 s"),
		Jobs: n, Durations: speech, Rate: 10, Seeds: seeds, PerJobSeeds: perJobSeeds(n),
	}
}

func perJobSeeds(n int) int {
	if n >= 10000 {
		return 1
	}
	return 0
}

func shapes(n, seeds int) (worlds []World) {
	for _, shape := range []struct {
		name, title string
		durations   edentest.Durations
	}{
		{"bimodal", "four of five 2 s, the fifth 10 min", bimodal},
		{"heavy-tail", "heavy tail, Pareto from 5 s with α 0.9, at most 2 h", heavy},
		{"image", "like image generation, 7 s to 90 s", image},
		{"training", "like training, 1 s to 1 h, log-uniform", training},
	} {
		w := base(n, seeds)
		w.Name, w.Group, w.Title, w.Durations = name(shape.name, n), "shape", title(n, shape.title), shape.durations
		worlds = append(worlds, w)
	}
	return worlds
}

func accounts(n, seeds int) []World {
	noList, shared, faulty := base(n, seeds), base(n, seeds), base(n, seeds)
	noList.Name, noList.Title, noList.ListOff = name("no-list", n), title(n, "no job list"), true
	shared.Name, shared.Title, shared.Others = name("shared", n), title(n, "others send 5 requests a second"), 5
	faulty.Name, faulty.Title, faulty.Faults = name("faults", n), title(n, "1 % of the answers spoilt"), 0.01
	worlds := []World{noList, shared, faulty}
	for i := range worlds {
		worlds[i].Group = "account"
	}
	return worlds
}

func bare(n, seeds int) World {
	w := base(n, seeds)
	w.Name, w.Group, w.Title, w.Bare = name("bare", n), "bare", title(n, "rivals as they come"), true
	return w
}

func fast(n, seeds int) World {
	w := base(n, seeds)
	w.Name, w.Group, w.Title, w.Rate = name("fast", n), "rate", title(n, "100 requests a second"), 100
	return w
}

func name(what string, n int) string { return fmt.Sprintf("%s-%d", what, n) }

func title(n int, what string) string {
	if n == 1 {
		return "1 job, " + what
	}
	return fmt.Sprintf("%s jobs, %s", grouped(n), what)
}

// grouped puts a comma before every third digit from the right.
func grouped(n int) string {
	if n < 1000 {
		return fmt.Sprint(n)
	}
	return fmt.Sprintf("%s,%03d", grouped(n/1000), n%1000)
}

// patience bounds how long, in virtual time, a contestant is waited for: well
// past the end of the longest job and of the slowest rival.
const patience = 100 * time.Hour

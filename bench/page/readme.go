package page

import (
	"fmt"
	"os"
	"strings"

	"github.com/edenwait/edenwait/bench/scenario"
)

// The baselines that README.md names: the loop that most people write, and the
// strongest that is simple, at two intervals.
const (
	usualLoop    = "backoff.Retry"
	strongLoop   = "list every 2 s, concurrent"
	eagerLoop    = "list every 1 s, concurrent"
	readmeAmount = "lognormal-1000"
)

// ReadMe returns the text of README.md with this report's figures between its
// markers, which are lines <!-- figures: name --> and <!-- end of figures -->.
func (r *Report) ReadMe(text string) (string, error) {
	for name, figures := range map[string]func() (string, error){
		"first": r.readmeFirst, "strong": r.readmeStrong, "sizes": r.readmeSizes,
	} {
		begin, end := "<!-- figures: "+name+" -->\n", "<!-- end of figures -->\n"
		before, rest, ok := strings.Cut(text, begin)
		_, after, closed := strings.Cut(rest, end)
		if !ok || !closed {
			return "", fmt.Errorf("page: the README has no place for the figures %q", name)
		}
		shown, err := figures()
		if err != nil {
			return "", err
		}
		text = before + begin + shown + end + after
	}
	return text, nil
}

// RenderReadMe puts the figures into the README at path.
func (r *Report) RenderReadMe(path string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	shown, err := r.ReadMe(string(text))
	if err != nil {
		return err
	}
	return os.WriteFile(path, []byte(shown), 0o644)
}

// readmeRows are the rows of a scenario that the README shows.
func (r *Report) readmeRows(name string, baselines ...string) (rows []scenario.Row, err error) {
	result := r.result(name)
	if result == nil {
		return nil, fmt.Errorf("page: the README needs scenario %s, which was not run", name)
	}
	rows = append(rows, result.Us())
	for _, baseline := range baselines {
		row := result.Row(baseline)
		if row == nil {
			return nil, fmt.Errorf("page: the README needs %s in %s, which was not run", baseline, name)
		}
		rows = append(rows, *row)
	}
	return rows, nil
}

func (r *Report) readmeFirst() (string, error) {
	rows, err := r.readmeRows(readmeAmount, usualLoop)
	if err != nil {
		return "", err
	}
	us, loop := rows[0], rows[1]
	refusals := "and no 429"
	if us.Mean(limited) > 0 {
		refusals = "of which " + short(us.Mean(limited)) + " are 429s"
	}
	return words([]string{"1,000 jobs", "the usual loop", "edenwait"}, [][]string{
		{"mean lag", clock(loop.Mean(scenario.Lag)), clock(us.Mean(scenario.Lag))},
		{
			"requests per job",
			fmt.Sprintf("%s, of which %s are 429s", short(loop.Mean(scenario.Requests)), short(loop.Mean(limited))),
			short(us.Mean(scenario.Requests)) + ", " + refusals,
		},
		{"goroutines per waiting job", "one", "none"},
		{"a thousand concurrent callers", "each polls for itself", "all share one engine, as good as one batch"},
		{"outputs, errors, `ctx`", "your code handles them", "typed errors, and always one result per job"},
	}), nil
}

func (r *Report) readmeStrong() (string, error) {
	rows, err := r.readmeRows(readmeAmount, strongLoop, eagerLoop)
	if err != nil {
		return "", err
	}
	say := func(row scenario.Row) string {
		return clock(row.Mean(scenario.Lag)) + " of lag at " + short(row.Mean(scenario.Requests)) + " requests per job"
	}
	return fmt.Sprintf("The strongest simple alternative is a list loop behind a rate limiter. It lists the running jobs at an interval and GETs\n"+
		"the missing ones, 16 at once. For these 1,000 jobs, one that lists every 2 s has\n%s, and one that lists every 1 s\n%s.\n",
		say(rows[1]), say(rows[2])), nil
}

func (r *Report) readmeSizes() (string, error) {
	var lines [][]string
	for n := 1; n <= 10_000; n *= 10 {
		rows, err := r.readmeRows(fmt.Sprintf("lognormal-%d", n), strongLoop, usualLoop)
		if err != nil {
			return "", err
		}
		loop := rows[2]
		refusals := ""
		if loop.Mean(limited) >= 0.05 {
			refusals = fmt.Sprintf(", %s of them 429s", short(loop.Mean(limited)))
		}
		lines = append(lines, []string{grouped(n), pair(rows[0]), pair(rows[1]), pair(loop) + refusals})
	}
	return table([]string{"jobs at once: lag, s / requests per job", "edenwait", "a list loop, every 2 s", "the usual loop"}, lines), nil
}

func limited(s scenario.Score) float64 { return s.Limited }

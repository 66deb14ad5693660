package report

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/edenwait/edenwait"
)

// How many providers and messages are listed: as many as fit on a line, and as many as
// show a pattern.
const (
	shownProviders = 3
	shownCauses    = 8
)

// Write writes the summary of the whole batch, earlier runs included.
func (t *Tally) Write(w io.Writer, p edenwait.Progress, c Counts) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	var b strings.Builder
	now := c.Total - c.Earlier
	when := " in " + Seconds(p.Elapsed)
	if c.Earlier > 0 {
		when = fmt.Sprintf(", %d done in an earlier run", c.Earlier)
		if now > 0 {
			when += fmt.Sprintf(", %d now in %s", now, Seconds(p.Elapsed))
		}
	}
	fmt.Fprintf(&b, "%s%s: %s\n", Count(c.Total, "job"), when, outcomes(c))
	row := func(name, text string) { fmt.Fprintf(&b, "  %-9s %s\n", name, text) }
	if c.Succeeded+c.Failed+c.Earlier > 0 {
		row("cost", t.cost())
		if by := t.byProvider(); by != "" {
			row("", by)
		}
	}
	if len(t.ran) > 0 {
		ran := slices.Sorted(slices.Values(t.ran))
		// From submit to result, since the API does not report when a job ended.
		row("duration", fmt.Sprintf("median %s from submit to result, 90%% within %s, max %s",
			Seconds(quantile(ran, .5)), Seconds(quantile(ran, .9)), Seconds(ran[len(ran)-1])))
	}
	// The API does not report when a job ended. A client only knows when it last saw the
	// job running.
	if len(t.late) > 0 {
		late := slices.Sorted(slices.Values(t.late))
		row("lag", fmt.Sprintf("mean %s, max %s (from the last check that saw the job running to its result)", Seconds(mean(late)), Seconds(late[len(late)-1])))
	}
	if t.early > 0 {
		row("early", Count(t.early, "job")+" had ended before the first poll")
	}
	if p.Requests > 0 {
		row("requests", requests(p, now))
	}
	t.failures(&b, c.EarlierFailed+c.EarlierErrored > 0)
	_, err := io.WriteString(w, b.String())
	return err
}

func outcomes(c Counts) string {
	texts := []string{strconv.Itoa(c.Succeeded) + " succeeded"}
	for _, o := range []struct {
		n    int
		text string
	}{
		{c.Failed, "failed"}, {c.Errored, "without a result"}, {c.GaveUp, "given up"},
		{c.Unknown, "unknown"}, {c.Unwritten, "not written"}, {c.Waiting(), "not ended"},
	} {
		if o.n > 0 {
			texts = append(texts, fmt.Sprintf("%d %s", o.n, o.text))
		}
	}
	return strings.Join(texts, ", ")
}

// Cost is what all jobs cost.
func (t *Tally) Cost() edenwait.Cost {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.total()
}

// total cannot fail, since costs holds sums.
func (t *Tally) total() edenwait.Cost {
	sum, _ := edenwait.SumCosts(slices.Collect(maps.Values(t.costs))...)
	return sum
}

func (t *Tally) cost() string {
	text := Dollars(t.total())
	if t.badCost > 0 {
		text += fmt.Sprintf(", not counting %s with an invalid cost", Count(t.badCost, "job"))
	}
	return text
}

// byProvider lists the cost per provider, the largest first. It is empty if the jobs name
// no provider.
func (t *Tally) byProvider() string {
	providers := slices.SortedFunc(maps.Keys(t.costs), func(a, b string) int {
		return cmp.Or(cmp.Compare(approximate(t.costs[b]), approximate(t.costs[a])), cmp.Compare(a, b))
	})
	if len(providers) == 1 && providers[0] == "" {
		return ""
	}
	var texts []string
	for i, p := range providers {
		if i == shownProviders && len(providers) > shownProviders+1 {
			var rest []edenwait.Cost
			for _, p := range providers[i:] {
				rest = append(rest, t.costs[p])
			}
			sum, _ := edenwait.SumCosts(rest...)
			texts = append(texts, fmt.Sprintf("%s %s", Count(len(rest), "other"), Dollars(sum)))
			break
		}
		texts = append(texts, fmt.Sprintf("%s %s", Plain(cmp.Or(p, "unnamed")), Dollars(t.costs[p])))
	}
	return strings.Join(texts, ", ")
}

// Dollars formats an amount exactly, with at least two decimals.
func Dollars(c edenwait.Cost) string {
	whole, cents, _ := strings.Cut(string(c), ".")
	return "$" + cmp.Or(whole, "0") + "." + cents + strings.Repeat("0", max(0, 2-len(cents)))
}

// approximate is for sorting only.
func approximate(c edenwait.Cost) float64 {
	f, _ := strconv.ParseFloat(string(c), 64)
	return f
}

func requests(p edenwait.Progress, jobs int) string {
	text := strconv.Itoa(p.Requests)
	if jobs > 0 {
		text += fmt.Sprintf(", %.2f per job", float64(p.Requests)/float64(jobs))
	}
	if p.Lists > 0 {
		text += fmt.Sprintf(", %d for list pages", p.Lists)
	}
	if p.RateLimited > 0 {
		text += fmt.Sprintf(", %d over the rate limit", p.RateLimited)
	}
	return text
}

// failures lists what this run knows about: results of an earlier run are read without
// their errors.
func (t *Tally) failures(b *strings.Builder, earlier bool) {
	if len(t.causes) == 0 {
		return
	}
	if earlier {
		b.WriteString("  failures of this run\n")
	} else {
		b.WriteString("  failures\n")
	}
	causes := slices.SortedFunc(maps.Keys(t.causes), func(x, y cause) int {
		return cmp.Or(cmp.Compare(t.causes[y], t.causes[x]), cmp.Compare(x.who, y.who), cmp.Compare(x.why, y.why))
	})
	digits := len(strconv.Itoa(t.causes[causes[0]]))
	for i, c := range causes {
		if i == shownCauses && len(causes) > shownCauses+1 {
			rest := 0
			for _, c := range causes[i:] {
				rest += t.causes[c]
			}
			fmt.Fprintf(b, "  %*d  for %d other reasons\n", digits+2, rest, len(causes)-i)
			break
		}
		who := ""
		if c.who != "" {
			who = Plain(c.who) + ": "
		}
		fmt.Fprintf(b, "  %*d  %s%s\n", digits+2, t.causes[c], who, Plain(c.why))
	}
}

// Count formats a number of things, in the singular or the plural.
func Count(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return strconv.Itoa(n) + " " + thing + "s"
}

// Seconds formats a duration with two or three significant digits.
func Seconds(d time.Duration) string {
	switch {
	case d < 100*time.Millisecond:
		return fmt.Sprintf("%d ms", d.Round(time.Millisecond)/time.Millisecond)
	case d < 10*time.Second:
		return fmt.Sprintf("%.2f s", d.Seconds())
	case d < time.Minute:
		return fmt.Sprintf("%.1f s", d.Seconds())
	case d < time.Hour:
		d = d.Round(time.Second)
		return fmt.Sprintf("%d min %02d s", d/time.Minute, d%time.Minute/time.Second)
	default:
		d = d.Round(time.Minute)
		return fmt.Sprintf("%d h %02d min", d/time.Hour, d%time.Hour/time.Minute)
	}
}

// maxPlain bounds text from a response in a summary.
const maxPlain = 160

// Plain makes text from a response safe to print: one line, not too long, without control
// characters.
func Plain(text string) string {
	text = strings.Map(func(c rune) rune {
		switch {
		case c == '\n' || c == '\t' || c == '\r':
			return ' '
		case !unicode.IsPrint(c):
			return unicode.ReplacementChar
		}
		return c
	}, text)
	if runes := []rune(text); len(runes) > maxPlain {
		text = string(runes[:maxPlain]) + "…"
	}
	return text
}

package conformance

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
)

// A report has what differs from the docs, to be sent in by whoever has a key. It
// holds no key, no id and no part of a job's output.
type report struct {
	key string

	mu    sync.Mutex
	facts []string
}

var (
	anyID  = regexp.MustCompile(`[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}`)
	quoted = regexp.MustCompile(`'[^']{40,}'|"[^"]{40,}"`) // a value that a reason quotes
)

// add adds a fact, once.
func (r *report) add(format string, args ...any) {
	fact := anyID.ReplaceAllString(fmt.Sprintf(format, args...), "{id}")
	fact = quoted.ReplaceAllString(strings.ReplaceAll(fact, r.key, "{key}"), "…")
	r.mu.Lock()
	defer r.mu.Unlock()
	if !slices.Contains(r.facts, fact) {
		r.facts = append(r.facts, fact)
	}
}

// text is what to send in.
func (r *report) text(base string, asked []string) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var b strings.Builder
	fmt.Fprintf(&b, "%s was sent %d requests: %d facts differ from docs/api-facts.md and edentest/openapi.yaml\n", base, len(asked), len(r.facts))
	for i, fact := range r.facts {
		fmt.Fprintf(&b, "%2d. %s\n", i+1, fact)
	}
	if len(r.facts) > 0 {
		b.WriteString("Please send this in as an issue. It holds no key, no id and no output.\n")
	}
	counts := map[string]int{}
	for _, answer := range asked {
		counts[answer]++
	}
	answers := make([]string, 0, len(counts))
	for answer, n := range counts {
		answers = append(answers, fmt.Sprintf("  %s: %d", answer, n))
	}
	slices.Sort(answers)
	return b.String() + "Answers:\n" + strings.Join(answers, "\n")
}

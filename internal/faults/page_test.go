package faults

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/edenwait/edenwait/internal/soak"
)

// faultsPage is docs/faults.md: a sentence for all faults of a section that cost
// the caller nothing, and a table of the others.
func faultsPage(rows []faultRow) []byte {
	var page bytes.Buffer
	page.WriteString(faultsIntro)
	for len(rows) > 0 {
		section := rows[0].section
		var harmless, others []faultRow
		for ; len(rows) > 0 && rows[0].section == section; rows = rows[1:] {
			if rows[0].want == everyResult {
				harmless = append(harmless, rows[0])
			} else {
				others = append(others, rows[0])
			}
		}
		fmt.Fprintf(&page, "\n## %s\n", section)
		if len(harmless) > 0 {
			page.WriteString("\nThe caller gets every result:\n\n")
			writeHarmless(&page, harmless)
		}
		if len(others) > 0 {
			page.WriteString("\n| fault | what the caller gets |\n|---|---|\n")
		}
		for _, row := range others {
			fmt.Fprintf(&page, "| %s | %s |\n", row.name, row.want)
		}
	}
	fmt.Fprintf(&page, "\nScenarios run for this page: %d. The soak mixes all of this at random: %d scenarios in `go test`,\nmore if `EDENWAIT_SOAK` says so.\n",
		len(faultRows())*faultSeeds, soak.Scenarios)
	return page.Bytes()
}

// writeHarmless writes an item for all faults that were tried on the same requests.
func writeHarmless(page *bytes.Buffer, rows []faultRow) {
	var names []string
	on := map[string][]string{}
	for _, row := range rows {
		if on[row.name] == nil {
			names = append(names, row.name)
		}
		on[row.name] = append(on[row.name], row.on)
	}
	var groups []string
	members := map[string][]string{}
	for _, name := range names {
		group := requestsIn(on[name])
		if members[group] == nil {
			groups = append(groups, group)
		}
		members[group] = append(members[group], name)
	}
	for _, group := range groups {
		fmt.Fprintf(page, "- %s%s\n", group, strings.Join(members[group], " · "))
	}
}

// requestsIn says on which requests a fault was tried.
func requestsIn(on []string) string {
	switch {
	case len(on) > 1:
		return "on GETs, on pages of the list, and on both: "
	case on[0] == "get":
		return "on GETs: "
	case on[0] == "list":
		return "on pages of the list: "
	}
	return ""
}

const faultsIntro = `<!-- Written by go test ./internal/faults -run TestFaults -update. Do not edit. -->
# What goes wrong, and what the caller gets

Each fault on this page is a test: thirteen jobs that run for up to three minutes, three times with different jobs, in
virtual time, with the default ` + "`Config`" + ` unless the fault names a field. No result is ever lost: the caller
gets each result that a GET has returned, or could still return. The faults have their names from
[edentest](../edentest/effect.go).

[errors.md](errors.md) says what to do about each error.
`

package faults

import (
	"encoding/json"
	"strings"
	"time"

	"github.com/edenwait/edenwait/edentest"
	"github.com/edenwait/edenwait/internal/testbed"
)

// wireRows: what comes once, and what comes of the wire and of lists that lie.
func wireRows() (rows []faultRow) {
	add := func(name string, opts edentest.Options) *faultRow {
		rows = append(rows, faultRow{section: "Once, or on the wire", name: name, want: everyResult, opts: opts})
		return &rows[len(rows)-1]
	}
	struck := func(name string, fault edentest.Fault) { add(name, edentest.Options{Faults: []edentest.Fault{fault}}) }
	for _, effect := range []edentest.Effect{edentest.Unauthorized(), edentest.Forbidden(), edentest.ForbiddenPage()} {
		struck(effect.String()+", once, after good answers", edentest.Fault{On: edentest.Get, Skip: 5, Times: 1, Do: effect})
	}
	struck("each job that runs is unknown once", edentest.Fault{On: edentest.Get, PerJob: true, Skip: 1, Times: 1, Do: edentest.StrayNotFound()})
	struck("a connection goes silent", edentest.Fault{From: 5 * time.Second, Times: 1, Do: edentest.Silence()})
	struck("connections go silent, one after another", edentest.Fault{Skip: 5, Times: 5, Do: edentest.Silence()})
	struck("503 with Retry-After, for two minutes", edentest.Fault{From: 5 * time.Second, Until: 125 * time.Second, Do: edentest.Unavailable(2 * time.Minute)})
	struck("each job says once when to come back, a minute later", edentest.Fault{On: edentest.Get, PerJob: true, Times: 1, Do: edentest.Processing(202, "60")})
	struck("429 to everything for an hour", edentest.Fault{From: 5 * time.Second, Until: time.Hour, Do: edentest.RetryAfter("")})
	add("a ban of 31 s that every request restarts", edentest.Options{Ban: 31 * time.Second}).event = func(api *edentest.API) {
		time.Sleep(20 * time.Second)
		testbed.Spend(api)
	}
	add("a line of 0.1 Mbit/s, and an output of 1 MB", edentest.Options{Bandwidth: 1e5}).victim = edentest.Script{Output: json.RawMessage(`"` + strings.Repeat("x", 1<<20) + `"`)}
	add("the list shows a job as running forever", edentest.Options{}).victim = edentest.Script{After: 10 * time.Second, StuckInList: true}
	add("pages of five jobs", edentest.Options{ListPageSize: 5})
	add("pages of five jobs, without totals", edentest.Options{ListPageSize: 5, ListNoTotals: true})
	return rows
}

package edentest

import (
	"math"
	"net/url"
	"strconv"
	"time"
)

// A filter is a list request, understood.
type filter struct {
	feature, subfeature, status string
	page, limit                 int
}

// match tells whether the filter lets the job pass. A status outside the
// contract can be seen in the list, but not be asked for.
func (f *filter) match(j *job, at time.Duration) bool {
	if f.status != "" && f.status != j.listedStatus(at) {
		return false
	}
	if f.feature == "" && f.subfeature == "" {
		return true
	}
	v := j.names()
	return (f.feature == "" || f.feature == v.feature) && (f.subfeature == "" || f.subfeature == v.subfeature)
}

func parseFilter(query string) (filter, []problem) {
	q, _ := url.ParseQuery(query) // malformed parts are dropped, as the service's framework does
	f := filter{feature: q.Get("feature"), subfeature: q.Get("subfeature"), status: q.Get("status"), page: 1, limit: 100}
	var problems []problem
	refuse := func(name, msg, kind string) {
		problems = append(problems, problem{[]string{"query", name}, msg, kind})
	}
	number := func(name string, v *int, most int) {
		if !q.Has(name) {
			return
		}
		n, err := strconv.Atoi(q.Get(name))
		switch {
		case err != nil:
			refuse(name, "Input should be a valid integer, unable to parse string as an integer", "int_parsing")
		case n < 1:
			refuse(name, "Input should be greater than or equal to 1", "greater_than_equal")
		case n > most:
			refuse(name, "Input should be less than or equal to "+strconv.Itoa(most), "less_than_equal")
		default:
			*v = n
		}
	}
	number("page", &f.page, math.MaxInt)
	number("limit", &f.limit, 1000)
	// (unsure) The live service might as well answer with an empty page.
	switch f.status {
	case "", "processing", "success", "fail":
	default:
		refuse("status", "Input should be 'processing', 'success' or 'fail'", "enum")
	}
	return f, problems
}

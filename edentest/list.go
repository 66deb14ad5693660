package edentest

import (
	"math"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// A filter is a list request, understood.
type filter struct {
	feature, subfeature, status string
	page, limit                 int
}

// list answers GET of the job list.
func (a *API) list(x *exchange) {
	if code := a.opts.ListOff; code != 0 {
		x.detail(code, http.StatusText(code))
		return
	}
	f, problems := parseFilter(x.query)
	if problems != nil {
		x.unprocessable(problems...)
		return
	}
	skip := min(f.page-1, len(a.jobs)) * f.limit // a page far away would overflow
	at := x.now - x.lag
	b := make([]byte, 0, 8<<10)
	b = append(b, `{"items":[`...)
	first := true
	total := a.page(&f, at, skip, func(j *job) {
		if !first {
			b = append(b, ',')
		}
		first = false
		b = a.summary(b, j, at, x.skew)
	})
	b = append(b, `],"total":`...)
	b = strconv.AppendInt(b, int64(total), 10)
	b = append(b, `,"page":`...)
	b = strconv.AppendInt(b, int64(f.page), 10)
	b = append(b, `,"limit":`...)
	b = strconv.AppendInt(b, int64(f.limit), 10)
	// (unsure) An empty list has no pages here; it might as well have one.
	b = append(b, `,"total_pages":`...)
	b = strconv.AppendInt(b, int64((total+f.limit-1)/f.limit), 10)
	x.json(http.StatusOK, append(b, '}'))
}

// match tells whether the filter lets the job pass. A status outside the
// contract can be seen in the list, but not be asked for.
func (f *filter) match(j *job, at time.Duration) bool {
	if f.status != "" && f.status != j.status(at) {
		return false
	}
	if f.feature == "" && f.subfeature == "" {
		return true
	}
	v := j.names()
	return (f.feature == "" || f.feature == v.feature) && (f.subfeature == "" || f.subfeature == v.subfeature)
}

func parseFilter(query string) (filter, []problem) {
	q, _ := url.ParseQuery(query) // what is malformed is dropped, as the service's framework does
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

package edenwait

import (
	"errors"
	"net/url"
	"strconv"
	"time"
)

// ListQuery selects a page of the account's jobs. Empty fields do not filter.
type ListQuery struct {
	Status     Status
	Feature    string
	Subfeature string
	// Page counts from 1. Defaults to 1.
	Page int
	// Limit is the size of a page, 1 to 1000. Defaults to 100.
	Limit int
}

// JobPage is one page of the account's jobs.
type JobPage struct {
	Items []JobSummary `json:"items"`
	// Total and TotalPages count what the query selects, at the time of asking.
	Total int `json:"total"`
	// Page and Limit are the query's, as the server took them.
	Page       int `json:"page"`
	Limit      int `json:"limit"`
	TotalPages int `json:"total_pages"`
}

// JobSummary is a job as the list shows it, without output, error and cost. The
// fields are those of a Job.
type JobSummary struct {
	ID         string    `json:"public_id"`
	Status     Status    `json:"status"`
	Feature    string    `json:"feature"`
	Subfeature string    `json:"subfeature"`
	Provider   string    `json:"provider"`
	Model      string    `json:"model,omitempty"`
	CreatedAt  time.Time `json:"created_at,omitzero"`
}

// UnmarshalJSON reads a page of the API. Names match exactly. A field or an item
// of an unforeseen shape is left zero; items must be an array.
func (p *JobPage) UnmarshalJSON(data []byte) error {
	parsed, err := parsePage(data)
	if err != nil {
		return err
	}
	*p = *parsed
	return nil
}

// UnmarshalJSON reads an item of the list, as tolerantly as a Job is read.
func (s *JobSummary) UnmarshalJSON(data []byte) error {
	if string(data) == "null" {
		return nil
	}
	var item JobSummary
	if err := scanObject(data, item.member(&item)); err != nil {
		return err
	}
	*s = item
	return nil
}

// parsePage reads one page, in one pass. It keeps nothing of data.
func parsePage(data []byte) (*JobPage, error) {
	page := &JobPage{}
	err := scanObject(data, func(s *scanner, name string) error {
		var count *int
		switch name {
		case "items":
			items, err := parseItems(s)
			page.Items = items
			return err
		case "total":
			count = &page.Total
		case "page":
			count = &page.Page
		case "limit":
			count = &page.Limit
		case "total_pages":
			count = &page.TotalPages
		default:
			return nil
		}
		value, err := s.value()
		*count = value.number()
		return err
	})
	if err == nil && page.Items == nil {
		err = errors.New("items are missing")
	}
	if err != nil {
		return nil, err
	}
	return page, nil
}

// itemBytes is about what an item takes on the wire. It sizes the first
// allocation: growing by doubling would cost a page as much again.
const itemBytes = 200

// parseItems reads the array of items that begins here, nil if it is none.
func parseItems(s *scanner) ([]JobSummary, error) {
	if s.peek() != '[' {
		return nil, nil // the caller's scanner skips it
	}
	items := make([]JobSummary, 0, min((len(s.data)-s.at)/itemBytes+1, 1024))
	var last JobSummary
	err := s.array(func(s *scanner) error {
		items = append(items, JobSummary{})
		if s.peek() != '{' {
			_, err := s.value()
			return err
		}
		item := &items[len(items)-1]
		err := s.object(item.member(&last))
		last = *item
		return err
	})
	return items, err
}

// member reads a member of the item. Most items have the words of the one before
// them, which are then shared.
func (s *JobSummary) member(last *JobSummary) func(*scanner, string) error {
	return func(scan *scanner, name string) error {
		var text, known *string
		switch name {
		case "public_id":
			text, known = &s.ID, &last.ID
		case "status":
			text, known = (*string)(&s.Status), (*string)(&last.Status)
		case "feature":
			text, known = &s.Feature, &last.Feature
		case "subfeature":
			text, known = &s.Subfeature, &last.Subfeature
		case "provider":
			text, known = &s.Provider, &last.Provider
		case "model":
			text, known = &s.Model, &last.Model
		case "created_at":
			value, err := scan.value()
			s.CreatedAt = parseTime(value.text())
			return err
		default:
			return nil
		}
		value, err := scan.value()
		if inner, ok := value.simple(); ok && string(inner) == *known {
			*text = *known
		} else {
			*text = value.text()
		}
		return err
	}
}

func (q ListQuery) values() url.Values {
	values := url.Values{}
	for name, value := range map[string]string{"status": string(q.Status), "feature": q.Feature, "subfeature": q.Subfeature} {
		if value != "" {
			values.Set(name, value)
		}
	}
	for name, value := range map[string]int{"page": q.Page, "limit": q.Limit} {
		if value != 0 {
			values.Set(name, strconv.Itoa(value))
		}
	}
	return values
}

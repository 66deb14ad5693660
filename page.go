package edenwait

import (
	"bytes"
	"errors"
	"net/url"
	"strconv"
	"strings"
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
	// Total is the number of jobs that the query selects, and TotalPages the number of
	// pages, at the time of the request.
	Total int `json:"total"`
	// Page and Limit are the query's, as the server applied them.
	Page       int `json:"page"`
	Limit      int `json:"limit"`
	TotalPages int `json:"total_pages"`
}

// JobSummary is a job in the list, without output, error and cost. Its fields
// have the same meaning as in a Job.
type JobSummary struct {
	ID         string    `json:"public_id"`
	Status     Status    `json:"status"`
	Feature    string    `json:"feature"`
	Subfeature string    `json:"subfeature"`
	Provider   string    `json:"provider"`
	Model      string    `json:"model,omitempty"`
	CreatedAt  time.Time `json:"created_at,omitzero"`
}

// UnmarshalJSON reads a page of the API. Names match exactly. A field or an item of an
// unexpected shape is left zero. The items field must be an array.
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
	var (
		item  JobSummary
		words pageWords
	)
	if err := scanObject(data, words.reader(&item)); err != nil {
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
		err = errors.New("items is missing or not an array")
	}
	if err != nil {
		return nil, err
	}
	return page, nil
}

// parseItems reads the array of items that begins here, nil if it is not an array.
func parseItems(s *scanner) ([]JobSummary, error) {
	if s.peek() != '[' {
		return nil, nil // the caller's scanner skips it
	}
	// Counted first: growing by doubling would cost a page as much again.
	count := bytes.Count(s.data[s.at:], []byte(`"public_id"`))
	items := make([]JobSummary, 0, min(count, 1024))
	var words pageWords
	err := s.array(func(s *scanner) error {
		items = append(items, JobSummary{})
		if s.peek() != '{' {
			_, err := s.value()
			return err
		}
		item := &items[len(items)-1]
		err := s.object(words.reader(item))
		words.last = *item
		return err
	})
	return items, err
}

// pageWords are the strings of a page. Its ids lie in few pieces of memory, and
// most items have the other words of the one before them, which are then shared:
// a page is a thousand items, and else five thousand allocations.
type pageWords struct {
	ids  strings.Builder
	last JobSummary
}

func (w *pageWords) reader(item *JobSummary) func(*scanner, string) error {
	return func(s *scanner, name string) error {
		var text, before *string
		switch name {
		case "public_id":
			value, err := s.value()
			item.ID = w.id(value)
			return err
		case "created_at":
			value, err := s.value()
			item.CreatedAt = parseCreated(value)
			return err
		case "status":
			text, before = (*string)(&item.Status), (*string)(&w.last.Status)
		case "feature":
			text, before = &item.Feature, &w.last.Feature
		case "subfeature":
			text, before = &item.Subfeature, &w.last.Subfeature
		case "provider":
			text, before = &item.Provider, &w.last.Provider
		case "model":
			text, before = &item.Model, &w.last.Model
		default:
			return nil
		}
		value, err := s.value()
		if inner, ok := value.simple(); ok && string(inner) == *before {
			*text = *before
		} else {
			*text = value.text()
		}
		return err
	}
}

// idBlock is how much memory ids share. It stays as long as one of them is kept.
const idBlock = 4 << 10

func (w *pageWords) id(value span) string {
	inner, ok := value.simple()
	if !ok || len(inner) > idBlock {
		return value.text()
	}
	if w.ids.Cap()-w.ids.Len() < len(inner) {
		w.ids = strings.Builder{}
		w.ids.Grow(idBlock)
	}
	from := w.ids.Len()
	w.ids.Write(inner)
	return w.ids.String()[from:]
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

package cost

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"path"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
)

// inMemory is a service whose jobs never end. Everyone reaches it over the same
// HTTP code.
type inMemory struct {
	jobs  int
	list  bool // there is a job list
	first bool // ready when the first job has been polled

	left  atomic.Int64  // jobs, or pages of the list, that nobody has asked for
	asked []atomic.Bool // by the job's or page's number
	ready chan struct{} // closed when there are none
	once  sync.Once
}

const pageSize = 1000

func newInMemory(jobs int, list, first bool) *inMemory {
	notes := jobs
	if list {
		notes = (jobs + pageSize - 1) / pageSize
	}
	s := &inMemory{jobs: jobs, list: list, first: first, asked: make([]atomic.Bool, notes), ready: make(chan struct{})}
	s.left.Store(int64(notes))
	return s
}

// weight is what the notes take up.
func (s *inMemory) weight() float64 { return 4 * float64(len(s.asked)) }

// RoundTrip implements http.RoundTripper.
func (s *inMemory) RoundTrip(req *http.Request) (*http.Response, error) {
	if err := req.Context().Err(); err != nil {
		return nil, err
	}
	id := path.Base(req.URL.Path)
	if number, ok := strings.CutPrefix(id, running); ok {
		n, err := strconv.ParseInt(number, 16, 64)
		if err != nil {
			return nil, err
		}
		if !s.list {
			s.note(int(n))
		}
		return answer(req, http.StatusOK, response(id, "processing", "null")), nil
	}
	if !s.list {
		return answer(req, http.StatusNotFound, []byte(`{"detail":"Not Found"}`)), nil
	}
	select {
	case <-s.ready: // no page is decoded while jobs are weighed
		<-req.Context().Done()
		return nil, req.Context().Err()
	default:
	}
	page, err := strconv.Atoi(req.URL.Query().Get("page"))
	if err != nil {
		page = 1
	}
	if limit := req.URL.Query().Get("limit"); limit != strconv.Itoa(pageSize) {
		return nil, fmt.Errorf("a page of %s jobs, want %d", limit, pageSize)
	}
	resp := answer(req, http.StatusOK, s.page(page))
	s.note(page - 1)
	return resp, nil
}

// note marks one as asked for.
func (s *inMemory) note(number int) {
	if s.asked[number].CompareAndSwap(false, true) && s.left.Add(-1) == 0 || s.first {
		s.once.Do(func() { close(s.ready) })
	}
}

func (s *inMemory) page(page int) []byte {
	b := []byte(`{"items":[`)
	for i := (page - 1) * pageSize; i < min(page*pageSize, s.jobs); i++ {
		if i > (page-1)*pageSize {
			b = append(b, ',')
		}
		b = fmt.Appendf(b, `{"public_id":"%s%012x","status":"processing","feature":"audio","subfeature":"speech_to_text_async","provider":"deepgram","model":null,"created_at":"2025-01-01T00:00:00.000000Z"}`, running, i)
	}
	pages := (s.jobs + pageSize - 1) / pageSize
	return fmt.Appendf(b, `],"total":%d,"page":%d,"limit":%d,"total_pages":%d}`, s.jobs, page, pageSize, pages)
}

func answer(req *http.Request, status int, body []byte) *http.Response {
	return &http.Response{
		Status: strconv.Itoa(status) + " " + http.StatusText(status), StatusCode: status,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: http.Header{"Content-Type": {"application/json"}},
		Body:   io.NopCloser(bytes.NewReader(body)), ContentLength: int64(len(body)), Request: req,
	}
}

package metrics

import (
	"errors"
	"net/http"
	"strconv"
	"sync/atomic"

	"github.com/edenwait/edenwait"
	"github.com/edenwait/edenwait/webhook"
)

// Page is what Prometheus scrapes. It is safe for concurrent use.
type Page struct {
	ends    *ends
	rejects [len(rejectKinds)]atomic.Int64
	scrapes chan struct{}
}

// rejectKinds are the reasons for which a webhook delivery is rejected.
var rejectKinds = [...]string{other, "signature", "too_large"}

// maxScrapes bounds how many scrapes are answered at the same time, and so the memory that
// slow readers can hold.
const maxScrapes = 16

// NewPage returns a Page without a job.
func NewPage() *Page { return &Page{ends: newEnds(), scrapes: make(chan struct{}, maxScrapes)} }

// JobEnd counts a job that ended.
func (p *Page) JobEnd(info edenwait.JobEndInfo) { p.ends.record(&info) }

// Reject counts a webhook delivery that was not answered 200.
func (p *Page) Reject(err error) {
	var tooLarge *http.MaxBytesError
	kind := 0
	switch {
	case errors.Is(err, webhook.ErrSignature):
		kind = 1
	case errors.As(err, &tooLarge):
		kind = 2
	}
	p.rejects[kind].Add(1)
}

// Text is the page. Name tells the Waiter from others.
func (p *Page) Text(name string, stats edenwait.Stats) string {
	var t text
	waiter := label{"edenwait_waiter_name", name}
	for i := range families {
		f := &families[i]
		t.head(f.name, f.kind, f.help)
		for _, point := range f.points {
			t.sample(f.name, point.value(&stats), point.label, waiter)
		}
	}
	p.ends.write(&t, waiter)
	p.writeRejects(&t, waiter)
	return t.String()
}

func (p *Page) writeRejects(t *text, waiter label) {
	const name = "edenwait_webhook_rejects_total"
	t.head(name, counter, "Webhook deliveries that were not answered 200.")
	for i, kind := range rejectKinds {
		t.sample(name, float64(p.rejects[i].Load()), waiter, label{"error_type", kind})
	}
}

// Handler serves the page at /metrics.
func (p *Page) Handler(name string, stats func() edenwait.Stats) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /metrics", func(w http.ResponseWriter, _ *http.Request) {
		select {
		case p.scrapes <- struct{}{}:
			defer func() { <-p.scrapes }()
		default:
			http.Error(w, "too many scrapes at the same time", http.StatusServiceUnavailable)
			return
		}
		body := p.Text(name, stats())
		w.Header().Set("Content-Type", ContentType)
		w.Header().Set("Content-Length", strconv.Itoa(len(body)))
		_, _ = w.Write([]byte(body)) // a reader that is gone misses nothing
	})
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "metrics are at /metrics", http.StatusNotFound)
	})
	return mux
}

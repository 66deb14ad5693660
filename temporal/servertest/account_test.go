package servertest

import (
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/edenwait/edenwait/edentest"
)

// An account is the API with a listener per sender: the address that a request was sent to tells who
// sent it, and a process needs to know nothing of this.
type account struct {
	*edentest.API

	mu      sync.Mutex
	senders map[string]string // by address
}

func newAccount(opts edentest.Options) *account {
	return &account{API: edentest.New(opts), senders: make(map[string]string)}
}

// url returns the address of the sender's own listener, which lives as long as the test.
func (a *account) url(t *testing.T, sender string) string {
	t.Helper()
	listener := httptest.NewServer(a.API)
	t.Cleanup(listener.Close)
	a.mu.Lock()
	defer a.mu.Unlock()
	a.senders[strings.TrimPrefix(listener.URL, "http://")] = sender
	return listener.URL
}

// A sent is one request, and who sent it.
type sent struct {
	edentest.Request
	Sender string
}

// requests returns those of the given kinds, in the order of arrival.
func (a *account) requests(kinds edentest.Kind) []sent {
	a.mu.Lock()
	defer a.mu.Unlock()
	var all []sent
	for _, r := range a.Requests() {
		if r.Kind&kinds != 0 {
			all = append(all, sent{r, a.senders[r.Host]})
		}
	}
	return all
}

// lag is how much later than its end a GET showed a job's end, the mean and the most of them.
func (a *account) lag(t *testing.T, ids []string) (mean, most time.Duration) {
	t.Helper()
	var sum time.Duration
	for _, id := range ids {
		ended, _ := a.EndedAt(id)
		seen, ok := a.FirstSeenEnded(id)
		if !ok {
			t.Fatalf("job %s was never seen to end", id)
		}
		sum += seen.Sub(ended)
		most = max(most, seen.Sub(ended))
	}
	return sum / time.Duration(len(ids)), most
}

// spans returns who sent when: one for each run of requests of one sender.
type span struct {
	sender      string
	first, last time.Time
	requests    int
}

func spans(requests []sent) []span {
	var all []span
	for _, r := range requests {
		if n := len(all); n > 0 && all[n-1].sender == r.Sender {
			all[n-1].last = r.Time
			all[n-1].requests++
			continue
		}
		all = append(all, span{sender: r.Sender, first: r.Time, last: r.Time, requests: 1})
	}
	return all
}

// checkOneLeader fails the test unless the senders took turns: none comes back after
// another one has begun, and a second or more passes between two of them.
func checkOneLeader(t *testing.T, requests []sent) []span {
	t.Helper()
	all := spans(requests)
	for i, s := range all {
		t.Logf("%s sent %d requests in %v", s.sender, s.requests, s.last.Sub(s.first).Round(time.Millisecond))
		if i == 0 {
			continue
		}
		gap := s.first.Sub(all[i-1].last)
		t.Logf("%v passed between %s and %s", gap.Round(time.Millisecond), all[i-1].sender, s.sender)
		if gap < time.Second {
			t.Errorf("%s and %s sent requests within one second", all[i-1].sender, s.sender)
		}
		if slices.ContainsFunc(all[:i], func(before span) bool { return before.sender == s.sender }) {
			t.Errorf("%s sent requests after another process had taken over", s.sender)
		}
	}
	return all
}

// lastSender returns who sent the last request of those kinds, or nothing.
func (a *account) lastSender(kinds edentest.Kind) string {
	all := a.requests(kinds)
	if len(all) == 0 {
		return ""
	}
	return all[len(all)-1].Sender
}

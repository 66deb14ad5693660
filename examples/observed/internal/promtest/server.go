package promtest

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
)

// Server is a Prometheus that runs.
type Server struct {
	t   testing.TB
	url string
}

var listening = regexp.MustCompile(`msg="Listening on".* address=(\S+)`)

// Start starts a Prometheus with this configuration and the blocks that are in dir. It
// ends with the test.
func (tools Tools) Start(t testing.TB, config, dir string) *Server {
	t.Helper()
	file := filepath.Join(t.TempDir(), "prometheus.yml")
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cmd := exec.CommandContext(ctx, tools.prometheus, "--config.file="+file, "--storage.tsdb.path="+dir,
		"--storage.tsdb.retention.time=100y", "--web.listen-address=127.0.0.1:0")
	log, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	read := make(chan struct{})
	t.Cleanup(func() {
		cancel() // kills it: what it has stored is thrown away
		<-read
		_ = cmd.Wait()
	})
	address := make(chan string, 1)
	var text strings.Builder // its log, until it listens
	go func() {
		defer close(read)
		defer close(address)
		lines := bufio.NewScanner(log)
		for lines.Scan() {
			if match := listening.FindStringSubmatch(lines.Text()); match != nil {
				address <- match[1]
				_, _ = io.Copy(io.Discard, log)
				return
			}
			text.WriteString(lines.Text() + "\n")
		}
	}()
	at, ok := <-address
	if !ok {
		t.Fatalf("prometheus has ended:\n%s", text.String())
	}
	s := &Server{t, "http://" + at}
	s.Eventually("Prometheus is ready", func() bool {
		resp, err := s.request(http.MethodGet, "/-/ready", nil)
		if err != nil {
			return false
		}
		resp.Body.Close()
		return resp.StatusCode == http.StatusOK
	})
	return s
}

func (s *Server) request(method, path string, form url.Values) (*http.Response, error) {
	req, err := http.NewRequestWithContext(s.t.Context(), method, s.url+path, strings.NewReader(form.Encode()))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return http.DefaultClient.Do(req)
}

// Eventually asks until it is so. The bound is for what never comes.
func (s *Server) Eventually(what string, so func() bool) {
	s.t.Helper()
	ticker := time.NewTicker(20 * time.Millisecond)
	defer ticker.Stop()
	for late := time.After(time.Minute); !so(); {
		select {
		case <-ticker.C:
		case <-late:
			s.t.Fatalf("not in a minute: %s", what)
		}
	}
}

// Point is a value at a time.
type Point struct {
	Time  time.Time
	Value float64
}

// UnmarshalJSON reads [seconds, "value"].
func (p *Point) UnmarshalJSON(text []byte) (err error) {
	var pair [2]json.RawMessage
	var seconds float64
	var value string
	if err = json.Unmarshal(text, &pair); err != nil {
		return err
	}
	if err = json.Unmarshal(pair[0], &seconds); err != nil {
		return err
	}
	if err = json.Unmarshal(pair[1], &value); err != nil {
		return err
	}
	p.Time = time.UnixMilli(int64(seconds*1000 + 0.5))
	p.Value, err = strconv.ParseFloat(value, 64)
	return err
}

// Series is what an expression is over time, or, with one point, at a time.
type Series struct {
	Labels map[string]string `json:"metric"`
	Point  Point             `json:"value"`
	Points []Point           `json:"values"`
}

// Query evaluates an expression at a time.
func (s *Server) Query(expression string, at time.Time) []Series {
	s.t.Helper()
	return s.get("query", url.Values{"query": {expression}, "time": {stamp(at)}})
}

// QueryRange evaluates an expression again and again.
func (s *Server) QueryRange(expression string, from, to time.Time, step time.Duration) []Series {
	s.t.Helper()
	return s.get("query_range", url.Values{
		"query": {expression}, "start": {stamp(from)}, "end": {stamp(to)}, "step": {fmt.Sprint(step.Seconds())},
	})
}

func stamp(at time.Time) string { return strconv.FormatFloat(float64(at.UnixMilli())/1000, 'f', 3, 64) }

func (s *Server) get(what string, values url.Values) []Series {
	s.t.Helper()
	resp, err := s.request(http.MethodPost, "/api/v1/"+what, values)
	if err != nil {
		s.t.Fatal(err)
	}
	defer resp.Body.Close()
	var answer struct {
		Error string
		Data  struct{ Result []Series }
	}
	if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil {
		s.t.Fatal(err)
	}
	if answer.Error != "" {
		s.t.Fatalf("%s: %s", values.Get("query"), answer.Error)
	}
	return answer.Data.Result
}

//go:build !windows

package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"github.com/edenwait/edenwait/edentest"
)

// scrapedRun is a run of wait with --metrics.
type scrapedRun struct {
	*exec.Cmd
	url    string
	hooks  string // the URL for webhooks, with --listen
	stdout bytes.Buffer
	stderr *bufio.Reader
}

var metricsAt = regexp.MustCompile(`^edenwait: serving metrics at (http://127\.0\.0\.1:\d+)/metrics\n$`)

func startScraped(t *testing.T, server *edentest.Server, args ...string) *scrapedRun {
	t.Helper()
	run := &scrapedRun{Cmd: command(t, append([]string{"wait", "--base-url", server.URL, "--rate", "1000", "--metrics", "127.0.0.1:0"}, args...)...)}
	stderr, err := run.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	run.Stdout, run.stderr = &run.stdout, bufio.NewReader(stderr)
	if err := run.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := run.stderr.ReadString('\n')
	if match := hooksAt.FindStringSubmatch(line); match != nil {
		run.hooks = match[1]
		line, err = run.stderr.ReadString('\n')
	}
	match := metricsAt.FindStringSubmatch(line)
	if err != nil || match == nil {
		t.Fatalf("got %q, %v", line, err)
	}
	run.url = match[1]
	return run
}

// end waits for it, and returns its exit code.
func (run *scrapedRun) end(t *testing.T) int {
	t.Helper()
	_, _ = io.Copy(io.Discard, run.stderr)
	return code(t, run.Cmd)
}

// scrape reads the page as Prometheus' own library does: the sum of each family.
func (run *scrapedRun) scrape(t *testing.T) map[string]float64 {
	t.Helper()
	resp, err := http.Get(run.url + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	format := expfmt.ResponseFormat(resp.Header)
	if resp.StatusCode != http.StatusOK || format.FormatType() != expfmt.TypeTextPlain {
		t.Fatalf("%s, %s", resp.Status, resp.Header)
	}
	parser := expfmt.NewTextParser(model.LegacyValidation)
	families, err := parser.TextToMetricFamilies(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	sums := map[string]float64{}
	for name, family := range families {
		for _, m := range family.GetMetric() {
			sums[name] += m.GetGauge().GetValue() + m.GetCounter().GetValue() + float64(m.GetHistogram().GetSampleCount())
		}
	}
	return sums
}

// TestMetrics: while the wait lasts, the metrics are what the API has seen. With it,
// they end.
func TestMetrics(t *testing.T) {
	t.Parallel()
	server := startAccount(t, edentest.Options{Rate: -1})
	never := server.Submit(edentest.Script{After: edentest.Never})
	ids := []string{never, server.Submit(edentest.Script{}), server.Submit(edentest.Script{Status: "fail"})}
	run := startScraped(t, server, ids...)
	var got map[string]float64
	eventually(t, "the ends of two jobs", func() bool {
		got = run.scrape(t)
		return got["edenwait_jobs_total"] == 2
	})
	for name, want := range map[string]float64{
		"edenwait_job_active": 1, "edenwait_call_active": 1, "edenwait_job_waited_seconds": 2,
		"edenwait_request_limit_per_second": 1000, "edenwait_list_status": 1,
	} {
		if got[name] != want {
			t.Errorf("%s is %v, want %v", name, got[name], want)
		}
	}
	if sent := got["edenwait_requests_total"]; sent < 3 || sent > float64(server.Stats().Requests())+1 {
		t.Errorf("%v requests, of %d", sent, server.Stats().Requests())
	}
	server.Finish(never)
	if got := run.end(t); got != exitFailed {
		t.Errorf("exit code %d", got)
	}
	if _, err := http.Get(run.url + "/metrics"); err == nil {
		t.Error("it still listens")
	}
}

// TestMetricsHostile: readers that do not read, and more of them than are answered,
// hold up neither the jobs nor the end.
func TestMetricsHostile(t *testing.T) {
	t.Parallel()
	server := startAccount(t, edentest.Options{Rate: -1})
	never := server.Submit(edentest.Script{After: edentest.Never})
	run := startScraped(t, server, never)
	addr := strings.TrimPrefix(run.url, "http://")
	for i := range 50 {
		conn, err := net.Dial("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		switch i % 3 {
		case 0: // says nothing
		case 1: // asks again and again, and reads nothing
			_, err = conn.Write(bytes.Repeat([]byte("GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n"), 1000))
		case 2: // never says the end of it
			_, err = conn.Write([]byte("GET /metrics HTTP/1.1\r\nHost: a\r\nX: "))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	scraped := make(chan error)
	for range 100 {
		go func() {
			resp, err := http.Get(run.url + "/metrics")
			if err == nil {
				defer resp.Body.Close()
				if _, err = io.Copy(io.Discard, resp.Body); resp.StatusCode != http.StatusOK && resp.StatusCode != http.StatusServiceUnavailable {
					err = fmt.Errorf("%s", resp.Status)
				}
			}
			scraped <- err
		}()
	}
	for range 100 {
		if err := <-scraped; err != nil {
			t.Error(err)
		}
	}
	server.Finish(never)
	if got := run.end(t); got != exitSucceeded || !strings.Contains(run.stdout.String(), `"outcome":"success"`) {
		t.Errorf("exit code %d, stdout %s", got, run.stdout.Bytes())
	}
}

// TestMetricsCountsRejects: what --listen rejects is among the metrics.
func TestMetricsCountsRejects(t *testing.T) {
	t.Parallel()
	server := startAccount(t, edentest.Options{Rate: -1})
	never := server.Submit(edentest.Script{After: edentest.Never})
	cmd := startScraped(t, server, "--listen", "127.0.0.1:0", never)
	resp, err := http.Post(cmd.hooks, "application/json", strings.NewReader(`{"no":"id"}`))
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if got := cmd.scrape(t)["edenwait_webhook_rejects_total"]; got != 1 {
		t.Errorf("%v rejects", got)
	}
	server.Finish(never)
	if got := cmd.end(t); got != exitSucceeded {
		t.Errorf("exit code %d", got)
	}
}

// TestMetricsRefused: an address that cannot be had is found before any request, and
// before the results file is touched.
func TestMetricsRefused(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	for _, addr := range []string{taken.Addr().String(), "nowhere", "127.0.0.1:99999", "192.0.2.1:9464"} {
		server := startAccount(t, edentest.Options{})
		out := t.TempDir() + "/out.jsonl"
		cmd := command(t, "wait", "--base-url", server.URL, "--metrics", addr, "-o", out, jobID)
		var stderr bytes.Buffer
		cmd.Stderr = &stderr
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		if got := code(t, cmd); got != exitUsage || !strings.HasPrefix(stderr.String(), "edenwait: --metrics: listen tcp") {
			t.Errorf("%s: exit code %d, stderr %s", addr, got, stderr.String())
		}
		if server.Stats().Requests() > 0 || readFile(t, out) != nil {
			t.Errorf("%s: requests, or a results file", addr)
		}
	}
}

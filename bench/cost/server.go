// Package cost measures what waiting costs the machine, in real time: one GET
// against the same request written by hand, the memory of jobs that wait, and
// polling at full speed.
package cost

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path"
	"strconv"
	"strings"
)

// serverVariable turns a test binary into the server that it measures against.
const serverVariable = "EDENWAIT_BENCH_SERVER"

// The first digits of a job's id tell what its response is.
const (
	SmallJob = "00000000-0000-4000-8000-000000000000" // ended, with a sentence
	LargeJob = "88888888-0000-4000-8000-000000000000" // ended, with 8 MB

	ended   = "00000000-0000-4000-8000-" // as SmallJob
	running = "ffffffff-0000-4000-8000-" // processing, now and forever
)

// largeOutput is the size of the output of LargeJob.
const largeOutput = 8 << 20

// A Server answers GETs of jobs on a loopback address, from a process of its
// own: what it allocates, and the time that it takes, are not the client's.
type Server struct {
	URL   string
	stdin io.Closer
	cmd   *exec.Cmd
}

// StartServer starts this program again, as a server. The program must call
// ServeIfAsked before anything else. It ends with ctx, or by Close.
func StartServer(ctx context.Context) (*Server, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, self)
	cmd.Env = append(os.Environ(), serverVariable+"=1")
	cmd.Stderr = os.Stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	url, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		return nil, fmt.Errorf("cost: the server did not start: %w", err)
	}
	return &Server{URL: strings.TrimSpace(url), stdin: stdin, cmd: cmd}, nil
}

// Close stops the server.
func (s *Server) Close() error {
	if err := s.stdin.Close(); err != nil {
		return err
	}
	return s.cmd.Wait()
}

// ServeIfAsked is the server's side of StartServer: it serves until its standard
// input ends, and exits. In any other process it does nothing.
func ServeIfAsked() {
	if os.Getenv(serverVariable) == "" {
		return
	}
	large := response(LargeJob, "success", `{"text":"`+strings.Repeat("every word of it was said ", largeOutput/26)+`"}`)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id := path.Base(r.URL.Path)
		body := large
		switch {
		case strings.HasPrefix(id, "f"):
			body = response(id, "processing", "null")
		case id != LargeJob:
			body = response(id, "success", `{"text":"the work was done while nobody watched"}`)
		}
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Content-Length", strconv.Itoa(len(body)))
		_, _ = w.Write(body) // a client that has gone away is no concern here
	}))
	fmt.Println(server.URL)
	_, _ = io.Copy(io.Discard, os.Stdin) // its end is the only news
	server.Close()
	os.Exit(0)
}

func response(id, status, output string) []byte {
	return fmt.Appendf(nil, `{"public_id":%q,"status":%q,"cost":"0.00125","provider":"deepgram","feature":"audio",`+
		`"subfeature":"speech_to_text_async","model":null,"created_at":"2025-01-01T00:00:00.000000Z","error":null,"original_response":null,"output":%s}`,
		id, status, output)
}

// runningIDs are n jobs that never end.
func runningIDs(n int) []string { return numbered(running, n) }

// endedIDs are n jobs that have ended, with a sentence.
func endedIDs(n int) []string { return numbered(ended, n) }

func numbered(first string, n int) []string {
	ids := make([]string, n)
	for i := range ids {
		ids[i] = fmt.Sprintf("%s%012x", first, i)
	}
	return ids
}

//go:build unix

package servertest

import (
	"bufio"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// environment is the variable that makes this test binary a worker process, with its settings.
const environment = "EDENTEMPORAL_PROCESS"

func TestMain(m *testing.M) {
	if text := os.Getenv(environment); text != "" {
		os.Exit(workerMain(text))
	}
	flag.Parse()
	if err := flag.Set("test.parallel", "16"); err != nil { // scenes wait most of the time
		panic(err)
	}
	code := m.Run()
	if server != nil {
		server.Stop()
	}
	os.Exit(code)
}

// settings of one worker process.
type settings struct {
	Name      string
	Address   string // of the Temporal server
	Namespace string
	Account   string
	BaseURL   string
	Rate      float64

	HeartbeatTimeout time.Duration // the leader's

	Submits    bool // whether the leader submits
	Stats      bool // whether it prints its memory every second
	OnlyLeads  bool // it does not work on workflows
	NeverLeads bool
}

// workerMain is a worker process: a candidate for the lead, and a worker for the workflows. SIGTERM
// stops it cleanly, and so does the end of the test's process, which closes the standard input.
func workerMain(text string) int {
	var s settings
	if err := json.Unmarshal([]byte(text), &s); err != nil {
		fmt.Println("failed", err)
		return 1
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	go func() {
		io.Copy(io.Discard, os.Stdin)
		stop()
	}()
	if err := work(ctx, s); err != nil {
		fmt.Println("failed", err)
		return 1
	}
	fmt.Println("stopped")
	return 0
}

// A process is a worker in a process of its own.
type process struct {
	name  string
	t     *testing.T
	cmd   *exec.Cmd
	stdin io.Closer
	ended chan struct{}

	mu    sync.Mutex
	lines []string
}

// startProcess starts a worker, which is killed at the end of the test if it still runs.
func startProcess(t *testing.T, a *account, s settings) *process {
	t.Helper()
	temporal := temporalServer()
	s.Address, s.Namespace = temporal.GetFrontendHostPort(), temporal.GetDefaultNamespace()
	s.BaseURL = a.url(t, s.Name)
	text, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	p := &process{name: s.Name, t: t, cmd: exec.Command(program), ended: make(chan struct{})}
	p.cmd.Env = append(os.Environ(), environment+"="+string(text))
	p.cmd.Stderr = os.Stderr
	stdin, err := p.cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	p.stdin = stdin
	stdout, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(p.ended)
		for lines := bufio.NewScanner(stdout); lines.Scan(); {
			p.mu.Lock()
			p.lines = append(p.lines, lines.Text())
			p.mu.Unlock()
		}
		p.cmd.Wait()
	}()
	t.Cleanup(func() {
		p.signal(syscall.SIGKILL)
		<-p.ended
	})
	return p
}

// startProcesses starts n workers with the same settings.
func startProcesses(t *testing.T, a *account, n int, s settings) []*process {
	t.Helper()
	all := make([]*process, n)
	for i := range all {
		s.Name = fmt.Sprintf("worker-%d", i+1)
		all[i] = startProcess(t, a, s)
	}
	for _, p := range all {
		p.await("started")
	}
	return all
}

// named returns the process that sends under that name.
func named(t *testing.T, all []*process, name string) *process {
	t.Helper()
	for _, p := range all {
		if p.name == name {
			return p
		}
	}
	t.Fatalf("no process is named %q", name)
	return nil
}

func (p *process) signal(sig os.Signal) { p.cmd.Process.Signal(sig) }

// printed returns the rest of each line that begins with word. A failed process fails the test.
func (p *process) printed(word string) (rest []string) {
	p.t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, line := range p.lines {
		if strings.HasPrefix(line, "failed") {
			p.t.Fatalf("%s: %s", p.name, line)
		}
		if found, ok := strings.CutPrefix(line, word); ok {
			rest = append(rest, strings.TrimSpace(found))
		}
	}
	return rest
}

// await waits for a line that begins with word.
func (p *process) await(word string) {
	p.t.Helper()
	eventually(p.t, p.name+" prints "+word, func() bool {
		select {
		case <-p.ended:
			if len(p.printed(word)) == 0 {
				p.t.Fatalf("%s ended: %q", p.name, p.lines)
			}
		default:
		}
		return len(p.printed(word)) > 0
	})
}

// patience is for how long eventually waits. It is only for tests that hang.
const patience = 3 * time.Minute

// eventually waits for a condition.
func eventually(t *testing.T, what string, condition func() bool) {
	t.Helper()
	within(t, patience, what, condition)
}

func within(t *testing.T, patience time.Duration, what string, condition func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !condition(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not in %v: %s", patience, what)
		}
	}
}

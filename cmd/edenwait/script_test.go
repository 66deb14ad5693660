package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/edenwait/edenwait"
	"github.com/edenwait/edenwait/cmd/edenwait/internal/resultlog"
	"github.com/edenwait/edenwait/edentest"
)

// TestScripts runs testdata/script. Beside what testscript offers:
//
//	jobs FILE N [success|fail|odd|soon|never]   submit jobs, append their ids to FILE;
//	                                       soon: they end once the command has seen them run
//	exits CODE PROGRAM…                    run it, and compare its exit code
//	lines FILE N                           FILE has N whole lines, each of another id
//	gets N                                 the API got GETs of N jobs since the last time
//	refuses STATUS                         it answers everything with this status from now on
//	forbid list                            it answers 403 to every request for the list
//	lock FILE                              another process writes to it
//
// Each script has an account of its own, whose URL and key are in the environment.
func TestScripts(t *testing.T) { overWire(t, testScripts) }

func testScripts(t *testing.T, w protocol) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(env *testscript.Env) error {
			w := newWorld(env, w)
			env.Values[worldKey{}] = w
			if path := filepath.Join(env.WorkDir, "authority.pem"); w.server.Certificate() != nil {
				env.Setenv("SSL_CERT_FILE", path)
				if err := os.WriteFile(path, pemOf(w.server), 0o600); err != nil {
					return err
				}
			}
			env.Setenv(keyVariable, edentest.DefaultToken)
			env.Setenv(urlVariable, w.server.URL)
			env.Setenv("URL", w.server.URL)
			env.Setenv("NO_COLOR", "1")
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"jobs": cmdJobs, "exits": cmdExits, "lines": cmdLines, "gets": cmdGets, "refuses": cmdRefuses, "lock": cmdLock, "forbid": cmdForbid,
		},
	})
}

type worldKey struct{}

// world is the account of one script.
type world struct {
	server *edentest.Server
	status atomic.Int32 // that everything is answered with; 0: what is right
	gets   int          // counted before
	noList atomic.Bool  // requests for the list are forbidden

	mu   sync.Mutex
	soon map[string]shown // those that are to end soon
}

// shown is which answers have shown that a job runs.
type shown struct{ byGet, byList bool }

func newWorld(env *testscript.Env, over protocol) *world {
	w := &world{soon: map[string]shown{}}
	refuse := edentest.Edit("refuse", func(r edentest.Request, a *edentest.Answer) {
		if status := w.status.Load(); status != 0 {
			a.Status, a.Body = int(status), []byte(`{"detail":"Invalid token"}`)
		}
		if r.Kind == edentest.List && w.noList.Load() {
			a.Status, a.Body = 403, []byte(`{"detail":"Forbidden"}`)
		}
		for _, id := range w.seenRunning(r) {
			go w.server.Finish(id) // in a goroutine, since the API is busy with this answer
		}
	})
	w.server = over.start(edentest.Options{Rate: -1, Faults: []edentest.Fault{{Do: refuse}}})
	env.Defer(w.server.Close)
	return w
}

// seenRunning returns the jobs that the command has seen running before it sent this request.
// It may not have read a response when it sends another request, but it sends no request
// of the same kind for a job before it has read the response to the last one.
func (w *world) seenRunning(r edentest.Request) []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	var seen []string
	for id, s := range w.soon {
		before := s
		switch {
		case r.Kind == edentest.Get && r.JobID == id:
			s.byGet = true
		case r.Kind == edentest.List:
			s.byList = true
		default:
			continue
		}
		if w.soon[id] = s; s == before {
			seen = append(seen, id)
			delete(w.soon, id)
		}
	}
	return seen
}

func worldOf(ts *testscript.TestScript) *world { return ts.Value(worldKey{}).(*world) }

func cmdJobs(ts *testscript.TestScript, _ bool, args []string) {
	n, err := strconv.Atoi(args[1])
	ts.Check(err)
	script := edentest.Script{Provider: "deepgram", Cost: json.RawMessage(`"0.25"`)}
	switch what := strings.Join(args[2:], " "); what {
	case "", "success":
	case "fail":
		script.Status, script.Error = "fail", json.RawMessage(`{"message":"the file is silent","error_code":"E7"}`)
	case "odd":
		script.Status = "archived"
	case "soon", "never":
		script.After = edentest.Never
	default:
		ts.Fatalf("jobs: %s?", what)
	}
	file, err := os.OpenFile(ts.MkAbs(args[0]), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	ts.Check(err)
	w := worldOf(ts)
	for range n {
		id := w.server.Submit(script)
		if slices.Contains(args[2:], "soon") {
			w.mu.Lock()
			w.soon[id] = shown{}
			w.mu.Unlock()
		}
		_, err := fmt.Fprintln(file, id)
		ts.Check(err)
	}
	ts.Check(file.Close())
}

func cmdExits(ts *testscript.TestScript, _ bool, args []string) {
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	err = ts.Exec(args[1], args[2:]...)
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		ts.Fatalf("%v", err)
	}
	got := 0
	if exit != nil {
		got = exit.ExitCode()
	}
	if got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}

func cmdLines(ts *testscript.TestScript, _ bool, args []string) {
	want, err := strconv.Atoi(args[1])
	ts.Check(err)
	if got, err := countLines([]byte(ts.ReadFile(args[0]))); err != nil || got != want {
		ts.Fatalf("%d lines, %v, want %d", got, err, want)
	}
}

// countLines counts result lines, and finds those that are torn or double.
func countLines(text []byte) (int, error) {
	ids := map[string]bool{}
	for number, line := range bytes.SplitAfter(text, []byte("\n")) {
		if len(line) == 0 {
			break
		}
		var l resultlog.Line
		switch err := json.Unmarshal(line, &l); {
		case line[len(line)-1] != '\n':
			return 0, fmt.Errorf("line %d is torn", number+1)
		case err != nil:
			return 0, fmt.Errorf("line %d: %w", number+1, err)
		case ids[l.ID]:
			return 0, fmt.Errorf("%s has two lines", l.ID)
		case l.Outcome == edenwait.OutcomeSuccess && (l.Job == nil || l.Job.ID != l.ID || l.Job.Output == nil || l.Error != ""):
			return 0, fmt.Errorf("%s has no result", l.ID)
		case l.Outcome != edenwait.OutcomeSuccess && l.Error == "":
			return 0, fmt.Errorf("%s has no error", l.ID)
		}
		ids[l.ID] = true
	}
	return len(ids), nil
}

func cmdGets(ts *testscript.TestScript, _ bool, args []string) {
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	w := worldOf(ts)
	now := w.server.Stats().Gets
	if got := now - w.gets; got != want {
		ts.Fatalf("GETs of %d jobs, want %d", got, want)
	}
	w.gets = now
}

func cmdRefuses(ts *testscript.TestScript, _ bool, args []string) {
	status, err := strconv.ParseInt(args[0], 10, 32)
	ts.Check(err)
	worldOf(ts).status.Store(int32(status))
}

func cmdForbid(ts *testscript.TestScript, _ bool, _ []string) { worldOf(ts).noList.Store(true) }

func cmdLock(ts *testscript.TestScript, _ bool, args []string) {
	file, err := resultlog.Open(ts.MkAbs(args[0]), nil, func(resultlog.Entry) {})
	ts.Check(err)
	ts.Defer(func() { ts.Check(file.Close()) })
}

// eventually looks until it sees what it waits for. It is for what another
// process does at its own pace; the bound is for a process that never does.
func eventually(t *testing.T, what string, seen func() bool) {
	t.Helper()
	ticker := time.NewTicker(time.Millisecond)
	defer ticker.Stop()
	for late := time.After(time.Minute); !seen(); {
		select {
		case <-ticker.C:
		case <-late:
			t.Fatalf("not seen in a minute: %s", what)
		}
	}
}

// idsFile makes a file of ids.
func idsFile(t *testing.T, ids []string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "ids.txt")
	if err := os.WriteFile(path, []byte(strings.Join(ids, "\n")+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

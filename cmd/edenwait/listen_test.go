//go:build !windows

package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/rsa"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/edenwait/edenwait/edentest"
	"github.com/edenwait/edenwait/webhook"
)

var hooksAt = regexp.MustCompile(`^edenwait: receiving webhooks at (http://127\.0\.0\.1:\d+/), on any path\n$`)

// TestListen: a delivery has its job polled, and a forged one ends nothing. With the
// wait, the listener ends.
func TestListen(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name string
		key  bool
		code int // of the answer to a forged delivery
	}{{"hints", false, http.StatusOK}, {"signed", true, http.StatusUnauthorized}} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			server := startAccount(t, edentest.Options{Rate: -1, ListStatus: http.StatusForbidden, Webhooks: &edentest.Webhooks{AllowInsecure: true}})
			args := []string{"wait", "--base-url", server.URL, "--rate", "100", "--listen", "127.0.0.1:0"}
			if test.key {
				file := filepath.Join(t.TempDir(), "key.pem")
				flags := webhookFlags{writeKey: file}
				if err := flags.writePublicKey(server.API); err != nil {
					t.Fatal(err)
				}
				args = append(args, "--webhook-key", file)
			}
			id := server.Submit(edentest.Script{After: edentest.Never})
			cmd := command(t, append(args, id)...)
			stderr, err := cmd.StderrPipe()
			if err != nil {
				t.Fatal(err)
			}
			var stdout bytes.Buffer
			cmd.Stdout = &stdout
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			lines := bufio.NewReader(stderr)
			line, err := lines.ReadString('\n')
			match := hooksAt.FindStringSubmatch(line)
			if err != nil || match == nil {
				t.Fatalf("got %q, %v", line, err)
			}
			eventually(t, "a poll", func() bool { return server.Stats().Gets > 0 })
			before := server.Stats().Gets
			resp, err := http.Post(match[1]+"a/path", "application/json", strings.NewReader(`{"job_id":"`+id+`"}`))
			if err != nil {
				t.Fatal(err)
			}
			if resp.Body.Close(); resp.StatusCode != test.code {
				t.Errorf("a forged delivery is answered %s, want %d", resp.Status, test.code)
			}
			eventually(t, "the GET of a hint", func() bool { return server.Stats().Gets > before })
			server.Finish(id)
			rest, _ := io.ReadAll(lines)
			if got := code(t, cmd); got != exitSucceeded || !strings.Contains(stdout.String(), `"outcome":"success"`) {
				t.Errorf("exit code %d, stdout %s, stderr %s", got, stdout.Bytes(), rest)
			}
			if reported := strings.Contains(string(rest), "rejected a delivery"); reported != test.key {
				t.Errorf("stderr %s", rest)
			}
			if _, err := http.Get(match[1]); err == nil {
				t.Error("it still listens")
			}
		})
	}
}

// TestListenNotifies: each delivery is a hint before it is answered, also one that no
// key has signed.
func TestListenNotifies(t *testing.T) {
	t.Parallel()
	l, err := (&waitFlags{listenAddr: "127.0.0.1:0"}).listen(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer l.close()
	l.keys = []*rsa.PublicKey{edentest.New(edentest.Options{Webhooks: &edentest.Webhooks{}}).WebhookKey()}
	hints := make(chan string, 1)
	l.serve(webhook.NotifierFunc(func(id string) { hints <- id }), func(error) {}, func(string, ...any) {})
	resp, err := http.Post("http://"+l.Addr().String(), "", strings.NewReader(`{"job_id":"`+jobID+`"}`))
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if len(hints) != 1 || <-hints != jobID || resp.StatusCode != http.StatusUnauthorized {
		t.Errorf("no hint, or answered %s", resp.Status)
	}
}

// TestListenRefuses: what is wrong with the flags is found before any request.
func TestListenRefuses(t *testing.T) {
	t.Parallel()
	empty := filepath.Join(t.TempDir(), "empty.pem")
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{
		{"--webhook-key", empty}, {"--listen", "nowhere"}, {"--listen", "127.0.0.1:0", "--webhook-key", empty},
		{"--listen", "127.0.0.1:0", "--webhook-key", empty + "-not"},
	} {
		cmd := command(t, append([]string{"wait", jobID}, args...)...)
		var stderr bytes.Buffer
		cmd.Stderr = &stderr
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		if got := code(t, cmd); got != exitUsage || !strings.Contains(stderr.String(), "--webhook-key") && !strings.Contains(stderr.String(), "--listen") {
			t.Errorf("%q: exit code %d, stderr %s", args, got, stderr.String())
		}
	}
}

// TestEmulateDelivers: to this machine, signed with the key that it writes, in the
// form that was chosen.
func TestEmulateDelivers(t *testing.T) {
	t.Parallel()
	for _, form := range signatureForms {
		t.Run(form, func(t *testing.T) {
			t.Parallel()
			key := filepath.Join(t.TempDir(), "key.pem")
			type delivery struct {
				header http.Header
				body   []byte
			}
			got := make(chan delivery, 10)
			receiver := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				body, _ := io.ReadAll(r.Body)
				got <- delivery{r.Header, body}
			}))
			defer receiver.Close()
			cmd := command(t, "emulate", "-q", "--jobs", "1", "--durations", "fixed:100ms", "--webhooks", "--webhook-insecure",
				"--webhook-receiver", receiver.URL, "--webhook-delay", "100ms", "--webhook-form", form, "--webhook-write-key", key)
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			eventually(t, "a delivery", func() bool { return len(got) > 0 })
			d := <-got
			content, err := os.ReadFile(key)
			if err != nil {
				t.Fatal(err)
			}
			var keys []*rsa.PublicKey
			if keys, err = webhook.ParseKeys(content); err != nil {
				t.Fatal(err)
			}
			if event, err := webhook.Parse(d.header, d.body, keys...); err != nil || !event.Verified {
				t.Errorf("%+v, %v", event, err)
			}
			if err := cmd.Process.Signal(os.Interrupt); err != nil {
				t.Fatal(err)
			}
			if got := code(t, cmd); got != exitSucceeded {
				t.Errorf("exit code %d", got)
			}
		})
	}
}

// TestListenUnread: a report that nobody reads holds up one delivery, not all that are
// rejected later.
func TestListenUnread(t *testing.T) {
	t.Parallel()
	at, err := openEndpoint(t.Context(), "--listen", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l := &listener{endpoint: at}
	defer l.close()
	reporting, read := make(chan struct{}), make(chan struct{})
	l.serve(webhook.NotifierFunc(func(string) {}), func(error) {}, func(format string, _ ...any) {
		if strings.Contains(format, "rejected") {
			close(reporting)
			<-read
		}
	})
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second) // for a test that fails
	defer cancel()
	deliver := func() (status int) {
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+at.Addr().String(), strings.NewReader("nothing"))
		if err != nil {
			t.Error(err)
			return 0
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Error(err)
			return 0
		}
		defer resp.Body.Close()
		return resp.StatusCode
	}
	var first sync.WaitGroup
	first.Go(func() { deliver() })
	<-reporting
	if status := deliver(); status != http.StatusBadRequest {
		t.Errorf("HTTP %d", status)
	}
	close(read)
	first.Wait()
}

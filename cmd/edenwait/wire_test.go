package main

import (
	"encoding/pem"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/edenwait/edenwait/edentest"
)

// protocol is how the command's requests travel: the API itself speaks HTTP/2 over
// TLS.
type protocol struct{ http2 bool }

// overWire runs a test over each. A process of its own trusts a certificate that is
// named in its environment, on Linux.
func overWire(t *testing.T, test func(t *testing.T, w protocol)) {
	t.Parallel()
	t.Run("HTTP1", func(t *testing.T) {
		t.Parallel()
		test(t, protocol{})
	})
	t.Run("HTTP2", func(t *testing.T) {
		if runtime.GOOS != "linux" {
			t.Skip("the system's certificates cannot be replaced")
		}
		t.Parallel()
		test(t, protocol{http2: true})
	})
}

func (w protocol) start(options edentest.Options) *edentest.Server {
	if w.http2 {
		return edentest.StartTLS(options)
	}
	return edentest.Start(options)
}

// account starts an account in a box.
func (w protocol) account(t *testing.T, options edentest.Options) *edentest.Server {
	t.Helper()
	server := w.start(options)
	t.Cleanup(server.Close)
	return server
}

// trusting has a process trust the server.
func trusting(t *testing.T, cmd *exec.Cmd, server *edentest.Server) *exec.Cmd {
	t.Helper()
	if server.Certificate() == nil {
		return cmd
	}
	path := filepath.Join(t.TempDir(), "authority.pem")
	if err := os.WriteFile(path, pemOf(server), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd.Env = append(cmd.Env, "SSL_CERT_FILE="+path)
	return cmd
}

func pemOf(server *edentest.Server) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
}

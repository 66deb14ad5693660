package edenwait_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/binary"
	"fmt"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/edenwait/edenwait"
	"github.com/edenwait/edenwait/internal/testbed"
)

// hostileWords are what a server puts wherever it can.
const hostileWords = "patient\x1b[31m\u202e" + testbed.Token

// certificate is of this machine, with names that a server chose.
func certificate(t *testing.T, names ...string) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		Subject: pkix.Name{CommonName: hostileWords}, DNSNames: names, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
	}
	if len(names) == 0 {
		template.IPAddresses = []net.IP{net.IPv4(127, 0, 0, 1)}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(parsed)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, pool
}

// frame is one of HTTP/2.
func frame(kind, flags byte, stream uint32, payload string) string {
	head := binary.BigEndian.AppendUint32(nil, uint32(len(payload))<<8|uint32(kind))
	head = append(head, flags)
	return string(binary.BigEndian.AppendUint32(head, stream)) + payload
}

// fields are header fields in HPACK, as literals.
func fields(pairs ...string) (block string) {
	for i := 0; i < len(pairs); i += 2 {
		block += "\x00"
		for _, text := range pairs[i : i+2] {
			if len(text) < 127 {
				block += string([]byte{byte(len(text))}) + text
			} else {
				n := len(text) - 127
				block += "\x7f"
				for n >= 128 {
					block += string([]byte{byte(n%128 + 128)})
					n /= 128
				}
				block += string([]byte{byte(n)}) + text
			}
		}
	}
	return block
}

const (
	frameData, frameHeaders, frameReset, frameSettings, frameGoAway = 0, 1, 3, 4, 7
	endStream, endHeaders                                           = 1, 4
)

// http2 answers the first request of a connection with these frames.
func http2(answer string) func(net.Conn) {
	return func(conn net.Conn) {
		_, _ = io.ReadFull(conn, make([]byte, len("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")))
		_, _ = io.WriteString(conn, frame(frameSettings, 0, 0, ""))
		for {
			head := make([]byte, 9)
			if _, err := io.ReadFull(conn, head); err != nil {
				return
			}
			_, _ = io.CopyN(io.Discard, conn, int64(head[0])<<16|int64(head[1])<<8|int64(head[2]))
			if head[3] == frameHeaders {
				_, _ = io.WriteString(conn, answer)
				return
			}
		}
	}
}

// allTold is what a Poller and a Waiter say of a server, in errors, in what they wrap,
// and in the log; and what package net/http says in the log of package log.
func allTold(t *testing.T, base string, client *http.Client) string {
	t.Helper()
	std := &testbed.Log{}
	log.SetOutput(std)
	log.SetFlags(0)
	defer func() {
		log.SetOutput(os.Stderr)
		log.SetFlags(log.LstdFlags)
	}()
	lines := &testbed.Log{}
	config := edenwait.Config{
		Token: testbed.Token, BaseURL: base, HTTPClient: client, MaxErrors: 1, MaxWait: time.Second, Rate: 100,
		Logger: lines.Logger(),
	}
	poller, err := edenwait.NewPoller(config)
	if err != nil {
		t.Fatal(err)
	}
	_, err = poller.Get(context.Background(), testbed.SomeID)
	_, listErr := poller.List(context.Background(), edenwait.ListQuery{})
	waiter, err2 := edenwait.New(config)
	if err2 != nil {
		t.Fatal(err2)
	}
	_, waitErr := waiter.Wait(context.Background(), testbed.SomeID)
	text := lines.String()
	for _, all := range []error{err, listErr, waitErr} {
		if all == nil {
			t.Error("no error")
		}
		for _, err := range testbed.Chain(all) {
			text += fmt.Sprintf("\n%v\n%+v\n%#v", err, err, err)
		}
	}
	return text + "\nstd: " + std.String()
}

func isHostile(text string) string {
	for line := range strings.Lines(text) {
		if strings.Contains(line, "patient") || strings.ContainsAny(line, "\x1b\u202e\r\x00") || testbed.Leaks(line) != "" || len(line) > 20_000 {
			return fmt.Sprintf("%.600q", line)
		}
	}
	return ""
}

// TestHostileServers: nothing that a server, its certificate or a proxy says through an
// error of package net/http or crypto/tls is shown, in any part of the error.
func TestHostileServers(t *testing.T) {
	own, ownPool := certificate(t)
	named, namedPool := certificate(t, hostileNames(t)...)
	long := strings.Repeat(hostileWords, 20_000)
	h2 := &tls.Config{Certificates: []tls.Certificate{own}, NextProtos: []string{"h2"}}
	client := func(pool *x509.CertPool, http2 bool) *http.Client {
		return &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}, ForceAttemptHTTP2: http2}}
	}
	for name, frames := range map[string]string{
		"GOAWAY":        frame(frameGoAway, 0, 0, "\x00\x00\x00\x00\x00\x00\x00\x02"+hostileWords),
		"GOAWAY, long":  frame(frameGoAway, 0, 0, "\x00\x00\x00\x00\x00\x00\x00\x02"+long[:16000]),
		"GOAWAY, calm":  frame(frameGoAway, 0, 0, "\x00\x00\x00\x01\x00\x00\x00\x0b"+hostileWords),
		"status":        frame(frameHeaders, endHeaders|endStream, 1, fields(":status", hostileWords)),
		"pseudo header": frame(frameHeaders, endHeaders|endStream, 1, fields(":status", "200", ":"+testbed.Token, hostileWords)),
		"twice":         frame(frameHeaders, endHeaders|endStream, 1, fields(":status", "200", ":status", hostileWords)),
		"name":          frame(frameHeaders, endHeaders|endStream, 1, fields(":status", "200", hostileWords, "x")),
		"value":         frame(frameHeaders, endHeaders|endStream, 1, fields(":status", "200", "x", hostileWords+"\n")),
		"length":        frame(frameHeaders, endHeaders|endStream, 1, fields(":status", "200", "content-length", hostileWords)),
		"lengths":       frame(frameHeaders, endHeaders, 1, fields(":status", "200", "content-length", "1", "content-length", hostileWords)) + frame(frameData, endStream, 1, hostileWords),
		"too much":      frame(frameHeaders, endHeaders, 1, fields(":status", "200", "content-length", "1")) + frame(frameData, endStream, 1, hostileWords),
		"trailers":      frame(frameHeaders, endHeaders, 1, fields(":status", "200")) + frame(frameHeaders, endHeaders|endStream, 1, fields(":x", hostileWords)),
		"trailer":       frame(frameHeaders, endHeaders, 1, fields(":status", "200", "trailer", testbed.Token)) + frame(frameHeaders, endHeaders|endStream, 1, fields(strings.ToLower(testbed.Token), hostileWords)),
		"location":      frame(frameHeaders, endHeaders|endStream, 1, fields(":status", "302", "location", "://"+hostileWords)),
		"interim":       frame(frameHeaders, endHeaders, 1, fields(":status", "103", "link", hostileWords)) + frame(frameReset, 0, 1, "\x00\x00\x00\x02"),
		"no frame":      hostileWords + hostileWords,
		"data first":    frame(frameData, endStream, 1, hostileWords),
		"coding":        frame(frameHeaders, endHeaders|endStream, 1, fields(":status", "200", "content-encoding", hostileWords)),
		"type":          frame(frameHeaders, endHeaders|endStream, 1, fields(":status", "200", "content-type", hostileWords)),
	} {
		base := "https://" + testbed.Listen(t, h2, http2(frames))
		if line := isHostile(allTold(t, base, client(ownPool, true))); line != "" {
			t.Errorf("HTTP/2, %s: %s", name, line)
		}
	}
	one := &tls.Config{Certificates: []tls.Certificate{own}, NextProtos: []string{"http/1.1"}}
	for name, answer := range map[string]string{
		"status line": "HTTP/1.1 " + long[:5000] + "\r\n\r\n", "no HTTP": long + "\r\n\r\n", "header": "HTTP/1.1 200 OK\r\n" + hostileWords + "\r\n\r\n",
		"fold": "HTTP/1.1 200 OK\r\n " + hostileWords + "\r\n\r\n", "long header": "HTTP/1.1 200 OK\r\nX: " + strings.Repeat(hostileWords, 60_000),
		"chunk":       "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;" + hostileWords + "\r\nx" + hostileWords,
		"trailer":     "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: " + testbed.Token + "\r\n\r\n0\r\n" + testbed.Token + ": " + hostileWords + "\r\n\r\n",
		"bad trailer": "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: Content-Length\r\n\r\n0\r\n\r\n", "upgrade": "HTTP/1.1 101 " + hostileWords + "\r\nUpgrade: " + hostileWords + "\r\n\r\n",
		"length": "HTTP/1.1 500 " + hostileWords + "\r\nContent-Length: -" + testbed.Token + "\r\n\r\n", "gzip": "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 9\r\n\r\n\x1f\x8b" + hostileWords,
		"two answers": "HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\n{}HTTP/1.1 200 " + hostileWords + "\r\n\r\n",
	} {
		for _, config := range []*tls.Config{nil, one} {
			serve := func(conn net.Conn) {
				_, _ = conn.Read(make([]byte, 64<<10))
				_, _ = io.WriteString(conn, answer)
			}
			base := "http://"
			if config != nil {
				base = "https://"
			}
			text := allTold(t, base+testbed.Listen(t, config, serve), client(ownPool, false))
			text, _, _ = strings.Cut(text, "\nstd: Unsolicited response") // which no client can prevent
			if line := isHostile(text); line != "" {
				t.Errorf("HTTP/1.1, %s: %s", name, line)
			}
		}
	}
	for name, c := range map[string]*http.Client{"untrusted": client(x509.NewCertPool(), true), "another host": client(namedPool, true)} {
		base := "https://" + strings.Replace(testbed.Listen(t, &tls.Config{Certificates: []tls.Certificate{named}}, func(net.Conn) {}), "127.0.0.1", "localhost", 1)
		if line := isHostile(allTold(t, base, c)); line != "" {
			t.Errorf("certificate, %s: %s", name, line)
		}
	}
	for name, answer := range map[string]string{
		"reason": "HTTP/1.1 407 " + hostileWords + "\r\n\r\n", "long": "HTTP/1.1 503 " + long[:3000] + "\r\n\r\n", "body": "HTTP/1.1 403 no\r\nContent-Length: 30\r\n\r\n" + hostileWords,
		"no HTTP": hostileWords + "\r\n\r\n", "control": "HTTP/1.1 502 \x1b[2Jall is well\r\n\r\n",
	} {
		proxy, _ := url.Parse("http://user:" + testbed.Token + "@" + testbed.Listen(t, nil, func(conn net.Conn) {
			_, _ = conn.Read(make([]byte, 64<<10))
			_, _ = io.WriteString(conn, answer)
		}))
		c := &http.Client{Transport: &http.Transport{Proxy: http.ProxyURL(proxy)}}
		text := strings.ReplaceAll(allTold(t, "https://api.example", c), "patient", "") // a proxy knows of none
		if line := isHostile(text); line != "" {
			t.Errorf("proxy, %s: %s", name, line)
		}
	}
}

// TestProxyThatRefuses: the default client says so in words of its own.
func TestProxyThatRefuses(t *testing.T) {
	if os.Getenv("EDENWAIT_TEST_PROXIED") != "" {
		poller, err := edenwait.NewPoller(edenwait.Config{Token: testbed.Token, BaseURL: "https://api.example"})
		if err != nil {
			t.Fatal(err)
		}
		if _, err = poller.Get(t.Context(), testbed.SomeID); err == nil || !strings.HasSuffix(err.Error(), ": the proxy does not connect: HTTP 407 Proxy Authentication Required") {
			t.Error(err)
		}
		return
	}
	proxy := "http://" + testbed.Listen(t, nil, func(conn net.Conn) {
		_, _ = conn.Read(make([]byte, 64<<10))
		_, _ = io.WriteString(conn, "HTTP/1.1 407 "+hostileWords+"\r\n\r\n")
	})
	command := testbed.Process(t, "TestProxyThatRefuses", "EDENWAIT_TEST_PROXIED=1", "HTTPS_PROXY="+proxy, "NO_PROXY=", "no_proxy=")
	if out, err := command.CombinedOutput(); err != nil {
		t.Errorf("%v: %s", err, out)
	}
}

// hostileNames are names that a certificate can have.
func hostileNames(t *testing.T) []string {
	t.Helper()
	return []string{"patient.example", testbed.Token + ".example"}
}

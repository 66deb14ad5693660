package edentest

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"
)

// ServeHTTP implements [http.Handler]. Faults that cut the connection need a
// ResponseWriter that can be hijacked; with another, such as the one of HTTP/2, they
// abort the handler, which over HTTP/2 resets the request's stream.
func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	ctx := r.Context()
	sent, err := io.ReadAll(r.Body)
	if err != nil {
		panic(http.ErrAbortHandler) // half a request is not a request
	}
	half := a.opts.Latency / 2
	if pause(ctx, half) != nil {
		return // nobody is there to be answered
	}
	ans := a.serve(r, sent)
	if c := connOf(ctx); c != nil && ans.wire == silent {
		c.silent.Store(true)
	}
	if ans.wire == refused {
		hangUp(w, nil)
		return
	}
	if pause(ctx, after(max(0, a.opts.Latency-half), ans.Delay)) != nil {
		return
	}
	switch {
	case ans.wire == hung, ans.wire == silent, ans.wire == stalled && ans.bodyless(r.Method):
		<-ctx.Done()
		return
	case ans.wire == dropped:
		hangUp(w, nil)
		return
	case ans.wire == broken:
		hangUp(w, &ans)
		return
	}
	ans.sendHeader(w)
	ans.send(ctx, w, a.line)
}

func (ans *Answer) sendHeader(w http.ResponseWriter) {
	h := w.Header()
	for name, values := range ans.Header {
		h[name] = values
	}
	if ans.pad == 0 && bodyAllowed(ans.Status) {
		h.Set("Content-Length", strconv.Itoa(len(ans.Body)))
	}
	w.WriteHeader(ans.Status)
}

// send writes the body. A client that goes away is no concern of the service, so
// errors of writing end it and are not reported.
func (ans *Answer) send(ctx context.Context, w http.ResponseWriter, line *line) {
	flush := http.NewResponseController(w).Flush
	content := line.carry(ans.content(), func(d time.Duration) error { return pause(ctx, d) })
	write := func(size int) bool {
		_, err := io.CopyN(w, content, int64(size))
		return err == nil && flush() == nil
	}
	switch ans.wire {
	case stalled:
		if write(len(ans.Body) / 2) {
			<-ctx.Done()
		}
	case slow:
		size, rest := ans.pieces()
		for left := len(ans.Body); left > 0; left -= size {
			if pause(ctx, rest) != nil || !write(min(size, left)) {
				return
			}
		}
	default:
		if line == nil {
			_, _ = io.Copy(w, content)
			return
		}
		for write(line.piece()) { // until the end of the content, or an error
		}
	}
}

// hangUp ends the connection with a reset, after half of ans if that is not nil.
func hangUp(w http.ResponseWriter, ans *Answer) {
	conn, buf, err := http.NewResponseController(w).Hijack()
	if err != nil {
		if ans != nil && len(ans.Body) > 1 {
			ans.sendHeader(w)
			_, _ = w.Write(ans.Body[:len(ans.Body)/2])
			_ = http.NewResponseController(w).Flush()
		}
		panic(http.ErrAbortHandler)
	}
	defer func() {
		if c := tcp(conn); c != nil {
			_ = c.SetLinger(0) // makes Close send a reset
		}
		_ = conn.Close()
	}()
	if ans == nil {
		return
	}
	// What was promised and does not come makes this answer recognizably cut.
	_, _ = fmt.Fprintf(buf, "HTTP/1.1 %d %s\r\nDate: %s\r\nContent-Length: %d\r\n",
		ans.Status, http.StatusText(ans.Status), time.Now().UTC().Format(http.TimeFormat), len(ans.Body))
	_ = ans.Header.Write(buf)
	_, _ = buf.WriteString("\r\n")
	_, _ = buf.Write(ans.Body[:len(ans.Body)/2])
	_ = buf.Flush()
}

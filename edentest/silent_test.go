package edentest

import (
	"net"
	"testing"
	"testing/synctest"
)

// A connection that is silent takes what is written, and passes nothing on in
// either direction, until the client closes it.
func TestSilentConn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server, client := net.Pipe()
		c := &conn{Conn: server}
		c.silent.Store(true)
		if n, err := c.Write([]byte("answer")); n != 6 || err != nil {
			t.Errorf("Write = %d, %v", n, err)
		}
		ended := make(chan error, 1)
		go func() {
			n, err := c.Read(make([]byte, 10))
			if n > 0 {
				t.Errorf("%d bytes arrived", n)
			}
			ended <- err
		}()
		if _, err := client.Write([]byte("request")); err != nil {
			t.Error(err)
		}
		synctest.Wait()
		if len(ended) > 0 {
			t.Errorf("Read returned %v", <-ended)
		}
		client.Close()
		if <-ended == nil {
			t.Error("Read returned no error at the end")
		}
	})
}

package netfault

import "io"

// watchedBody tells of a body that ends with an error.
type watchedBody struct {
	io.ReadCloser
	fail func()
}

// Read implements io.Reader.
func (b *watchedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if err != nil && err != io.EOF {
		b.fail()
	}
	return n, err
}

package edentest

import "time"

// An exchange is one request on its way through the API.
type exchange struct {
	req     Request
	auth    string
	query   string
	body    []byte
	now     time.Duration
	job     int           // index of the job asked about, or -1
	lag     time.Duration // of the list
	skew    time.Duration // of every created_at
	other   bool          // answer with another job than the one asked about
	ended   bool          // the answer shows an ended job
	running bool          // the answer shows a running job
	over    bool          // refused by the limit
	denied  bool          // refused by a fault, which has the answer: nothing is done
	ans     Answer
}

// named tells whether the request names a job of the account. A POST names none,
// though it may make one.
func (x *exchange) named() bool { return x.job >= 0 && x.req.Kind != Submit }

package edenwait

import (
	"errors"
	"fmt"
	"math"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/cenkalti/backoff/v4"
	"go.uber.org/zap"
)

// Version is the version of this library, as sent in the User-Agent header.
const Version = "0.1.0"

const (
	// DefaultBaseURL is the API's worldwide host.
	DefaultBaseURL = "https://api.edenai.run"
	// EUBaseURL is the API's host in the European Union: same keys, same shapes.
	EUBaseURL = "https://api.eu.edenai.run"
)

// The bounds of a Config; each stands in the comment of its field too.
const (
	defaultRequestTimeout   = 30 * time.Second
	defaultMaxResponseBytes = 128 << 20
	defaultRate             = 10
	defaultBurst            = 1
	defaultMaxInFlight      = 64
	defaultMaxErrors        = 60
)

// Config says how to ask. The zero value of every field means its default, so
// Config{Token: key} is complete. A Config is read once, by [New] or
// [NewPoller]; changing it afterwards changes nothing.
//
// Printing a Config shows whether it has a token, never the token. Only in an
// unexported field of another struct does package fmt print it whole, since it
// calls no methods there: keep the Waiter, not the Config.
type Config struct {
	// Token is the API key, sent as a bearer token and nowhere else.
	// Defaults to none, which New and NewPoller refuse unless Source is set.
	Token string `json:"-"`

	// BaseURL is the scheme and host of the API, with or without a trailing
	// slash. It must be https, except to a loopback address, since the token
	// travels with every request. Defaults to DefaultBaseURL.
	BaseURL string

	// HTTPClient sends the requests. It is copied, and the copy follows no
	// redirect. Defaults to a client of its own that keeps up to MaxInFlight
	// connections open while a call is under way.
	HTTPClient *http.Client

	// RequestTimeout bounds one request, from connecting to the last byte of the
	// body: raise it where outputs are hundreds of megabytes. Defaults to 30 s.
	RequestTimeout time.Duration

	// MaxResponseBytes bounds the body of one response, decompressed. A job
	// whose response is larger ends with ErrResponseTooLarge. Defaults to
	// 128 MiB.
	MaxResponseBytes int64

	// Rate is the maximum number of requests per second, across all calls of this
	// Waiter, from 0.001 to a million. A Poller alone does not pace. Defaults to 10,
	// the account's limit in the API's documentation.
	Rate float64

	// Burst is how many requests may go at once after a time without any. Requests are
	// evenly spaced by default, because a burst can break a server's count by
	// the second. At most a million. Defaults to 1.
	Burst int

	// MaxInFlight is the maximum number of requests under way at the same time, across
	// all calls of this Waiter, up to 10,000. Defaults to 64.
	MaxInFlight int

	// BackOff makes the delays between two polls of one job. It is called once per
	// wait: once for each call that waits for a job. It is also called for the job
	// list, whose delays are Reset when it brings news. When NextBackOff returns
	// backoff.Stop, that wait is given up, or the list is no longer read. Mind that a
	// backoff.ExponentialBackOff stops after 15 minutes unless its MaxElapsedTime is
	// 0. BackOff and what it returns run under the Waiter's lock: they must be quick,
	// and must not call the Waiter.
	//
	// Defaults to exponential delays of 1 s × 1.3ⁿ up to 10 s, ± 10 %, without end,
	// which need no allocation, and for the list to gaps of 1 s to 10 s, by how fast
	// jobs have been ending.
	BackOff func() backoff.BackOff

	// MaxWait is the maximum wait for one job, from when the call took its id in.
	// Shortly before, the job is polled a last time, as it is before the deadline of a
	// context. Defaults to no bound.
	MaxWait time.Duration

	// MaxErrors is how many requests in a row may fail for one job before it is given
	// up. 429 answers do not count. While requests fail for every job, one goes at a
	// time, and all waits end after as long as one job alone would. Defaults to 60:
	// with the default BackOff, about nine minutes with failures only.
	MaxErrors int

	// FailFast ends a call with its first job that does not succeed. Other calls go
	// on. Defaults to false: one job's trouble does not affect other jobs.
	FailFast bool

	// DisableList turns the job list off, even where it is cheaper than polling job
	// by job. Defaults to false.
	DisableList bool

	// Hooks are called as jobs end. Defaults to none.
	Hooks Hooks

	// Logger receives a Debug line per request, a Warn line at the start and the end
	// of a streak of trouble, and a line at the start and the end of each call: Debug
	// for Wait, Info for WaitAll and AsCompleted. Tokens and outputs, or parts of them,
	// are never logged. Defaults to a logger that is silent.
	Logger *zap.Logger

	// Source is polled instead of the API; see Source. With one of your own, Token,
	// BaseURL, HTTPClient, RequestTimeout and MaxResponseBytes have no effect, and the
	// Debug line per request is up to the Source. Defaults to a Poller made from this
	// Config.
	Source Source
}

// The upper bounds keep sums of durations and counts within their types.
const (
	maxDuration = 10 * 365 * 24 * time.Hour
	maxRate     = 1e6
)

// withDefaults returns a copy with every zero replaced, or an error that names
// the field and its bound.
func (c Config) withDefaults() (Config, error) {
	if c.BaseURL == "" {
		c.BaseURL = DefaultBaseURL
	}
	if c.Logger == nil {
		c.Logger = zap.NewNop()
	}
	return c, errors.Join(
		bounded("RequestTimeout", &c.RequestTimeout, defaultRequestTimeout, time.Millisecond, maxDuration),
		bounded("MaxResponseBytes", &c.MaxResponseBytes, defaultMaxResponseBytes, 1, math.MaxInt64-1),
		bounded("Rate", &c.Rate, defaultRate, 0.001, maxRate),
		bounded("Burst", &c.Burst, defaultBurst, 1, 1_000_000),
		bounded("MaxInFlight", &c.MaxInFlight, defaultMaxInFlight, 1, 10_000),
		bounded("MaxWait", &c.MaxWait, maxDuration, time.Millisecond, maxDuration),
		bounded("MaxErrors", &c.MaxErrors, defaultMaxErrors, 1, math.MaxInt32),
	)
}

// bounded gives *v its default when it is zero, and refuses it outside of
// [low, high]. The comparison is written so that NaN fails it.
func bounded[T int | int64 | float64 | time.Duration](field string, v *T, fallback, low, high T) error {
	if *v == 0 {
		*v = fallback
	}
	if !(*v >= low && *v <= high) {
		return fmt.Errorf("edenwait: Config.%s is %v, want %v to %v", field, *v, low, high)
	}
	return nil
}

// endpoint checks BaseURL and Token and returns the URL of the async endpoint.
func (c Config) endpoint() (*url.URL, error) {
	if c.Token == "" {
		return nil, errors.New("edenwait: Config.Token is empty, want an API key")
	}
	if strings.ContainsFunc(c.Token, func(r rune) bool { return r <= ' ' || r >= 0x7f }) {
		// The key itself stays out of the message.
		return nil, errors.New("edenwait: Config.Token holds a space, a line end or a character outside ASCII, want an API key")
	}
	base, err := url.Parse(c.BaseURL)
	if err != nil {
		// A *url.Error quotes the whole URL, and with it what a user may have
		// put before an @.
		return nil, errors.New("edenwait: Config.BaseURL is not a URL")
	}
	switch {
	case base.User != nil:
		return nil, errors.New("edenwait: Config.BaseURL holds credentials, want the key in Config.Token")
	case base.Hostname() == "" || base.RawQuery != "" || base.Fragment != "",
		strings.Count(base.Host, ":") > 1 && base.Host[0] != '[': // an IPv6 address that a port could be read from
		// Not quoted: what is no address may well be a key in the wrong place.
		return nil, errors.New("edenwait: Config.BaseURL is not scheme://host without a query")
	case base.Scheme == "https":
	case base.Scheme == "http" && isLoopback(base.Hostname()):
	default:
		return nil, fmt.Errorf("edenwait: Config.BaseURL is %q, want https, or http to a loopback address", redact(c.BaseURL, c.Token))
	}
	if base.Path == "" {
		base.Path = "/" // or JoinPath gives a relative one
	}
	base.Host = strings.TrimSuffix(base.Host, ":") // an empty port, which would stand in the Host header
	return base.JoinPath("v3", "universal-ai", "async"), nil
}

// isLoopback does not ask the resolver: a name that someone else's DNS points
// at 127.0.0.1 today may point elsewhere tomorrow.
func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return strings.EqualFold(host, "localhost") || ip != nil && ip.IsLoopback()
}

// Format prints which API is asked at which rate and whether there is a token,
// for every verb: the token stays out of logs that print a Config.
func (c Config) Format(f fmt.State, _ rune) {
	token := "none"
	if c.Token != "" {
		token = redacted
	}
	_, _ = fmt.Fprintf(f, "edenwait.Config{BaseURL:%q Token:%s Rate:%v}", redact(c.BaseURL, c.Token), token, c.Rate)
}

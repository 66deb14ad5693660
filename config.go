package edenwait

import (
	"errors"
	"fmt"
	"math"
	"net"
	"net/http"
	"net/url"
	"strconv"
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
	// EUBaseURL is the API's host in the European Union. It uses the same keys and JSON.
	EUBaseURL = "https://api.eu.edenai.run"
)

// The bounds of a Config. The comment of each field states them too.
const (
	defaultRequestTimeout   = 30 * time.Second
	defaultMaxResponseBytes = 128 << 20
	defaultRate             = 10
	defaultBurst            = 1
	defaultMaxInFlight      = 64
	maxInFlight             = 10_000
	// ordinaryRoundTrip is what a Rate is taken to need places for.
	ordinaryRoundTrip = 100 * time.Millisecond
	defaultMaxErrors  = 60
)

// Config configures a [Waiter] or a [Poller]. The zero value of every field means its
// default, so Config{Token: key} is complete. [New] and [NewPoller] read the Config
// once. Later changes to it have no effect.
//
// Printing a Config shows whether it has a token, but never the token itself. There
// is one exception: package fmt prints a Config in an unexported field of another
// struct in full, because it does not call methods there. Keep the Waiter, not the
// Config.
type Config struct {
	// Token is the API key. It is sent only as a bearer token. It is required unless
	// Source is set. Defaults to none.
	Token string `json:"-"`

	// BaseURL is the scheme and host of the API, plus a gateway's path before /v3 if
	// there is one. New removes /v3 and an endpoint's path. The scheme must be https,
	// except for a loopback address, because every request carries the token; see
	// AllowHTTP. The path is treated as a secret. Defaults to DefaultBaseURL.
	BaseURL string

	// AllowHTTP allows a BaseURL with http to any host except Eden AI's own, such as a
	// fake API in another container. The token, ids and outputs are then unencrypted, and
	// every machine on the network path can read and change them. Use it only on your own
	// network, with a worthless key. The default HTTPClient sends such requests directly,
	// never through a proxy. Defaults to false.
	AllowHTTP bool

	// HTTPClient sends the requests. New copies it. The copy does not follow redirects.
	// If its Timeout is shorter than RequestTimeout, it replaces RequestTimeout.
	//
	// The client is never closed. When two requests in a row time out, its idle
	// connections are closed, and the next request is the last on its connection. This
	// replaces an HTTP/2 connection that has gone silent. Set
	// http.HTTP2Config.SendPingTimeout to detect one sooner.
	//
	// Defaults to a client that keeps up to MaxInFlight connections open while a call is
	// under way, and closes an HTTP/2 connection that has been silent for ten seconds,
	// pings included.
	HTTPClient *http.Client

	// RequestTimeout is the longest time that a request may be silent: from connecting to
	// the header of the answer, and then between two bytes of the body. A slow answer is
	// not cut off while its bytes keep coming at 1,024 per second or more. Below that, it
	// is cut off the sooner the slower it is: at 512 per second after twice
	// RequestTimeout. Defaults to 30 s.
	RequestTimeout time.Duration

	// MaxResponseBytes is the maximum size of a response body after decompression. A job
	// whose response is larger ends with ErrResponseTooLarge. Defaults to 128 MiB.
	MaxResponseBytes int64

	// Rate is the maximum number of requests per second, across all calls of this
	// Waiter, from 0.001 to a million. A Poller without a Waiter does not limit its rate.
	// Defaults to 10, the account's limit in the API's documentation.
	Rate float64

	// Burst is how many requests may be sent at once after an idle period, at most a
	// million. By default requests are evenly spaced, because a burst can exceed the
	// limit of a server that counts requests per second. Defaults to 1.
	Burst int

	// MaxInFlight is the maximum number of concurrent requests, across all calls of this
	// Waiter, up to 10,000. New logs a warning if Rate cannot be reached with it at a
	// round trip of 100 ms. Defaults to a tenth of Rate, but at least 64.
	MaxInFlight int

	// BackOff returns the delays between the polls of one job. It is called once per job
	// and call. It is also called once for the job list, whose delays are Reset when a
	// page shows that a job has ended. When NextBackOff returns backoff.Stop, or any other
	// negative delay, the wait is given up, or the list is not read again until the Waiter
	// has been idle. A backoff.ExponentialBackOff stops after 15 minutes unless its
	// MaxElapsedTime is 0.
	// BackOff and the BackOffs that it returns run under the Waiter's lock: they must be
	// quick, and must not call the Waiter.
	//
	// By default, a delay depends on three things: the job's age, how long jobs of the
	// same feature, subfeature, provider and model have taken, and how scarce requests
	// are. On an idle account with nothing learned, it is about 2·√(0.0145 s × age), from
	// 0.2 s to 10 s, ± 10 %. A learned delay is at most 10 s plus 5 % of the time waited,
	// or 30 s if Notify has been announcing ends. The list is read every 0.5 s to 10 s, by
	// the same rules, and up to 30 s apart if no job has ended for long. After failed requests, delays are exponential: 1 s × 1.3ⁿ up to
	// 10 s. The default never stops, and needs no allocation.
	BackOff func() backoff.BackOff

	// MaxWait is the maximum wait for one job, from when the call read its id. The job is
	// polled once more shortly before MaxWait passes, and before the deadline of a
	// context. If the polls of all such jobs of a call would take more than 30 s at Rate,
	// the list is read once more instead. Time in which the machine sleeps does not count, as for all timers of Go.
	// Within ten seconds of waking, every job is polled once, or the list is read. Defaults to no bound.
	MaxWait time.Duration

	// MaxErrors is how many requests in a row may fail for one job before it is given
	// up. 404 and 429 answers do not count. While requests for every job fail, only one request is
	// sent at a time, and all waits end as soon as the wait for a single job would.
	// Defaults to 60, which is about nine minutes with the default BackOff.
	MaxErrors int

	// FailFast ends a call as soon as one of its jobs does not succeed. Other calls
	// continue. Defaults to false: a failed job does not affect other jobs.
	FailFast bool

	// DisableList turns off the job list, even if it is cheaper than polling single
	// jobs. Defaults to false.
	DisableList bool

	// Hooks are called as jobs end. Defaults to none.
	Hooks Hooks

	// HookGrace is how long hooks may continue after the context of their call has ended,
	// or after a break out of AsCompleted. Their ctx is cancelled only when HookGrace has
	// passed. They then have 400 ms to return. The call returns as soon as the last hook
	// has returned. Hooks that wait for a place may still begin. A hook that is cut off is
	// a HookError with CutOff, and a Warn line has the number of these hooks. Defaults to
	// 0: ctx is cancelled at once.
	HookGrace time.Duration

	// Logger receives a Debug line per request, a Warn line at the start and the end
	// of a series of failures, and a line at the start and the end of each call: Debug
	// for Wait, Info for WaitAll and AsCompleted. Tokens, outputs and parts of them are
	// never logged. Defaults to a silent logger.
	Logger *zap.Logger

	// Trace is called as the Waiter works, for telemetry; see Trace. It is copied.
	// Defaults to none.
	Trace *Trace

	// Source is polled instead of the API; see Source. If it is set, BaseURL only tells
	// Transport which requests to limit, the other settings of a Poller (see NewPoller)
	// have no effect, and the Source writes its own Debug line per request. Defaults to a
	// Poller made from this Config.
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
		bounded("MaxInFlight", &c.MaxInFlight, inFlightFor(c.Rate), 1, maxInFlight),
		bounded("MaxWait", &c.MaxWait, maxDuration, time.Millisecond, maxDuration),
		bounded("HookGrace", &c.HookGrace, 0, 0, maxDuration),
		bounded("MaxErrors", &c.MaxErrors, defaultMaxErrors, 1, math.MaxInt32),
	)
}

// inFlightFor is the default of MaxInFlight: places enough for Rate at an ordinary
// round trip.
func inFlightFor(rate float64) int {
	places := min(rate*ordinaryRoundTrip.Seconds(), maxInFlight)
	if !(places > defaultMaxInFlight) { // NaN included: Rate has an error of its own then
		return defaultMaxInFlight
	}
	return int(math.Ceil(places))
}

// warnings logs a warning for values that are valid but of little use.
func (c Config) warnings() {
	if c.MaxInFlight < maxInFlight && float64(c.MaxInFlight) < c.Rate*ordinaryRoundTrip.Seconds() {
		c.Logger.Warn("MaxInFlight limits the rate: at a round trip of 100 ms it allows fewer requests per second than Rate",
			zap.Int("max_in_flight", c.MaxInFlight), zap.Float64("rate", c.Rate),
			zap.Float64("requests_per_second", float64(c.MaxInFlight)/ordinaryRoundTrip.Seconds()))
	}
}

// bounded sets *v to its default if it is zero, and returns an error if it is outside
// [low, high]. NaN fails the comparison as it is written.
func bounded[T int | int64 | float64 | time.Duration](field string, v *T, fallback, low, high T) error {
	if *v == 0 {
		*v = fallback
	}
	if !(*v >= low && *v <= high) {
		return fmt.Errorf("edenwait: Config.%s is %v, want %v to %v", field, *v, low, high)
	}
	return nil
}

// apiBase is base for a Waiter whose Source may be the caller's: it needs no Token, and
// allows http, since a Poller's BaseURL has been checked already. It returns nil if
// BaseURL is invalid, which does not matter if the caller has set Source.
func (c Config) apiBase() *url.URL {
	c.Token, c.AllowHTTP = "none", true
	base, err := c.base()
	if err != nil {
		return nil
	}
	return base
}

// base checks BaseURL and Token and returns the URL that the endpoints' paths are
// appended to.
func (c Config) base() (*url.URL, error) {
	if c.Token == "" {
		return nil, errors.New("edenwait: Config.Token is empty, want an API key")
	}
	if strings.ContainsFunc(c.Token, func(r rune) bool { return r <= ' ' || r >= 0x7f }) {
		// The key itself stays out of the message.
		return nil, errors.New("edenwait: Config.Token contains a space, a line end or a character outside ASCII, want an API key")
	}
	base, err := url.Parse(strings.TrimSpace(c.BaseURL))
	if err != nil || base.Opaque != "" || base.Scheme == "" {
		return nil, c.notAURL()
	}
	shown := base.Scheme + "://" + base.Host // a path, a query and what is before an @ may be secrets
	switch {
	case base.User != nil:
		return nil, errors.New("edenwait: Config.BaseURL contains credentials, want the key in Config.Token")
	case base.Hostname() == "", base.Hostname() == "http", base.Hostname() == "https", // https://https://…
		strings.Count(base.Host, ":") > 1 && base.Host[0] != '[': // an IPv6 address that a port could be read from
		return nil, c.notAURL()
	case base.RawQuery != "" || base.ForceQuery || base.Fragment != "":
		return nil, c.invalidBase(shown+"/?…", "want scheme and host without a query or fragment, such as "+DefaultBaseURL)
	case base.Scheme == "https":
	case base.Scheme == "http" && isLoopback(base.Hostname()):
	case base.Scheme == "http" && isEdenAI(base.Hostname()):
		return nil, c.invalidBase(shown, "want https, which the API has")
	case base.Scheme == "http" && c.AllowHTTP:
	default:
		return nil, c.invalidBase(shown, "want https, or http to a loopback address (AllowHTTP allows http to any: the key is then sent unencrypted)")
	}
	base.Host = strings.TrimSuffix(base.Host, ":") // an empty port, which would stand in the Host header
	// Lower case, since http.ProxyFromEnvironment knows localhost in no other: it
	// would send the key to a proxy in clear text.
	base.Host = lower(base.Host)
	if base = withoutEndpoint(base); base.Path == "" {
		base.Path = "/" // or JoinPath gives a relative one
	}
	for segment := range strings.SplitSeq(strings.ToLower(base.Path), "/") {
		if len(segment) == 2 && segment[0] == 'v' && '0' <= segment[1] && segment[1] <= '9' || segment == "universal-ai" {
			return nil, c.invalidBase(shown+"/…/"+segment, "want scheme and host without the path of an endpoint, such as "+DefaultBaseURL)
		}
	}
	if name := strings.TrimSuffix(base.Hostname(), "."); base.Path != "/" && ("https://"+name == DefaultBaseURL || "https://"+name == EUBaseURL) {
		return nil, c.invalidBase(shown+"/…", "want no path, which the API's own host does not have: "+shown) // its documentation, say
	}
	return base, nil
}

// withoutEndpoint removes the path that people often copy along: /v3, or a whole endpoint.
func withoutEndpoint(base *url.URL) *url.URL {
	trimmed := strings.TrimRight(base.EscapedPath(), "/")
	for _, suffix := range []string{asyncPath, "/v3/universal-ai", "/v3"} {
		if rest, found := strings.CutSuffix(trimmed, suffix); found {
			if plain, err := url.PathUnescape(rest); err == nil {
				bare := *base
				bare.Path, bare.RawPath = plain, rest
				return &bare
			}
		}
	}
	return base
}

// notAURL says what to write. It quotes the value where that is a host and no
// more: a key in the wrong place must not be shown.
func (c Config) notAURL() error {
	value := strings.TrimPrefix(strings.TrimSpace(c.BaseURL), "//")
	host, rest, _ := strings.Cut(value, "/")
	name, port, _ := strings.Cut(host, ":")
	if strings.HasPrefix(host, "[") {
		name, port, _ = strings.Cut(host[1:], "]")
		port = strings.TrimPrefix(port, ":")
	}
	_, bad := strconv.ParseUint("0"+port, 10, 16)
	if name = lower(name); bad != nil || !isHostname(name) && !isLoopback(name) && net.ParseIP(name) == nil {
		return errors.New("edenwait: Config.BaseURL is not a URL, want scheme://host such as " + DefaultBaseURL)
	}
	want := "https://" + host
	if isLoopback(name) {
		want = "http://" + host
	}
	if rest != "" {
		host += "/…"
	}
	return c.invalidBase(host, "without a scheme, want "+want)
}

// isHostname reports whether a name has the form of a host's in the DNS: labels
// of at most 32 letters here, the last one without digits, so that no key has it.
func isHostname(name string) bool {
	labels := strings.Split(name, ".")
	if len(labels) < 2 || len(name) > 100 {
		return false
	}
	for i, label := range labels {
		if label == "" || len(label) > 32 || strings.ContainsFunc(label, func(r rune) bool {
			digit := '0' <= r && r <= '9'
			return !('a' <= r && r <= 'z' || r == '-' || digit && i < len(labels)-1)
		}) {
			return false
		}
	}
	return true
}

func (c Config) invalidBase(shown, want string) error {
	return fmt.Errorf("edenwait: Config.BaseURL is %s, %s", quote(newRedactor(c.Token, "").redact(shown), 128), newRedactor(c.Token, "").redact(want))
}

// isEdenAI reports whether a host is one of the API's own, all of which have https.
func isEdenAI(host string) bool {
	host = "." + lower(strings.TrimSuffix(host, "."))
	return strings.HasSuffix(host, ".edenai.run") || strings.HasSuffix(host, ".edenai.co")
}

// isLoopback does not resolve names: a name that someone else's DNS points at
// 127.0.0.1 today may point elsewhere tomorrow.
func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return lower(host) == "localhost" || ip != nil && ip.IsLoopback()
}

// Format prints the API's host, the rate, and whether there is a token, for every
// verb. The token stays out of logs that print a Config.
func (c Config) Format(f fmt.State, _ rune) {
	token := "none"
	if c.Token != "" {
		token = redacted
	}
	base := c.BaseURL
	if u, err := url.Parse(base); base == "" {
		base = DefaultBaseURL
	} else if err != nil || u.Host == "" {
		base = redacted // whatever it is
	} else if base = u.Scheme + "://" + u.Host; u.Path != "" && u.Path != "/" {
		base += "/…"
	}
	_, _ = fmt.Fprintf(f, "edenwait.Config{BaseURL:%s Token:%s Rate:%v}", quote(newRedactor(c.Token, "").redact(base), 128), token, c.Rate)
}

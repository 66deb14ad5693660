package edentemporal

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"time"

	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/worker"
	"go.uber.org/zap"

	"github.com/edenwait/edenwait"
)

// Refusal says what happens to waits while the API refuses the key or the account (401,
// 402, 403).
type Refusal int

const (
	// RefusalWait lets them wait. The leader steps down, and a candidate leads only once
	// the API has accepted a request of its own. The pending activities show the reason
	// as their last failure, and [Leader] shows it too.
	RefusalWait Refusal = iota
	// RefusalFail makes WaitAll return the refusal as an error. The leader continues.
	RefusalFail
)

// Options configure a process as a candidate. All candidates of an account
// should have the same Options.
type Options struct {
	// Account is the name of the account, which workflows pass to WaitAll. The names of
	// task queues contain it. It must not be the key.
	Account string

	// Config configures the leader's Waiter. MaxWait and FailFast must be unset, since
	// [WithTimeout] bounds a wait, and one workflow's failure must not end another's wait.
	// MaxErrors defaults to 2,000 here, which is more than five hours of failures with the
	// default BackOff. Hooks run at the leader, at least once per job.
	Config edenwait.Config

	// Reduce has the functions that workflows choose by name with WithReduce. The leader
	// needs the functions of all workflows. A wait whose Reduce the leader does not have is
	// retried for ten minutes, and then fails. Defaults to none.
	Reduce map[string]Reduce

	// Register registers activities that run at the leader only, on SubmitQueue. The
	// transport draws their requests to the API from the leader's rate limit, and
	// refuses all requests once this process may no longer lead. Register is called each
	// time this process begins to lead. Defaults to none.
	//
	// An activity that submits should have MaximumAttempts 1: an attempt whose answer was
	// lost may have been billed.
	Register func(registry worker.ActivityRegistry, transport http.RoundTripper)

	// MaxSubmits is how many of the activities of Register run at the same time. Others
	// wait in the task queue, where StartToCloseTimeout does not count. Defaults to twice
	// Config.Rate, but at least 4.
	MaxSubmits int

	// DataConverter must be the client's, if the client has a custom one. It measures
	// outcomes. Defaults to Temporal's default.
	DataConverter converter.DataConverter

	// HeartbeatTimeout is how long after the leader's death another candidate may lead.
	// It is fixed when the account's LeadWorkflow starts. While the workflow runs, another
	// value has no effect. Defaults to 30 s; at least 1 s.
	HeartbeatTimeout time.Duration

	// Beat is the time between two heartbeats of the leader, which are billed. Defaults to
	// a quarter of HeartbeatTimeout. The maximum is half of it.
	Beat time.Duration

	// Refusal defaults to RefusalWait. RefusalDelay is how long a refused candidate does
	// not lead. It doubles with each consecutive refusal, up to 10
	// minutes. It defaults to 30 s.
	Refusal      Refusal
	RefusalDelay time.Duration

	// Identity is the name of this process, in Leader and in Temporal's views. Defaults
	// to the process id and the host's name.
	Identity string
}

const (
	defaultHeartbeat    = 30 * time.Second
	defaultRefusalDelay = 30 * time.Second
	maxRefusalDelay     = 10 * time.Minute
	defaultMaxErrors    = 2000
	defaultRate         = 10
)

// withDefaults returns a copy with the defaults, or an error that names the field.
func (o Options) withDefaults() (Options, error) {
	if err := checkAccount(o.Account); err != nil {
		return o, err
	}
	switch {
	case o.Config.Token != "" && o.Account == o.Config.Token:
		return o, errors.New("edentemporal: invalid Options.Account: it is the API key, want a name")
	case o.Config.MaxWait != 0:
		return o, errors.New("edentemporal: Options.Config.MaxWait is set, want WithTimeout in the workflow")
	case o.Config.FailFast:
		return o, errors.New("edentemporal: Options.Config.FailFast is set, which would end the waits of other workflows")
	case o.Refusal != RefusalWait && o.Refusal != RefusalFail:
		return o, fmt.Errorf("edentemporal: invalid Options.Refusal %d", o.Refusal)
	}
	if o.Config.MaxErrors == 0 {
		o.Config.MaxErrors = defaultMaxErrors
	}
	if o.Config.Logger == nil {
		o.Config.Logger = zap.NewNop()
	}
	rate := o.Config.Rate
	if rate == 0 {
		rate = defaultRate
	}
	if o.MaxSubmits == 0 {
		o.MaxSubmits = max(int(2*rate), 4)
	}
	if o.DataConverter == nil {
		o.DataConverter = converter.GetDefaultDataConverter()
	}
	if o.HeartbeatTimeout == 0 {
		o.HeartbeatTimeout = defaultHeartbeat
	}
	if o.RefusalDelay == 0 {
		o.RefusalDelay = defaultRefusalDelay
	}
	if o.Identity == "" {
		host, _ := os.Hostname()
		o.Identity = fmt.Sprintf("%d@%s", os.Getpid(), host)
	}
	switch {
	case o.HeartbeatTimeout < time.Second:
		return o, fmt.Errorf("edentemporal: Options.HeartbeatTimeout is %v, want at least 1s", o.HeartbeatTimeout)
	case o.Beat < 0 || o.Beat > o.HeartbeatTimeout/2:
		return o, fmt.Errorf("edentemporal: Options.Beat is %v, want 0s to half of HeartbeatTimeout (%v)", o.Beat, o.HeartbeatTimeout)
	case o.MaxSubmits < 0:
		return o, fmt.Errorf("edentemporal: Options.MaxSubmits is %d, want at least 1", o.MaxSubmits)
	case o.RefusalDelay < 0:
		return o, fmt.Errorf("edentemporal: Options.RefusalDelay is %v, want more than 0", o.RefusalDelay)
	}
	return o, nil
}

// beat is the time between two heartbeats at that timeout, which the server may know
// from an earlier candidate.
func (o Options) beat(timeout time.Duration) time.Duration {
	if o.Beat > 0 {
		return min(o.Beat, timeout/2)
	}
	return timeout / 4
}

// rest is for how long a candidate does not lead that was refused now, and so often before.
func (o Options) rest(refusals int) time.Duration {
	rest, most := o.RefusalDelay, max(maxRefusalDelay, o.RefusalDelay)
	for range refusals {
		if rest > most-rest { // twice as much may not fit
			return most
		}
		rest += rest
	}
	return rest
}

package main

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/edenwait/edenwait/edentest"
)

func TestParseDurations(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]edentest.Durations{
		"lognormal:60s,1,20m":     edentest.Lognormal{Median: time.Minute, Sigma: 1, Cap: 20 * time.Minute},
		"lognormal:5s,0.5":        edentest.Lognormal{Median: 5 * time.Second, Sigma: 0.5},
		"fixed:0s":                edentest.Fixed(0),
		"fixed:never":             edentest.Fixed(edentest.Never),
		"uniform:1s,1m30s":        edentest.Uniform{Min: time.Second, Max: 90 * time.Second},
		"pareto:2s,1.5,1h":        edentest.Pareto{Min: 2 * time.Second, Alpha: 1.5, Cap: time.Hour},
		"bimodal:1s,1m,0.25":      edentest.Bimodal{Short: time.Second, Long: time.Minute, LongFraction: 0.25},
		"bad: ":                   nil,
		"":                        nil,
		"fixed":                   nil,
		"fixed:soon":              nil,
		"fixed:-1s":               nil,
		"fixed:1s,2s":             nil,
		"uniform:1s":              nil,
		"uniform:,1s":             nil,
		"lognormal:60s,much":      nil,
		"lognormal:60s,-1":        nil,
		"lognormal:60s,NaN":       nil,
		"lognormal:60s,Inf":       nil,
		"uniform:2s,1s":           nil,
		"uniform:1s,1s":           edentest.Uniform{Min: time.Second, Max: time.Second},
		"pareto:0s,1":             nil,
		"pareto:1s,0":             nil,
		"bimodal:1s,1m,1.5":       nil,
		"bimodal:1s,1m,-0.5":      nil,
		"bimodal:1s,1m,1":         edentest.Bimodal{Short: time.Second, Long: time.Minute, LongFraction: 1},
		"lognormal:60s,1,20m,30m": nil,
	} {
		got, err := parseDurations(text)
		if got != want || (err != nil) != (want == nil) {
			t.Errorf("%q: got %#v, %v, want %#v", text, got, err, want)
		}
		if err != nil && !strings.Contains(err.Error(), fmt.Sprintf("--durations is %q", text)) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestParseFault(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]struct {
		name string
		edentest.Fault
	}{
		"torn":                                              {"torn", edentest.Fault{}},
		"status=503,share=0.1":                              {"status 503", edentest.Fault{Probability: .1}},
		"delay=2s,on=list,from=1m":                          {"delay", edentest.Fault{On: edentest.List, From: time.Minute}},
		"reset,on=get,times=3,skip=2":                       {"reset", edentest.Fault{On: edentest.Get, Times: 3, Skip: 2}},
		"refuse,until=1s,job=" + jobID:                      {"refuse", edentest.Fault{Until: time.Second, JobID: jobID}},
		"retry-after=Tomorrow,on=get":                       {"retry", edentest.Fault{On: edentest.Get}},
		"retry-after=Wed, 21 Oct 2037 07:28:00 GMT,times=2": {`retry after "Wed, 21 Oct 2037 07:28:00 GMT"`, edentest.Fault{Times: 2}},
		"status=200":                                        {"status 200", edentest.Fault{}},
		"status=599":                                        {"status 599", edentest.Fault{}},
		"huge=1000000":                                      {"huge", edentest.Fault{}},
		"clock-skew=-10s":                                   {"clock", edentest.Fault{}},
		"stale-list=10s":                                    {"stale", edentest.Fault{}},
		"redirect=http://127.0.0.1:1/x":                     {"redirect", edentest.Fault{}},
	} {
		got, err := parseFault(text)
		if err != nil || len(got) != 1 {
			t.Errorf("%q: %v, %v", text, got, err)
			continue
		}
		if !strings.HasPrefix(got[0].String(), want.name) {
			t.Errorf("%q does %q, want %q", text, got[0], want.name)
		}
		f := got[0]
		if f.On != want.On || f.Probability != want.Probability || f.From != want.From || f.Until != want.Until ||
			f.Skip != want.Skip || f.Times != want.Times || f.JobID != want.JobID {
			t.Errorf("%q: got %+v, want %+v", text, f, want.Fault)
		}
	}
	if got, err := parseFault("chaos=0.1"); err != nil || len(got) < 3 {
		t.Errorf("chaos is %v, %v", got, err)
	}
	for _, text := range []string{
		"", "nothing", "torn=1", "status", "status=199", "status=600", "delay", "delay=2", "huge=many", "huge=-1", "torn,share=0", "torn,share=2",
		"delay=-1s", "drip=-1s", "stale-list=-1s", "torn,from=-1s", "torn,until=-1s", "torn,from=2s,until=1s", "torn,from=1s,until=1s", "torn,skip=-1",
		"torn,times=-1", "torn,share=NaN", "torn,share=-1", "chaos=-1",
		"torn,on=put", "torn,job=x", "torn,x", "torn,times=few", "torn,from=5", "torn,colour=red", "chaos", "chaos=2", "chaos=0.1,on=get",
	} {
		if got, err := parseFault(text); err == nil {
			t.Errorf("%q is taken as %v", text, got)
		}
	}
}

// TestEffectNames: every fault does what it is called.
func TestEffectNames(t *testing.T) {
	t.Parallel()
	does := map[string]edentest.Effect{}
	for name, effect := range plainEffects {
		does[name] = effect()
	}
	for name, effect := range timedEffects {
		does[name+" 2s"] = effect(2 * time.Second)
	}
	for name, effect := range textEffects {
		does[name] = effect("x")
	}
	for name, effect := range does {
		called := strings.TrimPrefix(strings.ReplaceAll(name, "-", " "), "wrong ")
		if got := strings.TrimSuffix(effect.String(), ` "x"`); got != called {
			t.Errorf("%s does %s", name, got)
		}
	}
}

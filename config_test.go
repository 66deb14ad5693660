package edenwait_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"github.com/edenwait/edenwait"
	"github.com/edenwait/edenwait/edentest"
	"github.com/edenwait/edenwait/internal/testbed"
)

func TestNewNamesTheField(t *testing.T) {
	tests := []struct {
		config edenwait.Config
		says   string
	}{
		{edenwait.Config{Token: ""}, "Config.Token is empty"},
		{edenwait.Config{Token: "a b"}, "Config.Token contains a space"},
		{edenwait.Config{Token: "a\n"}, "Config.Token contains a space, a line end"},
		{edenwait.Config{BaseURL: "http://api.edenai.run"}, "Config.BaseURL is \"http://api.edenai.run\", want https"},
		{edenwait.Config{BaseURL: "http://localhost.evil.example"}, "want https"},
		{edenwait.Config{BaseURL: "http://127.0.0.1.evil.example"}, "want https"},
		{edenwait.Config{BaseURL: "ftp://api.edenai.run"}, "want https"},
		{edenwait.Config{BaseURL: "ftp://edenai", AllowHTTP: true}, "want https"},
		{edenwait.Config{BaseURL: "http://api.edenai.run", AllowHTTP: true}, "want https, which the API has"},
		{edenwait.Config{BaseURL: "http://API.eu.EdenAI.run.", AllowHTTP: true}, "want https, which the API has"},
		{edenwait.Config{BaseURL: "http://user:pass@edenai:8080", AllowHTTP: true}, "Config.BaseURL contains credentials"},
		{edenwait.Config{BaseURL: "api.edenai.run"}, "Config.BaseURL"},
		{edenwait.Config{BaseURL: "https://"}, "Config.BaseURL"},
		{edenwait.Config{BaseURL: "https://user:pass@api.edenai.run"}, "Config.BaseURL contains credentials"},
		{edenwait.Config{BaseURL: "https://api.edenai.run?key=1"}, "Config.BaseURL"},
		{edenwait.Config{BaseURL: "https://%zz"}, "Config.BaseURL"},
		{edenwait.Config{RequestTimeout: -1}, "Config.RequestTimeout is -1ns, want 1ms to"},
		{edenwait.Config{MaxResponseBytes: -1}, "Config.MaxResponseBytes is -1, want 1 to"},
		{edenwait.Config{Rate: -1}, "Config.Rate is -1, want 0.001 to 1e+06"},
		{edenwait.Config{Rate: math.NaN()}, "Config.Rate is NaN"},
		{edenwait.Config{Rate: math.Inf(1)}, "Config.Rate is +Inf"},
		{edenwait.Config{Burst: -1}, "Config.Burst is -1, want 1 to"},
		{edenwait.Config{MaxInFlight: -1}, "Config.MaxInFlight is -1, want 1 to"},
		{edenwait.Config{MaxWait: -time.Second}, "Config.MaxWait is -1s, want 1ms to"},
		{edenwait.Config{MaxErrors: -1}, "Config.MaxErrors is -1, want 1 to"},
	}
	for _, tt := range tests {
		if tt.config.Token == "" && !strings.Contains(tt.says, "Token") {
			tt.config.Token = "secret-key"
		}
		_, err := edenwait.New(tt.config)
		_, pollerErr := edenwait.NewPoller(tt.config)
		if err == nil || pollerErr == nil || !strings.Contains(err.Error(), tt.says) || err.Error() != pollerErr.Error() {
			t.Errorf("%v: New says %v, NewPoller %v, want %s", tt.config, err, pollerErr, tt.says)
		}
		if err != nil && (strings.Contains(err.Error(), "secret-key") || strings.Contains(err.Error(), "pass")) {
			t.Errorf("the error shows a secret: %v", err)
		}
	}
}

func TestNewAccepts(t *testing.T) {
	for _, base := range []string{"", edenwait.DefaultBaseURL, edenwait.EUBaseURL + "/", "http://127.0.0.1:8080", "http://localhost:1/x", "http://LOCALHOST:1", "http://[::1]:9"} {
		if _, err := edenwait.New(edenwait.Config{Token: "k", BaseURL: base}); err != nil {
			t.Errorf("%q: %v", base, err)
		}
	}
}

// TestBaseURLAsPeopleCopyIt: with an endpoint's path, or whitespace, it means the
// same; where it cannot, New says what to write.
func TestBaseURLAsPeopleCopyIt(t *testing.T) {
	for base, want := range map[string]string{
		"https://api.edenai.run/v3":                           "https://api.edenai.run",
		"https://api.edenai.run/v3/":                          "https://api.edenai.run",
		"https://api.edenai.run/v3//":                         "https://api.edenai.run",
		"https://api.edenai.run/v3/universal-ai":              "https://api.edenai.run",
		"https://api.edenai.run/v3/universal-ai/async":        "https://api.edenai.run",
		"https://api.edenai.run/v3/universal-ai/async/":       "https://api.edenai.run",
		" https://api.edenai.run\n":                           "https://api.edenai.run",
		"HTTPS://API.EDENAI.RUN/":                             "https://api.edenai.run",
		"https://gateway.example/eden/v3":                     "https://gateway.example/eden",
		"https://gateway.example/a%2Fb/v3/universal-ai/async": "https://gateway.example/a%2Fb",
		"https://gateway.example/pv3":                         "https://gateway.example/pv3",
		"https://gateway.example:8443/v3":                     "https://gateway.example:8443",
		"https://gateway.example/vision":                      "https://gateway.example/vision",
	} {
		var asked string
		client := &http.Client{Transport: testbed.RoundTrip(func(r *http.Request) (*http.Response, error) {
			asked = r.URL.String()
			return nil, errors.New("no network")
		})}
		poller, err := edenwait.NewPoller(edenwait.Config{Token: "secret-key", BaseURL: base, HTTPClient: client})
		if err != nil {
			t.Errorf("%q: %v", base, err)
			continue
		}
		_, _ = poller.Get(t.Context(), testbed.SomeID)
		if asked != want+"/v3/universal-ai/async/"+testbed.SomeID {
			t.Errorf("%q: asks %s", base, asked)
		}
	}
	for base, says := range map[string]string{
		"api.edenai.run":                `Config.BaseURL is "api.edenai.run", without a scheme, want https://api.edenai.run`,
		"api.edenai.run/v3":             `Config.BaseURL is "api.edenai.run/…", without a scheme, want https://api.edenai.run`,
		"//api.edenai.run":              `without a scheme, want https://api.edenai.run`,
		"api.edenai.run:443":            `Config.BaseURL is "api.edenai.run:443", without a scheme, want https://api.edenai.run:443`,
		"localhost:8080":                `Config.BaseURL is "localhost:8080", without a scheme, want http://localhost:8080`,
		"127.0.0.1:8080":                `Config.BaseURL is "127.0.0.1:8080", without a scheme, want http://127.0.0.1:8080`,
		"API.EDENAI.RUN":                `Config.BaseURL is "API.EDENAI.RUN", without a scheme, want https://API.EDENAI.RUN`,
		"10.1.2.3:8080/x":               `Config.BaseURL is "10.1.2.3:8080/…", without a scheme, want https://10.1.2.3:8080`,
		"[::1]:8080":                    `Config.BaseURL is "[::1]:8080", without a scheme, want http://[::1]:8080`,
		"https://https://api.x.example": "is not a URL, want scheme://host such as https://api.edenai.run",
		"https://api.edenai.run/docs":   `Config.BaseURL is "https://api.edenai.run/…", want no path, which the API's own host does not have: https://api.edenai.run`,
		"https://api.eu.edenai.run/x/":  "want no path",
		"http://localho\u017ft":         "want https, or http to a loopback address",
		"https:/api.edenai.run":         "want scheme://host such as https://api.edenai.run",
		"https:api.edenai.run":          "want scheme://host such as https://api.edenai.run",
		"https://":                      "want scheme://host such as https://api.edenai.run",
		"x.example:hunter2":             "is not a URL, want scheme://host such as https://api.edenai.run",
		"0.A:\x00":                      "is not a URL, want scheme://host such as https://api.edenai.run",
		"[::1]\x00":                     "is not a URL, want scheme://host such as https://api.edenai.run",
		"ws://api.edenai.run":           `Config.BaseURL is "ws://api.edenai.run", want https`,
		"https://api.edenai.run/v2":     `Config.BaseURL is "https://api.edenai.run/…/v2", want scheme and host without the path of an endpoint, such as https://api.edenai.run`,
		"https://api.edenai.run/v2/x":   "without the path of an endpoint",
		"https://api.edenai.run/V3":     "without the path of an endpoint",
		"https://api.edenai.run/v3/universal-ai/async/" + testbed.SomeID: "without the path of an endpoint",
		"https://api.edenai.run/v3/universal-ai/async?page=1":            "without a query or fragment, such as https://api.edenai.run",
		"https://api.edenai.run/#top":                                    "without a query or fragment",
	} {
		_, err := edenwait.New(edenwait.Config{Token: "secret-key", BaseURL: base})
		if err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%q: %v", base, err)
		}
	}
}

// A port that is left empty does not stand in the Host header.
func TestEmptyPort(t *testing.T) {
	poller, err := edenwait.NewPoller(edenwait.Config{Token: "k", BaseURL: "https://api.edenai.run:"})
	if text := fmt.Sprint(poller); err != nil || !strings.Contains(text, "https://api.edenai.run/v3/") {
		t.Errorf("%s, %v", text, err)
	}
}

func TestPrintingShowsNoToken(t *testing.T) {
	config := edenwait.Config{Token: "secret-key"}
	waiter, err := edenwait.New(config)
	if err != nil {
		t.Fatal(err)
	}
	poller, err := edenwait.NewPoller(config)
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range []any{config, &config, waiter, *waiter, poller, *poller, []any{config, poller, waiter}} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%d", "%x"} {
			if text := fmt.Sprintf(verb, v); strings.Contains(text, "secret-key") || strings.Contains(text, fmt.Sprintf("%x", "secret-key")) {
				t.Errorf("%s of %T: %s", verb, v, text)
			}
		}
		if data, err := json.Marshal(v); err == nil && strings.Contains(string(data), "secret-key") {
			t.Errorf("JSON of %T: %s", v, data)
		}
	}
}

// MaxInFlight has places enough for Rate, and New says where a value has not.
func TestMaxInFlightFollowsRate(t *testing.T) {
	for _, test := range []struct {
		config edenwait.Config
		warns  bool
	}{
		{edenwait.Config{}, false},
		{edenwait.Config{Rate: 5000}, false},
		{edenwait.Config{Rate: 1e6}, false},
		{edenwait.Config{Rate: 5000, MaxInFlight: 64}, true},
		{edenwait.Config{Rate: 10, MaxInFlight: 1}, false},
	} {
		core, logs := observer.New(zapcore.WarnLevel)
		test.config.Token, test.config.Logger = "key-0123456789", zap.New(core)
		if _, err := edenwait.New(test.config); err != nil {
			t.Fatal(err)
		}
		if got := logs.Len() > 0; got != test.warns {
			t.Errorf("Rate %v, MaxInFlight %d: %d warnings", test.config.Rate, test.config.MaxInFlight, logs.Len())
		}
	}
	// Answers that take 90 ms, at 2,000 a second: 180 are under way.
	synctest.Test(t, func(t *testing.T) {
		api := edentest.New(edentest.Options{Latency: 90 * time.Millisecond, Rate: 1e5})
		waiter := testbed.NewWaiter(t, api, edenwait.Config{Rate: 2000, DisableList: true})
		ids := api.SubmitAll(4000, edentest.Workload{Durations: edentest.Fixed(0)})
		began := time.Now()
		if _, err := waiter.WaitAll(context.Background(), ids); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(began); took > 2200*time.Millisecond {
			t.Errorf("4,000 jobs that have ended took %v", took)
		}
	})
}

// TestAllowHTTP: http to any host but the API's own, where it was asked for.
func TestAllowHTTP(t *testing.T) {
	for _, base := range []string{"http://edenai:8080", "http://10.1.2.3", "HTTP://fake.internal/v3"} {
		if _, err := edenwait.New(edenwait.Config{Token: "k", BaseURL: base}); err == nil || !strings.Contains(err.Error(), "AllowHTTP") {
			t.Errorf("%s without AllowHTTP: %v", base, err)
		}
		if _, err := edenwait.New(edenwait.Config{Token: "k", BaseURL: base, AllowHTTP: true}); err != nil {
			t.Errorf("%s: %v", base, err)
		}
	}
}

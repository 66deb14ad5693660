package main

import (
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/edenwait/edenwait/edentest"
)

// webhookFlags are the flags of emulate that are about webhooks.
type webhookFlags struct {
	on       bool
	receiver string
	insecure bool
	delay    time.Duration
	lossRate float64
	form     string
	writeKey string
}

// signatureForms are the names of edentest's forms, in their order.
var signatureForms = []string{edentest.PythonJSON: "python", edentest.OrJSON: "orjson", edentest.OrJSONPlus: "orjson+"}

func (w *webhookFlags) flags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.BoolVar(&w.on, "webhooks", false, "deliver webhooks")
	f.StringVar(&w.receiver, "webhook-receiver", "", "with --webhooks: deliver jobs without a webhook_receiver to this `URL`")
	f.BoolVar(&w.insecure, "webhook-insecure", false, "with --webhooks: allow http and loopback receivers")
	f.DurationVar(&w.delay, "webhook-delay", 0, "with --webhooks: time from a job's end to its delivery")
	f.Float64Var(&w.lossRate, "webhook-loss", 0, "with --webhooks: `share` of jobs that are not delivered, 0 to 1")
	f.StringVar(&w.form, "webhook-form", signatureForms[0], "with --webhooks: `form` of the signed text: python, orjson or orjson+")
	f.StringVar(&w.writeKey, "webhook-write-key", "", "with --webhooks: write the public key to this PEM `file`")
	complete(cmd, "webhook-form", signatureForms)
}

// options returns nil without --webhooks.
func (w *webhookFlags) options() (*edentest.Webhooks, error) {
	switch {
	case !w.on && *w != webhookFlags{form: signatureForms[0]}:
		return nil, errors.New("the --webhook-… flags need --webhooks")
	case !w.on:
		return nil, nil
	case w.delay < 0:
		return nil, fmt.Errorf("--webhook-delay is %v, want 0s or more", w.delay)
	case !(w.lossRate >= 0 && w.lossRate <= 1): // NaN too
		return nil, fmt.Errorf("--webhook-loss is %v, want 0 to 1", w.lossRate)
	}
	hooks := &edentest.Webhooks{
		All: w.receiver != "", Receiver: w.receiver, AllowInsecure: w.insecure, Delay: w.delay, LossRate: w.lossRate,
	}
	for form, name := range signatureForms {
		if name == w.form {
			hooks.Form = edentest.SignatureForm(form)
			return hooks, nil
		}
	}
	return nil, fmt.Errorf("--webhook-form is %q, want one of %v", w.form, signatureForms)
}

// writePublicKey writes the key that verifies deliveries.
func (w *webhookFlags) writePublicKey(api *edentest.API) error {
	if w.writeKey == "" {
		return nil
	}
	key, err := x509.MarshalPKIXPublicKey(api.WebhookKey())
	if err != nil {
		return usageError("--webhook-write-key", err)
	}
	return usageError("--webhook-write-key", os.WriteFile(w.writeKey, pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: key}), 0o644))
}

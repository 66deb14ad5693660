package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/edenwait/edenwait"
	"github.com/spf13/cobra"
)

const (
	keyVariable = "EDENAI_API_KEY"
	urlVariable = "EDENAI_BASE_URL"
)

// account says whom to ask, and as whom.
type account struct {
	tokenFile string
	baseURL   string
	eu        bool
}

func (a *account) flags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&a.tokenFile, "token-file", "", "read the key from this `file` instead of "+keyVariable)
	f.StringVar(&a.baseURL, "base-url", "", "the API's `URL` (default $"+urlVariable+", or "+edenwait.DefaultBaseURL+")")
	f.BoolVar(&a.eu, "eu", false, "ask the API in the European Union, "+edenwait.EUBaseURL)
	cmd.MarkFlagsMutuallyExclusive("base-url", "eu")
}

// config fills in what the flags and the environment say.
func (a *account) config(ctx context.Context, c *edenwait.Config) (err error) {
	c.BaseURL = cmp.Or(a.baseURL, os.Getenv(urlVariable))
	if a.eu {
		c.BaseURL = edenwait.EUBaseURL
	}
	c.Token, err = a.token(ctx)
	return err
}

func (a *account) token(ctx context.Context) (string, error) {
	if a.tokenFile == "" {
		token := strings.TrimSpace(os.Getenv(keyVariable))
		if token == "" {
			return "", fmt.Errorf("no API key: set %s or use --token-file", keyVariable)
		}
		return token, nil
	}
	// It may be a pipe from a program that asks for a passphrase first.
	content, err := await(ctx, func() ([]byte, error) { return os.ReadFile(a.tokenFile) })
	if err != nil {
		return "", cannot("--token-file", err)
	}
	return parseToken(a.tokenFile, content)
}

// parseToken finds the key in a file's content. That is never quoted: whatever it
// is, it was meant to be a secret.
func parseToken(name string, content []byte) (string, error) {
	if bytes.HasPrefix(content, []byte("\xff\xfe")) || bytes.HasPrefix(content, []byte("\xfe\xff")) {
		return "", fmt.Errorf("--token-file: %s is UTF-16, as some shells write it, want plain text", name)
	}
	token := bytes.TrimSpace(bytes.TrimPrefix(content, []byte("\xef\xbb\xbf"))) // of a Windows editor
	if len(token) == 0 || len(bytes.Fields(token)) != 1 {
		return "", fmt.Errorf("--token-file: %s does not hold a key and nothing else", name)
	}
	if bytes.ContainsFunc(token, func(c rune) bool { return c <= ' ' || c >= 0x7f }) {
		return "", fmt.Errorf("--token-file: %s holds characters that no key has", name)
	}
	return string(token), nil
}

// flagError puts a complaint about a field of the Config in terms of the flag
// that filled it.
func flagError(err error) error {
	if err == nil {
		return nil
	}
	return errors.New(strings.NewReplacer(
		"edenwait: ", "",
		"want the key in Config.Token", "want the key in "+keyVariable+" or --token-file",
		"Config.Token", "the API key",
		"Config.BaseURL", "--base-url (or "+urlVariable+")",
		"Config.Rate", "--rate",
		"Config.MaxWait", "--max-wait",
		"Config.MaxInFlight", "--max-in-flight",
		"Config.RequestTimeout", "--request-timeout",
		"Config.MaxResponseBytes", "--max-response-bytes",
	).Replace(err.Error()))
}

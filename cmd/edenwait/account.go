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

// account is the API to use, and its key.
type account struct {
	tokenFile string
	baseURL   string
	eu        bool
	allowHTTP bool
}

func (a *account) flags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&a.tokenFile, "token-file", "", "read the key from this `file` instead of "+keyVariable)
	f.StringVar(&a.baseURL, "base-url", "", "the API's `URL` (default $"+urlVariable+", or "+edenwait.DefaultBaseURL+")")
	f.BoolVar(&a.eu, "eu", false, "use the API in the European Union, "+edenwait.EUBaseURL)
	f.BoolVar(&a.allowHTTP, "allow-http", false, "allow an http --base-url beyond this machine: the key is sent unencrypted")
	cmd.MarkFlagsMutuallyExclusive("base-url", "eu")
}

// config sets the fields from the flags and the environment.
func (a *account) config(ctx context.Context, c *edenwait.Config) (err error) {
	c.BaseURL = cmp.Or(a.baseURL, os.Getenv(urlVariable))
	if a.eu {
		c.BaseURL = edenwait.EUBaseURL
	}
	c.AllowHTTP = a.allowHTTP
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
	// It may be a pipe from a program that first asks its user for a passphrase.
	content, err := await(ctx, func() ([]byte, error) { return readStart(a.tokenFile, maxToken+1) })
	if err != nil {
		return "", usageError("--token-file", err)
	}
	return parseToken(a.tokenFile, content)
}

// maxToken bounds the content of a token file. Servers refuse longer headers.
const maxToken = 8 << 10

// parseToken returns the key in a file's content. Errors never quote the content, since
// it is a secret whatever it is.
func parseToken(name string, content []byte) (string, error) {
	if bytes.HasPrefix(content, []byte("\xff\xfe")) || bytes.HasPrefix(content, []byte("\xfe\xff")) {
		return "", fmt.Errorf("--token-file: %s is UTF-16: want plain text", name)
	}
	token := bytes.TrimSpace(bytes.TrimPrefix(content, []byte("\xef\xbb\xbf"))) // of a Windows editor
	if len(content) > maxToken || len(bytes.Fields(token)) != 1 {
		return "", fmt.Errorf("--token-file: invalid content in %s: want only the key", name)
	}
	if bytes.ContainsFunc(token, func(c rune) bool { return c <= ' ' || c >= 0x7f }) {
		return "", fmt.Errorf("--token-file: invalid characters in %s: want only the key", name)
	}
	return string(token), nil
}

// flagError names the flag instead of the field of the Config that it sets.
func flagError(err error) error {
	if err == nil {
		return nil
	}
	return errors.New(strings.NewReplacer(
		"edenwait: ", "",
		"want the key in Config.Token", "want the key in "+keyVariable+" or --token-file",
		"Config.Token", "the API key",
		"Config.BaseURL", "--base-url (or "+urlVariable+")",
		"AllowHTTP", "--allow-http",
		"Config.Rate", "--rate",
		"Config.MaxWait", "--max-wait",
		"Config.MaxInFlight", "--max-in-flight",
		"Config.RequestTimeout", "--request-timeout",
		"Config.MaxResponseBytes", "--max-response-bytes",
	).Replace(err.Error()))
}

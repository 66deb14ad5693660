package conformance

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/pb33f/libopenapi"
	validator "github.com/pb33f/libopenapi-validator"
	"github.com/pb33f/libopenapi-validator/config"
	"github.com/pb33f/libopenapi-validator/errors"
)

// A contract is openapi.yaml, ready to be held against answers.
type contract struct {
	mu       sync.Mutex // the validator fills caches of its own
	validate validator.Validator
	promised []string // every "METHOD path status" of the document
}

func readContract(t *testing.T) *contract {
	t.Helper()
	spec, err := os.ReadFile("../openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	doc, err := libopenapi.NewDocument(spec)
	if err != nil {
		t.Fatal(err)
	}
	v, errs := validator.NewValidator(doc, config.WithFormatAssertions())
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	model, err := doc.BuildV3Model()
	if err != nil {
		t.Fatal(err)
	}
	c := &contract{validate: v}
	for path, item := range model.Model.Paths.PathItems.FromOldest() {
		for method, op := range item.GetOperations().FromOldest() {
			for status := range op.Responses.Codes.FromOldest() {
				c.promised = append(c.promised, strings.ToUpper(method)+" "+path+" "+status)
			}
		}
	}
	if len(c.promised) < 20 {
		t.Fatalf("only %d answers in the document: %v", len(c.promised), c.promised)
	}
	return c
}

func TestDocument(t *testing.T) {
	c := readContract(t)
	if ok, problems := c.validate.ValidateDocument(); !ok {
		t.Error(describe(problems))
	}
}

// A checker hands requests on, and holds each answer against the contract.
type checker struct {
	*contract
	next http.RoundTripper
	t    *testing.T

	mu   sync.Mutex
	seen []string // in the form of contract.promised
}

func (c *contract) client(t *testing.T, next http.RoundTripper) (*http.Client, *checker) {
	if next == nil {
		next = http.DefaultTransport
	}
	k := &checker{contract: c, next: next, t: t}
	return &http.Client{Transport: k}, k
}

// RoundTrip implements http.RoundTripper. Only what is said about the request is
// the caller's business: an answer that breaks the contract fails the test.
func (k *checker) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := k.next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, err
	}
	if err := resp.Body.Close(); err != nil {
		return nil, err
	}
	resp.Body = io.NopCloser(bytes.NewReader(body))

	k.mu.Lock()
	k.seen = append(k.seen, fmt.Sprintf("%s %s %d", r.Method, template(r.URL.Path), resp.StatusCode))
	k.mu.Unlock()
	if problem := k.check(r, resp.StatusCode, resp.Header, body); problem != "" {
		k.t.Errorf("%s %s = %d %.500s\nbreaks the contract: %s", r.Method, r.URL, resp.StatusCode, body, problem)
	}
	return resp, nil
}

// check returns what is wrong with an answer, or "".
func (c *contract) check(r *http.Request, status int, header http.Header, body []byte) string {
	// No document says what a method that it does not name is answered with;
	// that must be an error like any other.
	method := r.Method
	if method != http.MethodPost && method != http.MethodDelete {
		method = http.MethodGet
	}
	// The validator looks for the path under the servers of the document.
	asked, err := http.NewRequest(method, "https://api.edenai.run"+r.URL.RequestURI(), nil)
	if err != nil {
		return err.Error()
	}
	asked.Header.Set("Content-Type", "application/json")
	answer := &http.Response{
		StatusCode: status,
		Header:     header,
		Body:       io.NopCloser(bytes.NewReader(body)),
		Request:    asked,
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if ok, problems := c.validate.ValidateHttpResponse(asked, answer); !ok {
		return describe(problems)
	}
	// The validator takes an empty body, and null, for none, and looks no
	// further. A removed job may be answered for with either.
	none := len(body) == 0 || string(body) == "null"
	switch {
	case status == http.StatusNoContent && len(body) > 0:
		return "a body with 204"
	case none && (method != http.MethodDelete || status >= 300):
		return "no body"
	}
	return ""
}

func template(path string) string {
	if rest, ok := strings.CutPrefix(path, async+"/"); ok && rest != "" {
		return async + "/{job_id}"
	}
	return path
}

// missing returns the promised answers that were not among those seen.
func (c *contract) missing(seen []string) []string {
	return slices.DeleteFunc(slices.Clone(c.promised), func(p string) bool { return slices.Contains(seen, p) })
}

func describe(problems []*errors.ValidationError) string {
	var b strings.Builder
	for _, p := range problems {
		b.WriteString("\n" + p.Message + ": " + p.Reason)
		for _, s := range p.SchemaValidationErrors {
			b.WriteString("\n\t" + s.FieldPath + ": " + s.Reason)
		}
	}
	return b.String()
}

package conformance

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strconv"
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
	promised []string       // every "METHOD path status" of the document
	defaults map[string]int // of its parameters
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
	c := &contract{validate: v, defaults: map[string]int{}}
	for path, item := range model.Model.Paths.PathItems.FromOldest() {
		for method, op := range item.GetOperations().FromOldest() {
			for _, parameter := range op.Parameters {
				if node := parameter.Schema.Schema().Default; node != nil {
					if c.defaults[parameter.Name], err = strconv.Atoi(node.Value); err != nil {
						t.Fatal(err)
					}
				}
			}
			for status := range op.Responses.Codes.FromOldest() {
				c.promised = append(c.promised, strings.ToUpper(method)+" "+path+" "+status)
			}
		}
	}
	return c
}

// promises are the answers that the document is to name. They stand here too, so
// that one that goes missing there, and with it all that is said of it, is
// missed.
var promises = map[string]string{
	"POST " + async:                 "202 401 402 403 422 429",
	"GET " + async:                  "200 401 403 422 429",
	"GET " + async + "/{job_id}":    "200 401 403 404 422 429",
	"DELETE " + async + "/{job_id}": "200 204 401 403 404 409 422 429",
}

func TestDocument(t *testing.T) {
	c := readContract(t)
	if ok, problems := c.validate.ValidateDocument(); !ok {
		t.Error(describe(problems))
	}
	var want []string
	for call, statuses := range promises {
		for status := range strings.FieldsSeq(statuses) {
			want = append(want, call+" "+status)
		}
	}
	slices.Sort(want)
	if got := slices.Sorted(slices.Values(c.promised)); !slices.Equal(got, want) {
		t.Errorf("the document names the answers\n%q\nwant\n%q", got, want)
	}
}

// A checker hands requests on, and holds each answer against the contract.
type checker struct {
	*contract
	next http.RoundTripper
	t    *testing.T
	// report takes what differs; nil is an error of the test, with the body.
	report *report

	mu   sync.Mutex
	seen []string // in the form of contract.promised
}

// differs says that an answer is not as the document has it. A report has no bodies:
// they may hold an output.
func (k *checker) differs(r *http.Request, status int, body []byte, what string) {
	if k.report != nil {
		k.report.add("%s %s = %d: %s", r.Method, template(r.URL.Path), status, what)
		return
	}
	k.t.Errorf("%s %s = %d %.500s\n%s", r.Method, r.URL, status, body, what)
}

func (c *contract) client(t *testing.T, next http.RoundTripper) (*http.Client, *checker) {
	if next == nil {
		next = http.DefaultTransport
	}
	k := &checker{contract: c, next: next, t: t}
	return &http.Client{Transport: k}, k
}

// RoundTrip implements http.RoundTripper. An answer that breaks the contract
// fails the test, and so does a request about which the document and who answers
// it are not of one mind.
func (k *checker) RoundTrip(r *http.Request) (*http.Response, error) {
	flaw, err := k.flaw(r)
	if err != nil {
		return nil, err
	}
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
	switch status := resp.StatusCode; {
	case status < 300 && flaw != "":
		k.differs(r, status, body, "the document does not let it pass: "+flaw)
	case flaw == "" && (status == http.StatusUnprocessableEntity || status == http.StatusForbidden || status == http.StatusMethodNotAllowed):
		k.differs(r, status, body, "the document lets it pass")
	}
	if problem := k.check(r, resp.StatusCode, resp.Header, body); problem != "" {
		k.differs(r, resp.StatusCode, body, "it breaks the contract: "+problem)
	}
	return resp, nil
}

// flaw returns what is wrong with a request, or "". Whether the key is known is
// no concern of the document.
func (c *contract) flaw(r *http.Request) (string, error) {
	// The validator looks for the path under the servers of the document, and
	// reads the body, which is still to be sent.
	asked, err := http.NewRequest(r.Method, "https://api.edenai.run"+r.URL.RequestURI(), nil)
	if err != nil {
		return "", err
	}
	asked.Header = r.Header.Clone()
	if r.GetBody != nil {
		if asked.Body, err = r.GetBody(); err != nil {
			return "", err
		}
		asked.ContentLength = r.ContentLength
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if ok, problems := c.validate.ValidateHttpRequestSync(asked); !ok {
		return describe(problems), nil
	}
	return "", nil
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

package webhook_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"os"

	"github.com/edenwait/edenwait/webhook"
)

// receiver returns what a service serves. Its waiter is a *edenwait.Waiter.
func receiver(waiter webhook.Notifier, keys []*rsa.PublicKey) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/hooks/edenai", webhook.Handler(waiter, webhook.Options{
		Keys: keys,
		OnEvent: func(_ context.Context, e *webhook.Event) error {
			// At least once: store it by e.JobID, so that a second delivery changes nothing.
			fmt.Println("event", e.JobID, e.Status, string(e.Output))
			return nil
		},
		OnReject: func(r *http.Request, err error) {
			log.Printf("webhook from %s: %v", r.RemoteAddr, err)
		},
	}))
	return mux
}

// Receive deliveries: each is a hint for the Waiter, and an event if it is
// signed.
func Example() {
	file, err := os.ReadFile("testdata/pkix.pem") // from Eden AI's support
	if err != nil {
		fmt.Println(err)
		return
	}
	keys, err := webhook.ParseKeys(file)
	if err != nil {
		fmt.Println(err)
		return
	}
	waiter := webhook.NotifierFunc(func(id string) { fmt.Println("notify", id) })
	server := httptest.NewServer(receiver(waiter, keys))
	defer server.Close()

	fmt.Println(deliver(server.URL + "/hooks/edenai"))
	// Output:
	// notify 550e8400-e29b-41d4-a716-446655440000
	// event 550e8400-e29b-41d4-a716-446655440000 success {"text":"Hello."}
	// 200 OK
}

// Receive deliveries in a cloud function, which gets a body and headers.
func ExampleParse() {
	handle := func(header http.Header, body []byte) (status int) {
		event, err := webhook.Parse(header, body) // and the keys, to use more than the id
		if event != nil {
			fmt.Println("publish", event.JobID, event.Verified)
		}
		if err != nil {
			return http.StatusBadRequest
		}
		return http.StatusOK
	}
	fmt.Println(handle(nil, []byte(`{"job_id":"550e8400-e29b-41d4-a716-446655440000","status":"success"}`)))
	fmt.Println(handle(nil, []byte(`{"status":"success"}`)))
	// Output:
	// publish 550e8400-e29b-41d4-a716-446655440000 false
	// 200
	// 400
}

// deliver posts what Eden AI would post to url. It returns the answer's status.
func deliver(url string) string {
	const body = `{"event":"async_job_completed","job_id":"550e8400-e29b-41d4-a716-446655440000","status":"success","output":{"text":"Hello."}}`
	const canonical = `{
  "event": "async_job_completed",
  "job_id": "550e8400-e29b-41d4-a716-446655440000",
  "output": {
    "text": "Hello."
  },
  "status": "success"
}`
	req, err := http.NewRequest(http.MethodPost, url, bytes.NewReader([]byte(body)))
	if err != nil {
		return err.Error()
	}
	req.Header.Set("X-Edenai-Signature", sign(canonical))
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err.Error()
	}
	defer resp.Body.Close()
	return resp.Status
}

// sign signs a text as Eden AI does, with a key made for the tests.
func sign(canonical string) string {
	file, err := os.ReadFile("testdata/key.pem")
	if err != nil {
		panic(err)
	}
	block, _ := pem.Decode(file)
	key, err := x509.ParsePKCS1PrivateKey(block.Bytes)
	if err != nil {
		panic(err)
	}
	digest := sha256.Sum256([]byte(canonical))
	again := sha256.Sum256([]byte(hex.EncodeToString(digest[:])))
	signature, err := rsa.SignPKCS1v15(nil, key, crypto.SHA256, again[:])
	if err != nil {
		panic(err)
	}
	return hex.EncodeToString(signature)
}

package edenwait_test

import (
	"fmt"
	"net/http"
	"time"

	"github.com/edenwait/edenwait"
)

// A client for submits that shares the account's limit with the Waiter's polls. Its
// requests are bounded by their contexts, and a silent server by
// ResponseHeaderTimeout. http.Client.Timeout would count the time in line too.
func ExampleWaiter_Transport() {
	waiter, err := edenwait.New(edenwait.Config{Token: "your-api-key"})
	if err != nil {
		fmt.Println(err)
		return
	}
	next := http.DefaultTransport.(*http.Transport).Clone()
	next.ResponseHeaderTimeout = time.Minute
	client := &http.Client{Transport: waiter.Transport(next)}

	fmt.Println("submit with this client, of timeout", client.Timeout)
	// Output: submit with this client, of timeout 0s
}

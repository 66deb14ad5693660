package main

import (
	"os"
	"time"

	"github.com/edenwait/edenwait"
	"github.com/edenwait/edenwait/edentest"
)

// The README shows this output; docs_test.go, in the root, compares them.
func Example() {
	api := edentest.Start(edentest.Options{Seed: 7}) // a fake API
	defer api.Close()
	ids := api.SubmitAll(3, edentest.Workload{Durations: edentest.Uniform{Max: time.Millisecond}})
	os.Args = append(os.Args[:1:1], ids...)
	config = edenwait.Config{Token: edentest.DefaultToken, BaseURL: api.URL}

	main()
	// Output:
	// 3d6d6831-aeb1-4f9e-be30-92dd298179cd deepgram 0.137958
	// 0f1a03b0-1517-480a-a8c6-b395b036b646 firecrawl 0.664557
	// 3575d51f-15ca-4a7b-afb7-1ffaa218b73d tavily 0.660096
}

// Quickstart waits for the jobs whose ids are its arguments, and prints their
// results.
//
//	EDENAI_API_KEY=… go run ./examples/quickstart 95236f4a-35fe-4c3a-b490-3bdb0c1ccc73
package main

import (
	"context"
	"fmt"
	"log"
	"os"

	"github.com/edenwait/edenwait"
)

var config = edenwait.Config{Token: os.Getenv("EDENAI_API_KEY")}

func main() {
	waiter, err := edenwait.New(config)
	if err != nil {
		log.Fatal(err)
	}
	ids := os.Args[1:] // the public_id in the answer to each submit
	results, err := waiter.WaitAll(context.Background(), ids)
	for _, r := range results {
		if r.Err == nil {
			fmt.Println(r.ID, r.Job.Provider, r.Job.Cost)
		}
	}
	if err != nil {
		log.Fatal(err) // names the jobs that did not succeed, and why
	}
}

// Database waits for jobs and stores what becomes of them in SQLite, is
// interrupted, and goes on where it has stopped: it asks only about the ids that
// have no row.
//
// Everything but the API, which is the one in a box, is as it would be in a
// program of one's own. The part to copy is store.go.
package main

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"os"
	"path/filepath"

	"github.com/edenwait/edenwait"
	"github.com/edenwait/edenwait/edentest"
)

func main() {
	if err := run(context.Background(), os.Stdout); err != nil {
		log.Fatal(err)
	}
}

const (
	short  = "11111111-1111-4111-8111-111111111111"
	silent = "22222222-2222-4222-8222-222222222222"
	long   = "33333333-3333-4333-8333-333333333333"
)

func run(ctx context.Context, out io.Writer) (err error) {
	directory, err := os.MkdirTemp("", "edenwait")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(directory)) }()
	s, err := openStore(ctx, filepath.Join(directory, "jobs.db"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	ids := []string{short, silent, "job 3", long}

	// In the evening, two jobs have ended, one id is a slip of the pen, and the
	// long job runs. Somebody presses Ctrl-C.
	evening := edentest.New(edentest.Options{})
	evening.Submit(edentest.Script{ID: short, Cost: json.RawMessage(`"0.0012"`)})
	evening.Submit(edentest.Script{ID: silent, Status: "fail", Error: json.RawMessage(`"No speech found"`)})
	evening.Submit(edentest.Script{ID: long, After: edentest.Never})
	untilCtrlC, interrupt := context.WithCancel(ctx) // signal.NotifyContext
	defer interrupt()
	left := len(ids)
	err = s.collect(untilCtrlC, config(evening), ids, func(edenwait.Result) {
		if left--; left == 1 {
			interrupt()
		}
	})
	fmt.Fprintln(out, "evening:", err)
	if err := s.print(ctx, out); err != nil {
		return err
	}

	// In the morning, the long one has ended, and is all that is asked about.
	morning := edentest.New(edentest.Options{})
	morning.Submit(edentest.Script{ID: long, Cost: json.RawMessage(`"0.3601"`)})
	err = s.collect(ctx, config(morning), ids, func(edenwait.Result) {})
	fmt.Fprintf(out, "morning: %v, after %d request\n", err, morning.Stats().Requests())
	return s.print(ctx, out)
}

// config makes a client of the fake API. For the real one, use
// Config{Token: os.Getenv("EDENAI_API_KEY")}.
func config(api *edentest.API) edenwait.Config {
	return edenwait.Config{Token: edentest.DefaultToken, HTTPClient: api.Client()}
}

// print shows the table.
func (s *store) print(ctx context.Context, out io.Writer) (err error) {
	rows, err := s.db.QueryContext(ctx, `SELECT id, status, cost, error FROM jobs ORDER BY id`)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var id, status, cost string
		var why sql.NullString
		if err := rows.Scan(&id, &status, &cost, &why); err != nil {
			return err
		}
		fmt.Fprintf(out, "  %-8.8s | %-7s | %s\n", id, status, cmp.Or(why.String, "$"+cost))
	}
	return rows.Err()
}

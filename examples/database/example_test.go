package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/edenwait/edenwait"
	"github.com/edenwait/edenwait/edentest"
)

// What the program prints.
func Example() {
	if err := run(context.Background(), os.Stdout); err != nil {
		fmt.Println(err)
	}
	// Output:
	// evening: context canceled
	//   11111111 | success | $0.0012
	//   22222222 | fail    | No speech found
	//   job 3    | error   | edenwait: invalid job id: want a UUID of 36 characters: "job 3"
	// morning: <nil>, after 1 request
	//   11111111 | success | $0.0012
	//   22222222 | fail    | No speech found
	//   33333333 | success | $0.3601
	//   job 3    | error   | edenwait: invalid job id: want a UUID of 36 characters: "job 3"
}

func newStore(t *testing.T) *store {
	t.Helper()
	s, err := openStore(t.Context(), filepath.Join(t.TempDir(), "jobs.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.close() })
	return s
}

// row is the status of a job, and how many rows there are in all.
func row(t *testing.T, s *store, id string) (status string, rows int) {
	t.Helper()
	err := s.db.QueryRowContext(t.Context(), `SELECT status, (SELECT count(*) FROM jobs) FROM jobs WHERE id = ?`, id).Scan(&status, &rows)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		t.Fatal(err)
	}
	return status, rows
}

func TestUpsertIsIdempotent(t *testing.T) {
	s, ctx := newStore(t), t.Context()
	unknown := &edenwait.GaveUpError{ID: short, Err: edenwait.ErrNotFound}
	final := &edenwait.Job{ID: short, Status: edenwait.StatusSuccess}

	for _, step := range []struct {
		name string
		save func() error
		want string
	}{
		{"a passing trouble has no row", func() error { return s.saveError(ctx, short, &edenwait.GaveUpError{Err: edenwait.ErrMaxWait}) }, ""},
		{"an error has", func() error { return s.saveError(ctx, strings.ToUpper(short), unknown) }, "error"},
		{"a final response replaces it", func() error { return s.saveJob(ctx, final) }, "success"},
		{"and changes nothing when it comes again", func() error { return s.saveJob(ctx, final) }, "success"},
		{"nor does an error", func() error { return s.saveError(ctx, short, unknown) }, "success"},
	} {
		if err := step.save(); err != nil {
			t.Fatalf("%s: %v", step.name, err)
		}
		if status, rows := row(t, s, short); status != step.want || rows > 1 {
			t.Errorf("%s: status %q in %d rows, want %q in one", step.name, status, rows, step.want)
		}
	}
}

func TestMissing(t *testing.T) {
	s := newStore(t)
	if err := s.saveJob(t.Context(), &edenwait.Job{ID: silent, Status: edenwait.StatusFail}); err != nil {
		t.Fatal(err)
	}
	got, err := s.missing(t.Context(), []string{long, strings.ToUpper(silent), short})
	if want := []string{long, short}; err != nil || !slices.Equal(got, want) {
		t.Errorf("missing = %q, %v, want %q", got, err, want)
	}
}

// A batch must not go on for hours with a database that takes nothing in.
func TestDatabaseGone(t *testing.T) {
	s := newStore(t)
	api := edentest.New(edentest.Options{})
	ids := []string{api.Submit(edentest.Script{}), api.Submit(edentest.Script{After: edentest.Never})}
	if _, err := s.db.ExecContext(t.Context(), `CREATE TRIGGER full BEFORE INSERT ON jobs BEGIN SELECT RAISE(ABORT, 'the disk is full'); END`); err != nil {
		t.Fatal(err)
	}
	err := s.collect(t.Context(), config(api), ids, func(r edenwait.Result) { t.Errorf("%s passed for stored", r.ID) })
	if err == nil || !strings.Contains(err.Error(), "the disk is full") {
		t.Errorf("collect = %v, want the database's error", err)
	}
}

func TestRefusedKey(t *testing.T) {
	s := newStore(t)
	api := edentest.New(edentest.Options{Token: "another"})
	ids := []string{api.Submit(edentest.Script{})}
	err := s.collect(t.Context(), config(api), ids, func(edenwait.Result) {})
	if !errors.Is(err, edenwait.ErrUnauthorized) {
		t.Errorf("collect = %v, want ErrUnauthorized", err)
	}
	if got, err := s.missing(t.Context(), ids); err != nil || len(got) != 1 {
		t.Errorf("missing = %q, %v, want the one that may be asked about again", got, err)
	}
}

package main

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"log"
	"slices"
	"strings"

	_ "modernc.org/sqlite" // pure Go, so this builds without a C compiler

	"github.com/edenwait/edenwait"
)

// One row a job whose wait is over for good. That a row exists is all the state
// there is: no column says "waiting", which a crash would leave behind.
const schema = `
CREATE TABLE IF NOT EXISTS jobs (
	id       TEXT PRIMARY KEY, -- in lower case
	status   TEXT NOT NULL,    -- the API's, or "error" where it had none to give
	cost     TEXT NOT NULL,    -- decimal text, since a REAL would round the invoice
	response TEXT,             -- the final response as it came
	error    TEXT
)`

// upsert may be sent any number of times: by a hook, again from the Result of a
// hook that failed, by two programs at once. A final response stays; it may only
// take the place of an error.
const upsert = `
INSERT INTO jobs (id, status, cost, response, error) VALUES (?, ?, ?, ?, ?)
ON CONFLICT (id) DO UPDATE SET
	status = excluded.status, cost = excluded.cost, response = excluded.response, error = excluded.error
WHERE jobs.response IS NULL`

// store keeps in a SQLite database what became of each job.
type store struct {
	db *sql.DB
}

func openStore(ctx context.Context, path string) (*store, error) {
	db, err := sql.Open("sqlite", "file:"+path+"?_pragma=busy_timeout(5000)&_pragma=journal_mode(WAL)")
	if err != nil {
		return nil, err
	}
	// SQLite writes one transaction at a time. Hooks come up to sixteen at once,
	// and had better queue here than be told that the database is locked.
	db.SetMaxOpenConns(1)
	if _, err := db.ExecContext(ctx, schema); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return &store{db: db}, nil
}

func (s *store) close() error { return s.db.Close() }

// saveJob stores a final response.
func (s *store) saveJob(ctx context.Context, job *edenwait.Job) error {
	response, err := json.Marshal(job)
	if err != nil {
		return err
	}
	var why sql.NullString
	if job.Error != nil {
		why = sql.NullString{String: job.Error.Message, Valid: true}
	}
	return s.save(ctx, job.ID, string(job.Status), string(job.Cost), string(response), why)
}

// save writes also when ctx has ended meanwhile: what is there to be saved has
// been waited for, and an interrupted call gives its hooks a moment for that.
func (s *store) save(ctx context.Context, id string, values ...any) error {
	_, err := s.db.ExecContext(context.WithoutCancel(ctx), upsert, append([]any{strings.ToLower(id)}, values...)...)
	return err
}

// saveError stores why there is no final response, if a later run could not change
// that. A temporary reason, such as MaxWait or a lost network, gets no row, so the next
// run waits for that job again.
func (s *store) saveError(ctx context.Context, id string, why error) error {
	var odd *edenwait.UnexpectedStatusError
	switch {
	case errors.As(why, &odd):
		return s.saveJob(ctx, odd.Job)
	case errors.Is(why, edenwait.ErrInvalidID), errors.Is(why, edenwait.ErrNotFound):
		return s.save(ctx, id, "error", "", nil, why.Error())
	default:
		return nil
	}
}

// hooks store each job when it ends.
func (s *store) hooks() edenwait.Hooks {
	return edenwait.Hooks{
		OnSuccess: s.saveJob,
		OnFail:    s.saveJob, // as final as a success
		OnError: func(ctx context.Context, id string, why error) {
			// Without this row the next run asks again, to the same end. That is
			// worth a line in the log, and no more.
			if err := s.saveError(ctx, id, why); err != nil {
				log.Printf("job %s: %v", id, err)
			}
		},
	}
}

// missing returns the ids that have no row, in their order. Each statement takes and
// returns one JSON array, since the number of its parameters is bounded and there may be a
// million ids.
func (s *store) missing(ctx context.Context, ids []string) ([]string, error) {
	list, err := json.Marshal(ids)
	if err != nil {
		return nil, err
	}
	err = s.db.QueryRowContext(ctx, `
		SELECT json_group_array(value ORDER BY key) FROM json_each(?)
		WHERE lower(value) NOT IN (SELECT id FROM jobs)`, string(list)).Scan(&list)
	if err != nil {
		return nil, err
	}
	var missing []string
	err = json.Unmarshal(list, &missing)
	return missing, err
}

// collect waits for the ids that have no row yet, and stores each result. It may be
// interrupted at any moment, by ctx or by a power cut, and called again. It calls each with
// every result that is stored.
//
// A job that failed is a row and no error: errors are that ctx has ended, that
// the API refuses the account, and that the database is of no use.
func (s *store) collect(ctx context.Context, config edenwait.Config, ids []string, each func(edenwait.Result)) error {
	config.Hooks = s.hooks()
	waiter, err := edenwait.New(config)
	if err != nil {
		return err
	}
	rest, err := s.missing(ctx, ids)
	if err != nil {
		return err
	}
	var cause error
	for r := range waiter.AsCompleted(ctx, slices.Values(rest)) {
		var hook *edenwait.HookError
		if errors.As(r.Err, &hook) && r.Job != nil {
			// The hook could not store the job, but it is still in hand. When this
			// fails too, breaking out of the loop ends the wait: results would
			// come with nowhere to go, and the next run can have them all.
			if err := s.saveJob(ctx, r.Job); err != nil {
				return err
			}
		}
		// AsCompleted has no error of its own: what concerns the whole account is
		// the reason of every wait that it ended.
		if errors.Is(r.Err, edenwait.ErrUnauthorized) || errors.Is(r.Err, edenwait.ErrPaymentRequired) {
			cause = r.Err
		}
		each(r)
	}
	return errors.Join(cause, context.Cause(ctx))
}

package schedule

import (
	"time"
)

// The list is read with status=processing. Its length is then what still runs,
// whatever the history of the account, and one page of it tells the end of
// every job that it no longer holds. Absence is a weaker sign than a status,
// but the GET that follows is due in any case.
//
// A reading of all its pages, a sweep, goes from the last page to the first.
// Jobs that end between two pages move those behind them forward, to pages yet
// to be read: seen twice, perhaps, but never missed. Read forward, each would
// pull a running job past the reader, and cost a GET that finds it running.

const (
	// PageSize is how many jobs a page of the list holds.
	PageSize = 1000
	// freshGap is how soon a new job, which may have ended long ago, is worth a
	// look at the list.
	freshGap = time.Second
	// patience is how long the jobs left to the list wait for it when its answer
	// is late or it fails; then they are polled one by one. It is little while no
	// page has ever been had, since there may be none to be had, and while a job
	// has no time left.
	patience       = 5 * time.Second
	littlePatience = time.Second
	// tolerance is how many hints in a row may prove false before the others of
	// the same sweep are not believed either.
	tolerance = 8
	// maxPages bounds what a server's count is believed: a billion jobs.
	maxPages = 1 << 20
	// A list that failed or proved useless is tried again after a pause that
	// doubles.
	minPenalty = time.Second
	maxPenalty = time.Minute
	// tolerableAge is how far behind the list may be and still be relied on: as
	// far as the delay between two polls of one job would be.
	tolerableAge = 10 * time.Second
	// auditEvery is how many sweeps go by between two GETs of a job that the
	// list shows running: nothing else would give away a list that stands still.
	auditEvery = 10
)

// list is what is known of the list itself.
type list struct {
	on    bool
	known bool // a page of it has been read
	held  int  // jobs left to it
	blind int  // waiting jobs about which its hints led nowhere

	at      time.Duration // when its next page is due
	sentAt  time.Duration // when the page under way was sent; Never when none is
	again   bool          // a page was refused by a 429, and none has been had since
	retry   time.Duration // when it is worth another try, though it was of no use
	penalty time.Duration // the pause after the next uselessness
	failing time.Duration // since when it fails; Never when it does not
	hurry   bool          // a job has little time left

	justAsked bool // the last request was a page

	sweep    uint32        // counts sweeps
	reading  bool          // a sweep is under way
	first    bool          // and none of its pages has been read
	began    time.Duration // when it began
	page     int           // the page to ask next; those after it have been read
	pages    int           // how many there are, as last seen
	news     int           // jobs that this sweep shows to have ended
	outdated int           // jobs that this sweep shows running though they ended long before

	stale     bool // the last whole sweep showed jobs that had ended long before
	misses    int  // hints in a row that proved false
	auditFrom Job  // where to look for a job to audit
}

func newList(on bool) list {
	return list{on: on, sentAt: Never, failing: Never, page: 1, pages: 1, penalty: minPenalty}
}

// nextPage is when a page of the list is the question to ask.
func (s *Schedule) nextPage() time.Duration {
	l := &s.list
	switch {
	case !l.on || l.sentAt != Never || l.held+s.own.Len() < 2:
		return Never
	case !s.listWorthwhile():
		return max(l.at, l.retry)
	default:
		return l.at
	}
}

// listWorthwhile reports whether more waiting jobs are to be seen in the list
// than it has pages left to read.
func (s *Schedule) listWorthwhile() bool {
	left := s.list.pages
	if s.list.reading {
		left = s.list.page
	}
	return s.list.held+s.own.Len()-s.list.blind > left
}

// listWorks reports whether the list can be relied on to show what runs, soon.
func (s *Schedule) listWorks(now time.Duration) bool {
	l := &s.list
	late := l.sentAt != Never && now-l.sentAt >= l.patience()
	down := l.failing != Never && l.retry-l.failing >= l.patience()
	return l.on && !l.stale && !late && !down
}

func (l *list) patience() time.Duration {
	if l.known && !l.hurry {
		return patience
	}
	return littlePatience
}

// Hurry tells whether a job has little time left, so that there is none to lose
// on a list that may fail.
func (s *Schedule) Hurry(hurry bool) { s.list.hurry = hurry }

// patienceEnds is when to look again whether the list's answer is late.
func (s *Schedule) patienceEnds() time.Duration {
	if s.list.held == 0 || s.list.sentAt == Never {
		return Never
	}
	return s.list.sentAt + s.list.patience()
}

// unlist has every job polled when it is due, and no later than the list would
// have told of it.
func (s *Schedule) unlist() {
	for job := range s.jobs {
		if s.jobs[job].state == listed {
			s.move(Job(job), own, min(s.jobs[job].due, max(s.list.at, s.list.retry)))
		}
	}
}

func (l *list) send(now time.Duration) {
	l.sentAt, l.justAsked = now, true
	if !l.reading {
		l.reading, l.first, l.began = true, true, now
		l.news, l.outdated = 0, 0
		l.sweep++
	}
}

// pageRefused has the page asked for once more, then takes it for one that cannot
// be had: of a list that is always refused, each try would slow everything down.
func (s *Schedule) pageRefused(now time.Duration) {
	if l := &s.list; l.again {
		s.ListFailed(now, 0)
	} else {
		l.again, l.sentAt, l.at = true, Never, now
	}
}

// Pages is how many pages the list has, as far as is known.
func (s *Schedule) Pages() int { return s.list.pages }

// ShownRunning tells that the list shows the job running, which counts as its
// poll: it is next due at due.
func (s *Schedule) ShownRunning(job Job, due time.Duration) {
	s.list.misses = 0
	s.setBlind(job, false)
	s.jobs[job].seen = s.list.sweep
	if state := s.jobs[job].state; !s.list.stale && (state == listed || state == own) {
		s.move(job, listed, due)
	}
}

// Seen reports whether the job is known to have run during the sweep that is
// under way. Pages shift while they are read, so one may be shown twice.
func (s *Schedule) Seen(job Job) bool { return s.jobs[job].seen == s.list.sweep }

// ShownEnded tells that the list shows the job with another status.
func (s *Schedule) ShownEnded(job Job, now time.Duration) {
	e := &s.jobs[job]
	if !e.blind && (e.state == listed || e.state == own) {
		s.hint(job, now)
	}
}

// ShownOutdated tells that the list shows a job running whose own GET showed
// before that it had ended: the list is behind.
func (s *Schedule) ShownOutdated(ended time.Duration) {
	if s.list.began-ended > tolerableAge {
		s.list.outdated++
	}
}

// PageRead tells that the page that was asked for has been read, and how many
// there are. At the end of a sweep, gap is asked how long until the next one, by
// how many jobs this one showed to have ended.
func (s *Schedule) PageRead(now time.Duration, pages int, gap func(ended int) time.Duration) {
	l := &s.list
	l.sentAt, l.at, l.again = Never, now, false
	l.known, l.failing = true, Never
	l.pages = min(max(pages, 1), maxPages)
	if l.first && l.pages > l.page {
		l.page = l.pages // the end, where the sweep begins, is further away
	} else {
		l.page = min(l.page-1, l.pages)
	}
	l.first = false
	switch {
	case l.page == 0:
		s.endSweep(now, gap)
	case !s.listWorthwhile():
		s.doubt(now)
	}
}

// endSweep takes every job that the sweep should have shown and did not for
// ended.
func (s *Schedule) endSweep(now time.Duration, gap func(ended int) time.Duration) {
	l := &s.list
	for job := range s.jobs {
		e := &s.jobs[job]
		if e.seen != l.sweep && !e.blind && (e.state == listed || e.state == own) {
			s.hint(Job(job), now)
		}
	}
	l.stale = l.outdated > 0
	l.reading, l.page = false, l.pages
	l.at = now + gap(l.news)
	if l.sweep%auditEvery == 0 {
		s.audit(now)
	}
	if s.listWorthwhile() {
		// Only now: a list of which one page can never be had tells of no end,
		// however many jobs its other pages show.
		l.penalty = minPenalty
	} else {
		s.doubt(now) // what it does not show it may never show
	}
}

// hint has the job asked for before others, on the list's word.
func (s *Schedule) hint(job Job, now time.Duration) {
	s.list.news++
	s.jobs[job].hint = true
	s.move(job, head, now)
}

// audit has one of the jobs that the list shows running asked for.
func (s *Schedule) audit(now time.Duration) {
	for range s.jobs {
		job := s.list.auditFrom % Job(len(s.jobs))
		s.list.auditFrom = job + 1
		if s.jobs[job].state == listed {
			s.move(job, head, now)
			return
		}
	}
}

// missed tells that the hint about the job proved false: it runs, and the list
// does not show it. When that happens time and again, the list is of another
// account, behind, or broken, and none of its hints is believed.
func (s *Schedule) missed(job Job, now time.Duration) {
	l := &s.list
	s.setBlind(job, true)
	l.misses++
	if l.misses >= tolerance {
		for job := range s.jobs {
			if e := &s.jobs[job]; e.state == head && e.hint {
				e.hint = false
				s.setBlind(Job(job), true)
				s.move(Job(job), own, now)
			}
		}
		l.misses = 0
	}
}

// vindicated tells that a hint proved right.
func (l *list) vindicated() { l.misses, l.penalty = 0, minPenalty }

// doubt leaves the list alone for a while, then begins at its first page, which
// tells how many there are.
func (s *Schedule) doubt(now time.Duration) {
	l := &s.list
	l.reading, l.page = false, 1
	l.retry = now + l.penalty
	l.penalty = min(2*l.penalty, maxPenalty)
}

// ListFailed tells that the page that was asked for could not be had, and how
// long the server asked to wait, if it did.
func (s *Schedule) ListFailed(now, wait time.Duration) {
	s.doubt(now)
	l := &s.list
	l.retry = max(l.retry, now+wait)
	l.sentAt, l.at = Never, l.retry
	l.failing = min(l.failing, now)
}

// ListGone tells that there is no list.
func (s *Schedule) ListGone() { s.list.on = false }

func (s *Schedule) setBlind(job Job, blind bool) {
	if e := &s.jobs[job]; e.blind != blind {
		e.blind = blind
		if blind {
			s.list.blind++
		} else {
			s.list.blind--
		}
	}
}

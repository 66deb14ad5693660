// Package list decides when a page of the job list is worth a request, and how
// far to trust the pages. It does not change jobs: the engine passes it what a
// page showed, and the results of the GETs of hinted jobs.
//
// The list is read with status=processing. Its length is then the number of
// running jobs, whatever the history of the account, and one page reveals the
// end of every job that it no longer holds. Absence is weaker evidence than a
// status, but the GET that follows is due in any case.
//
// A scan reads all pages, from the last to the first. Jobs that end between two
// pages move the jobs behind them forward, to pages yet to be read: such a job
// may be seen twice, but it is not missed. In the other direction each end would
// pull a running job past the reader and cost a GET that finds it running.
//
// A List is given the time and does no I/O. It is not safe for concurrent use.
package list

import (
	"math"
	"time"
)

const (
	// PageSize is the number of jobs that a page is asked for.
	PageSize = 1000
	// patience is how long jobs wait for a page that is late, or for a list that
	// fails. Then they are polled one by one. It is shorter while no page has ever
	// come, since there may be none, and while a deadline is near.
	patience      = 5 * time.Second
	shortPatience = time.Second
	// tolerance is how many hints in a row may prove false before the other
	// hints of the same scan are dropped.
	tolerance = 8
	// maxPages bounds a server's count of pages: a billion jobs.
	maxPages = 1 << 20
	// A list that failed or proved useless is tried again after a pause that
	// doubles.
	minPause = time.Second
	maxPause = time.Minute
	// A list that the server says does not exist is tried again after this long:
	// rights and deployments change while a Waiter lives.
	retryGone = 30 * time.Minute
	// tolerableAge is how far behind the list may be and still replace polls: as
	// far as the delay between two polls of one job.
	tolerableAge = 10 * time.Second
	// owedEach is how many GETs must agree with a list for each ended job that it
	// shows running.
	owedEach = 18
	maxOwed  = 1 << 20
	// auditEvery is the number of scans per GET of a job that the list shows
	// running. Only a GET can reveal a list that stands still.
	auditEvery = 20
)

// Never is a time that does not come.
const Never = time.Duration(math.MaxInt64)

// List is the state of the job list.
type List struct {
	enabled bool
	stopped bool          // until work begins after idleness
	gone    time.Duration // until when the list is taken for nonexistent; 0 if it is not
	known   bool          // a page has been read

	at      time.Duration // when the next page is due
	silence time.Duration // when it is due if no hint comes until then; Never if none is expected
	sentAt  time.Duration // when the page under way was sent; Never if none is
	again   bool          // a page was refused by a 429, and none has come since
	retry   time.Duration // when a useless list is tried again
	pause   time.Duration // the next pause
	failing time.Duration // since when it fails; Never if it does not
	urgent  bool          // a deadline is near

	justRead bool // the last request was a page

	scan     uint32        // counts scans
	reading  bool          // a scan is under way
	first    bool          // and none of its pages has been read
	climbed  bool          // only pages have been read that will be read again
	began    time.Duration // when it began
	page     int           // the page to read next; later ones have been read
	pages    int           // how many there are, as last seen
	news     int           // jobs that this scan shows to have ended
	outdated int           // jobs that this scan is the first to show running though they ended long before
	stuck    int           // outdated jobs that an earlier scan also showed running

	stale  bool // the list shows jobs running that ended long before
	owed   int  // GETs that must agree with it before it is trusted again
	misses int  // hints in a row that proved false
}

// New returns a List that is read only if enabled.
func New(enabled bool) *List {
	return &List{enabled: enabled, sentAt: Never, silence: Never, failing: Never, page: 1, pages: 1, pause: minPause}
}

// Demand is how much the list could show: the number of jobs that wait
// and have no GET under way, and how many of them it has proved not
// to show.
type Demand struct{ Waiting, Unshown int }

// Due is when the next page is the request to send.
func (l *List) Due(now time.Duration, d Demand) time.Duration {
	switch {
	case !l.On(now):
		return Never
	case l.sentAt != Never || d.Waiting < 2:
		return Never
	case !l.Worthwhile(d):
		return max(l.at, l.retry)
	default:
		return min(l.at, max(l.silence, l.retry))
	}
}

// On reports whether there is a list, as far as is known.
func (l *List) On(now time.Duration) bool { return l.enabled && !l.stopped && now >= l.gone }

// Worthwhile reports whether more waiting jobs are to be seen in the list than
// it has pages left to read.
func (l *List) Worthwhile(d Demand) bool {
	left := l.pages
	if l.reading {
		left = l.page
	}
	return d.Waiting-d.Unshown > left
}

// Works reports whether the list can be relied on to show running jobs soon.
func (l *List) Works(now time.Duration) bool {
	down := l.failing != Never && l.retry-l.failing >= l.patience()
	return l.On(now) && !l.stale && !down && !l.Late(now)
}

// Late reports whether the page under way is late.
func (l *List) Late(now time.Duration) bool {
	return l.sentAt != Never && now-l.sentAt >= l.patience()
}

// Covers reports whether the list replaces the polls of the jobs it shows.
func (l *List) Covers(now time.Duration, d Demand) bool { return l.Works(now) && l.Worthwhile(d) }

// UpToDate reports whether the list has been read, and the next page would show nothing
// new: no page is under way, and the list is neither failing nor behind.
func (l *List) UpToDate(now time.Duration) bool {
	return l.known && l.On(now) && l.sentAt == Never && l.failing == Never && !l.stale
}

func (l *List) patience() time.Duration {
	if l.known && !l.urgent {
		return patience
	}
	return shortPatience
}

// SetDeadlineNear says whether a wait has so little time left that it must not
// be spent on a list that may fail.
func (l *List) SetDeadlineNear(near bool) { l.urgent = near }

// PatienceEnds is when the page under way will count as late; Never if none is
// under way, or if it is late already.
func (l *List) PatienceEnds(now time.Duration) time.Duration {
	if l.sentAt == Never || l.sentAt+l.patience() <= now {
		return Never
	}
	return l.sentAt + l.patience()
}

// NextTry is when the list is next worth a page, regardless of the Demand.
func (l *List) NextTry() time.Duration { return max(l.at, l.retry) }

// Page is the page to read next, from 1.
func (l *List) Page() int { return l.page }

// Pages is how many pages there are, as far as is known.
func (l *List) Pages() int { return l.pages }

// Begins reports whether the next page is the first of those that a scan shows the
// ends by.
func (l *List) Begins() bool { return !l.reading || l.climbed }

// Reading reports whether a scan is under way.
func (l *List) Reading() bool { return l.reading }

// JustRead reports whether the last request was a page. Where the gap between
// two scans is shorter than that between two requests, pages and GETs alternate.
func (l *List) JustRead() bool { return l.justRead }

// SentGet records that the last request was a GET.
func (l *List) SentGet() { l.justRead = false }

// SentPage records that the page was sent.
func (l *List) SentPage(now time.Duration) {
	l.sentAt, l.justRead, l.silence = now, true, Never
	if l.climbed {
		// Jobs that have come since the scan began are on pages yet to be read.
		l.climbed = false
		l.scan++
	}
	if !l.reading {
		l.reading, l.first, l.began = true, true, now
		l.news, l.outdated, l.stuck = 0, 0, 0
		l.scan++
	}
}

// Fresh makes the list due soon, for a new job. Untold is the share of ends that no
// hint will tell, as far as is known.
func (l *List) Fresh(now time.Duration, untold float64) {
	l.at = min(l.at, now+min(time.Duration(float64(freshGap)/math.Sqrt(untold)), toldGap))
}

// ExpectHint makes the next page due at that time unless a further hint comes before:
// where hints have been coming all the time, silence is news.
func (l *List) ExpectHint(at time.Duration) { l.silence = at }

// DueBy makes the next page due no later than at.
func (l *List) DueBy(at time.Duration) { l.at = min(l.at, at) }

// News records that this scan shows a job to have ended.
func (l *List) News() { l.news++ }

// ShownRunning records that the list shows a waiting job running.
func (l *List) ShownRunning() { l.misses = 0 }

// ShownOutdated records that the list shows a job running whose GET had shown
// its end at ended: the list is behind.
// It reports whether that counts. Again says that it has shown this job so before.
func (l *List) ShownOutdated(ended time.Duration, again bool) bool {
	if l.began-ended <= tolerableAge {
		return false
	}
	if again {
		l.stuck++
	} else {
		l.outdated++
	}
	return true
}

// Agrees reports whether the last scan showed no job running whose end was known,
// where one was known at ended.
func (l *List) Agrees(ended time.Duration) bool {
	return l.outdated == 0 && l.stuck == 0 && l.began-ended > tolerableAge
}

// Agreed records that a GET agreed with the list: the job runs.
func (l *List) Agreed() {
	if l.owed > 0 {
		l.owed--
		l.stale = l.stale && l.owed > 0
	}
}

// updateTrust decides after a whole scan whether the list can be trusted. One that is
// behind keeps showing other jobs that have ended. One that shows a few so forever
// is trusted again once GETs have agreed with it often enough.
func (l *List) updateTrust() {
	switch {
	case l.outdated > 0:
		l.stale = true
		l.owed = min(l.owed, maxOwed) + owedEach*l.outdated
	case l.stuck == 0:
		l.stale, l.owed = false, 0
	}
}

// PageRead records that the page has been read, and how many pages there are.
// It reports whether the scan is complete: the engine then counts the jobs that
// were not shown as news, and calls ScanDone.
func (l *List) PageRead(now time.Duration, pages int, d Demand) (complete bool) {
	l.pages = min(max(pages, 1), maxPages)
	climb := l.first && l.pages > l.page // the end, where the scan begins, is further away
	return l.pageRead(now, climb, false, d)
}

// OpenPageRead is PageRead of a page that does not tell how many there are. More
// says that it is full, so that another may follow: the end of the list is then
// looked for page by page.
func (l *List) OpenPageRead(now time.Duration, more, empty bool, d Demand) (complete bool) {
	end := l.page
	switch {
	case more:
		end++
	case empty:
		end--
	}
	climb := more && l.first && end <= maxPages
	if climb || !more || end > l.pages {
		l.pages = min(max(end, 1), maxPages)
	}
	return l.pageRead(now, climb, climb, d)
}

func (l *List) pageRead(now time.Duration, climb, first bool, d Demand) (complete bool) {
	l.sentAt, l.at, l.again = Never, now, false
	l.known, l.failing = true, Never
	if climb {
		l.page = l.pages
	} else {
		l.page = min(l.page-1, l.pages)
	}
	l.first, l.climbed = first, climb
	if l.page == 0 {
		l.reading, l.page = false, l.pages
		l.updateTrust()
		return true
	}
	if !l.Worthwhile(d) {
		l.Suspend(now)
	}
	return false
}

// Ends is the number of jobs that the last scan showed to have ended.
func (l *List) Ends() int { return l.news }

// ScanDone ends a scan: the next one is due after gap. It reports whether one of
// the jobs shown running should be audited by a GET.
func (l *List) ScanDone(now, gap time.Duration, d Demand) (audit bool) {
	l.at = now + gap
	if l.Worthwhile(d) {
		// Only now: a list with one page that can never be had reveals no end,
		// however many jobs its other pages show.
		l.pause = minPause
	} else {
		l.Suspend(now) // what it does not show it may never show
	}
	return l.scan%auditEvery == 0
}

// HintConfirmed records that a hinted job had ended indeed.
func (l *List) HintConfirmed() { l.misses, l.pause = 0, minPause }

// FalseHint records that a hinted job still runs. When that happens time and
// again, the list is of another account, behind, or broken: it reports whether
// the other hints should be dropped.
func (l *List) FalseHint() (drop bool) {
	l.misses++
	if l.misses < tolerance {
		return false
	}
	l.misses = 0
	return true
}

// Suspend leaves the list alone for a while. It then begins at the first page,
// which tells how many there are.
func (l *List) Suspend(now time.Duration) {
	l.reading, l.climbed, l.page = false, false, 1
	l.retry = now + l.pause
	l.pause = min(2*l.pause, maxPause)
}

// Refused records a 429 to the page. The page is retried once, and then treated as
// a failure: each try of a list that is always refused slows everything down.
func (l *List) Refused(now time.Duration) {
	if l.again {
		l.Failed(now, 0)
		return
	}
	l.again, l.sentAt, l.at = true, Never, now
}

// Failed records that the page could not be had, and how long the server asked
// to wait, if it did.
func (l *List) Failed(now, wait time.Duration) {
	l.Suspend(now)
	l.retry = max(l.retry, now+wait)
	l.sentAt, l.at = Never, l.retry
	l.failing = min(l.failing, now)
}

// Abandoned records that the page is no longer needed. Its answer is ignored.
func (l *List) Abandoned(now time.Duration) {
	l.sentAt, l.at = Never, now
	l.reading, l.climbed, l.page = false, false, 1
}

// Gone records that the server says there is no list.
func (l *List) Gone(now time.Duration) {
	l.Suspend(now)
	l.sentAt = Never
	l.gone = now + retryGone
}

// Stop disables the list until Resume, because its BackOff has stopped.
func (l *List) Stop() { l.stopped = true }

// Resume forgets, when work begins after idleness, what may have changed since:
// that there was no list, that it failed or was to be stopped, and how long to leave
// it alone.
func (l *List) Resume(now time.Duration) {
	l.stopped = false
	l.gone, l.failing, l.again = 0, Never, false
	l.at, l.retry, l.pause, l.sentAt = now, now, minPause, Never
	l.reading, l.climbed, l.page, l.stale, l.owed, l.misses = false, false, 1, false, 0, 0
}

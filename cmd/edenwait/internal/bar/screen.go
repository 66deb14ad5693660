// Package bar draws the progress of a batch on a terminal.
package bar

import (
	"io"
	"os"
	"sync"
	"time"

	"github.com/edenwait/edenwait"
	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"
	"golang.org/x/term"
)

// redrawEvery is short enough for a smooth countdown, and long enough to be cheap.
const redrawEvery = 200 * time.Millisecond

// Screen draws bars at the bottom of a terminal, one per row. All other output to the
// terminal must go through Write, or the bars overwrite it.
type Screen struct {
	out     *os.File
	unsized bool // the terminal does not report its size
	style   Style
	bars    *mpb.Progress
	redraw  chan any
	gone    chan any      // receives when mpb has ended
	ended   chan struct{} // closed after that
	stop    sync.Once
	stopped chan struct{}
	ticking sync.WaitGroup
}

// NewScreen begins to draw on a terminal.
func NewScreen(out *os.File, style Style) *Screen {
	s := &Screen{
		out: out, style: style,
		redraw: make(chan any), gone: make(chan any, 1),
		ended: make(chan struct{}), stopped: make(chan struct{}),
	}
	// Refreshed by hand, so that a line appears at once and not with the next tick.
	var to io.Writer = out
	if columns, rows, err := term.GetSize(int(out.Fd())); err == nil && (columns == 0 || rows == 0) {
		// mpb draws nothing on a terminal without rows, so it must not see a terminal.
		s.unsized, to = true, struct{ io.Writer }{out}
	}
	s.bars = mpb.New(mpb.WithOutput(to), mpb.WithManualRefresh(s.redraw), mpb.WithShutdownNotifier(s.gone))
	go func() {
		<-s.gone
		close(s.ended)
	}()
	s.ticking.Go(s.tick)
	return s
}

// Row adds a bar. name is printed before it and may be empty.
func (s *Screen) Row(name string) *Row {
	r := &Row{name: name, style: s.style, gauge: s.style.gauge(), columns: s.columns}
	s.bars.MustAdd(0, mpb.BarFillerFunc(r.fill), mpb.BarFillerTrim())
	return r
}

// columns is the width of the terminal, 80 if it does not report one. It may begin to
// report one later, as a terminal that is attached to a container does.
func (s *Screen) columns(stat decor.Statistics) int {
	if !s.unsized {
		return stat.AvailableWidth
	}
	if columns, _, err := term.GetSize(int(s.out.Fd())); err == nil && columns > 0 {
		return columns
	}
	return 80
}

// Write writes lines above the bars.
func (s *Screen) Write(p []byte) (int, error) {
	n, err := s.bars.Write(p)
	if err != nil { // mpb has ended
		return s.out.Write(p)
	}
	s.draw()
	return n, nil
}

// Stop draws the bars a last time and leaves them on the terminal.
func (s *Screen) Stop() {
	s.stop.Do(func() {
		close(s.stopped)
		s.ticking.Wait()
		s.draw()
		s.draw() // accepted only when the first draw has begun, and Shutdown lets that end
		s.bars.Shutdown()
	})
}

func (s *Screen) draw() {
	select {
	case s.redraw <- time.Now():
	case <-s.ended:
	}
}

func (s *Screen) tick() {
	ticker := time.NewTicker(redrawEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			s.draw()
		case <-s.stopped:
			return
		case <-s.ended:
			return
		}
	}
}

// Row is one bar.
type Row struct {
	name    string
	style   Style
	gauge   mpb.BarFiller
	columns func(decor.Statistics) int

	mu       sync.Mutex
	progress edenwait.Progress
	at       time.Time
	meter    meter
}

// Set sets the progress.
func (r *Row) Set(p edenwait.Progress) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.progress, r.at = p, time.Now()
	if len(r.meter.samples) == 0 {
		r.meter.note(r.at.Add(-p.Elapsed), 0)
	}
	r.meter.note(r.at, p.Requests)
}

// snapshot returns the progress as of now, not of the last Set.
func (r *Row) snapshot() edenwait.Progress {
	r.mu.Lock()
	defer r.mu.Unlock()
	p, now := r.progress, time.Now()
	p.Rate = r.meter.rate(now)
	// The time left shrinks between two reports, but not to zero before a report says so.
	if p.TimeLeft > 0 {
		p.TimeLeft = max(p.TimeLeft-now.Sub(r.at), time.Second)
	}
	return p
}

// fill writes the row. It reads the terminal's width each time, so a resize shows with the
// next frame.
func (r *Row) fill(w io.Writer, stat decor.Statistics) error {
	p := r.snapshot()
	// A full last column makes some terminals wrap.
	gauge, text := layout(r.name, p, r.columns(stat)-1, r.style)
	if gauge > 0 {
		if _, err := io.WriteString(w, text[0]); err != nil {
			return err
		}
		done := decor.Statistics{AvailableWidth: gauge, Total: int64(max(p.Total, 1)), Current: int64(p.Total - p.Waiting)}
		if err := r.gauge.Fill(w, done); err != nil {
			return err
		}
		text = text[1:]
	}
	for _, t := range text {
		if _, err := io.WriteString(w, t); err != nil {
			return err
		}
	}
	return nil
}

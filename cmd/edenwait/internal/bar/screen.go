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

// redrawEvery is short enough for seconds to count down smoothly, and long
// enough to cost nothing.
const redrawEvery = 200 * time.Millisecond

// Screen is the bottom of a terminal, where bars are, one a row. While it is
// there, everything else that goes to this terminal has to go through Write, or
// it would be drawn over.
type Screen struct {
	out     *os.File
	unsized bool // the terminal does not tell its size
	style   Style
	bars    *mpb.Progress
	redraw  chan any
	gone    chan any      // mpb tells that it has ended
	ended   chan struct{} // closed with or after that
	stop    sync.Once
	stopped chan struct{}
	ticking sync.WaitGroup
}

// NewScreen begins to draw on the terminal that out is.
func NewScreen(out *os.File, style Style) *Screen {
	s := &Screen{
		out: out, style: style,
		redraw: make(chan any), gone: make(chan any, 1),
		ended: make(chan struct{}), stopped: make(chan struct{}),
	}
	// Refreshed by hand, since a line that goes through Write is to be seen at
	// once and not with the next tick.
	var to io.Writer = out
	if columns, rows, err := term.GetSize(int(out.Fd())); err == nil && (columns == 0 || rows == 0) {
		// mpb would draw nothing on what has no rows, so it must not see a terminal.
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

// Row adds a bar. The name stands before it and may be empty.
func (s *Screen) Row(name string) *Row {
	r := &Row{name: name, style: s.style, gauge: s.style.gauge(), columns: s.columns}
	s.bars.MustAdd(0, mpb.BarFillerFunc(r.fill), mpb.BarFillerTrim())
	return r
}

// columns is how wide the terminal is. Customary where it does not say is 80; but
// it may begin to say so, as in a container that it is attached to later.
func (s *Screen) columns(stat decor.Statistics) int {
	if !s.unsized {
		return stat.AvailableWidth
	}
	if columns, _, err := term.GetSize(int(s.out.Fd())); err == nil && columns > 0 {
		return columns
	}
	return 80
}

// Write puts lines above the bars. They are on the terminal when it returns, or
// on their way there if the terminal is slow.
func (s *Screen) Write(p []byte) (int, error) {
	n, err := s.bars.Write(p)
	if err != nil { // no bar is drawn any more
		return s.out.Write(p)
	}
	s.draw()
	return n, nil
}

// Stop draws the bars a last time and leaves them where they are.
func (s *Screen) Stop() {
	s.stop.Do(func() {
		close(s.stopped)
		s.ticking.Wait()
		s.draw()
		s.draw() // is taken only after the one before was begun, which Shutdown lets end
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

// Set says how the batch stands.
func (r *Row) Set(p edenwait.Progress) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.progress, r.at = p, time.Now()
	if len(r.meter.samples) == 0 {
		r.meter.note(r.at.Add(-p.Elapsed), 0)
	}
	r.meter.note(r.at, p.Requests)
}

// standing is how it stands now, and not when that was last said.
func (r *Row) standing() edenwait.Progress {
	r.mu.Lock()
	defer r.mu.Unlock()
	p, now := r.progress, time.Now()
	p.Rate = r.meter.rate(now)
	// The time left shrinks between two reports, but never to nothing: only a
	// report says that it is over.
	if p.TimeLeft > 0 {
		p.TimeLeft = max(p.TimeLeft-now.Sub(r.at), time.Second)
	}
	return p
}

// fill writes the row. The width is asked of the terminal each time, so a resize
// shows with the next frame.
func (r *Row) fill(w io.Writer, stat decor.Statistics) error {
	p := r.standing()
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

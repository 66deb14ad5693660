package timeline

import (
	"fmt"
	"strconv"
	"time"

	"gonum.org/v1/plot"
)

// clock labels an axis of seconds.
type clock struct{}

// Ticks implements plot.Ticker.
func (clock) Ticks(low, high float64) []plot.Tick {
	step := nice(time.Duration((high - low) / 10 * float64(time.Second)))
	var ticks []plot.Tick
	for t := step * time.Duration(low/step.Seconds()); t.Seconds() <= high; t += step {
		label := t.String()
		if t >= time.Minute {
			label = fmt.Sprintf("%d:%02d", t/time.Minute, t%time.Minute/time.Second)
		}
		ticks = append(ticks, plot.Tick{Value: t.Seconds(), Label: label})
	}
	return ticks
}

// count labels an axis of numbers, without decimals that are all zero.
type count struct{}

// Ticks implements plot.Ticker.
func (count) Ticks(low, high float64) []plot.Tick {
	ticks := plot.DefaultTicks{}.Ticks(low, high)
	for i := range ticks {
		if ticks[i].Label != "" {
			ticks[i].Label = strconv.FormatFloat(ticks[i].Value, 'f', -1, 64)
		}
	}
	return ticks
}

// nice is the next length of time that a clock has a mark for.
func nice(d time.Duration) time.Duration {
	for _, step := range []time.Duration{
		100 * time.Millisecond, 200 * time.Millisecond, 500 * time.Millisecond,
		time.Second, 2 * time.Second, 5 * time.Second, 10 * time.Second, 30 * time.Second,
		time.Minute, 2 * time.Minute, 5 * time.Minute, 10 * time.Minute, 30 * time.Minute,
		time.Hour, 2 * time.Hour, 6 * time.Hour,
	} {
		if d <= step {
			return step
		}
	}
	return d.Round(24*time.Hour) + 24*time.Hour
}

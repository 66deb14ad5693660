package simulation

import "time"

// Hints is what the engine is told of ends, as by webhooks.
type Hints struct {
	// Sent is the share of ends that are told. Defaults to 0.
	Sent float64
	// Delay is the time from an end to its hint.
	Delay time.Duration
	// Down is when ends are told to nobody.
	Down Span
	// Early is how long before their end jobs that end before EarlyUntil are told of,
	// without the Delay: the server's GETs are behind.
	Early, EarlyUntil time.Duration
}

// tells is when the engine is told of an end.
func (h *Hints) tells(end time.Duration) time.Duration {
	if end < h.EarlyUntil {
		return end - h.Early
	}
	return end + h.Delay
}

package report

import "github.com/edenwait/edenwait"

// Counts counts the ids of a batch, each once.
type Counts struct {
	Total int
	// Succeeded, Failed and Errored have their line, from this run or an earlier one.
	Succeeded, Failed, Errored int
	// GaveUp were given up by this run. Unknown got a 404 while no job was known.
	// Unwritten have ended, but nobody has read their line.
	GaveUp, Unknown, Unwritten int
	// Earlier had their line before this run. EarlierFailed and EarlierErrored are those
	// of them that failed, and those without a result.
	Earlier, EarlierFailed, EarlierErrored int
	// Repeated counts the duplicates, which Total does not.
	Repeated int
}

// Ended counts an id that has its line.
func (c *Counts) Ended(outcome edenwait.Outcome) {
	switch outcome {
	case edenwait.OutcomeSuccess:
		c.Succeeded++
	case edenwait.OutcomeFail:
		c.Failed++
	default:
		c.Errored++
	}
}

// EndedEarlier counts an id that had its line before this run.
func (c *Counts) EndedEarlier(outcome edenwait.Outcome) {
	c.Ended(outcome)
	c.Earlier++
	switch outcome {
	case edenwait.OutcomeFail:
		c.EarlierFailed++
	case edenwait.OutcomeError:
		c.EarlierErrored++
	}
}

// Waiting is how many have not ended yet.
func (c *Counts) Waiting() int {
	return c.Total - c.Succeeded - c.Failed - c.Errored - c.GaveUp - c.Unknown - c.Unwritten
}

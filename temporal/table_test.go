package edentemporal

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"
)

// heartbeatsOf is how many heartbeats an Await sends in so long: the first one after half
// of the timeout, and then one per 80 % of it, since the SDK holds back others.
func heartbeatsOf(wait, timeout time.Duration) int {
	if wait < timeout/2 {
		return 0
	}
	return int((wait-timeout/2)/(timeout*8/10)) + 1
}

// plain writes a duration as the docs do.
func plain(d time.Duration) string {
	if d >= time.Minute {
		return fmt.Sprintf("%v min", d.Minutes())
	}
	return fmt.Sprintf("%v s", d.Seconds())
}

// grouped writes thousands with commas.
func grouped(n int) string {
	if n < 1000 {
		return fmt.Sprint(n)
	}
	return fmt.Sprintf("%s,%03d", grouped(n/1000), n%1000)
}

// awaitsOf is how many Awaits a call makes whose jobs end one after the other.
func awaitsOf(jobs int) (n int) {
	for _, chunk := range newPlan(testIDs(jobs)).chunks {
		n += (len(chunk) + returnOutcomes - 1) / returnOutcomes
	}
	return n
}

// TestCostTable holds the tables of docs/temporal.md against the code.
func TestCostTable(t *testing.T) {
	page, err := os.ReadFile("../docs/temporal.md")
	if err != nil {
		t.Skip("not the whole repository: ", err)
	}
	want := func(format string, args ...any) {
		t.Helper()
		if row := fmt.Sprintf(format, args...); !strings.Contains(string(page), "\n"+row+"\n") {
			t.Errorf("docs/temporal.md lacks the row\n%s", row)
		}
	}
	const day, hour = 24 * time.Hour, time.Hour
	for _, timeout := range []time.Duration{10 * time.Second, defaultHeartbeat, time.Minute} {
		beat := Options{}.beat(timeout)
		want("| %s | %s | %s | %s |", plain(timeout), plain(beat), plain(newFence(timeout).span), grouped(int(day/beat)))
	}
	for _, timeout := range []time.Duration{10 * time.Second, time.Minute, defaultAwaitHeartbeat, 15 * time.Minute} {
		per := timeout * 8 / 10
		want("| %s | %s | %s | %s |", plain(timeout), grouped(heartbeatsOf(hour, timeout)), grouped(int(10_000/per.Seconds()+0.5)),
			grouped(10_000*(2+heartbeatsOf(hour, timeout))))
	}
	for _, jobs := range []int{1, 10, 256, 1000, 10_000, 20_000} {
		n := awaitsOf(jobs)
		chunks := (jobs + chunkIDs - 1) / chunkIDs
		want("| %s | %d | %d | %d | %d |", grouped(jobs), chunks, n, 1+n, 6*n+5)
	}
}

func TestHeartbeatsOf(t *testing.T) {
	for wait, want := range map[time.Duration]int{
		time.Minute: 0, 150 * time.Second: 1, 6 * time.Minute: 1, 390 * time.Second: 2, time.Hour: 15,
	} {
		if got := heartbeatsOf(wait, 5*time.Minute); got != want {
			t.Errorf("%v: %d, want %d", wait, got, want)
		}
	}
}

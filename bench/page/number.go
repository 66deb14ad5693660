package page

import (
	"fmt"
	"math"
	"strconv"
)

// short prints a number with about three significant digits, and never as 0
// what is not.
func short(v float64) string {
	switch a := math.Abs(v); {
	case a >= 9999.5:
		return grouped(int(math.Round(v)))
	case a >= 99.95:
		return strconv.FormatFloat(v, 'f', 0, 64)
	case a >= 9.995:
		return strconv.FormatFloat(v, 'f', 1, 64)
	case a >= 0.005 || a == 0:
		return strconv.FormatFloat(v, 'f', 2, 64)
	default:
		return strconv.FormatFloat(v, 'g', 1, 64)
	}
}

// grouped puts a comma before every third digit from the right.
func grouped(n int) string {
	if n < 0 {
		return "-" + grouped(-n)
	}
	if n < 1000 {
		return strconv.Itoa(n)
	}
	return fmt.Sprintf("%s,%03d", grouped(n/1000), n%1000)
}

// size prints a number of bytes.
func size(bytes float64) string {
	switch {
	case bytes >= 1<<30:
		return short(bytes/(1<<30)) + " GiB"
	case bytes >= 1<<20:
		return short(bytes/(1<<20)) + " MiB"
	case bytes >= 1<<10:
		return short(bytes/(1<<10)) + " KiB"
	default:
		return short(bytes) + " B"
	}
}

// duration prints nanoseconds.
func duration(ns float64) string {
	switch {
	case ns >= 1e9:
		return short(ns/1e9) + " s"
	case ns >= 1e6:
		return short(ns/1e6) + " ms"
	default:
		return short(ns/1e3) + " µs"
	}
}

// clock prints seconds as people say them.
func clock(seconds float64) string {
	switch s := int(math.Round(seconds)); {
	case math.Abs(seconds) < 0.005:
		return "0 s"
	case seconds < 99.5:
		return short(seconds) + " s"
	case s < 3600:
		return fmt.Sprintf("%d min %02d s", s/60, s%60)
	default:
		return fmt.Sprintf("%d h %02d min", s/3600, s%3600/60)
	}
}

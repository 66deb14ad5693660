package soak

import (
	"context"
	"fmt"
	"runtime/pprof"
	"strconv"
	"strings"
)

// labelled runs a scenario whose goroutines, and theirs, can be told from those of
// the scenarios beside it.
func labelled(seed uint64, run func()) {
	pprof.Do(context.Background(), pprof.Labels("soak", strconv.FormatUint(seed, 10)), func(context.Context) { run() })
}

// goroutinesOf counts the goroutines of the scenario.
func goroutinesOf(seed uint64) (n int) {
	var all strings.Builder
	_ = pprof.Lookup("goroutine").WriteTo(&all, 1) // into memory
	label := fmt.Sprintf("%q:%q", "soak", strconv.FormatUint(seed, 10))
	for entry := range strings.SplitSeq(all.String(), "\n\n") {
		if strings.Contains(entry, label) {
			entry = entry[strings.LastIndex(entry[:strings.Index(entry, " @ ")], "\n")+1:]
			var alike int
			_, _ = fmt.Sscanf(entry, "%d @", &alike)
			n += alike
		}
	}
	return n
}

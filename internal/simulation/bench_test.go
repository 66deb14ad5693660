package simulation

import "testing"

// BenchmarkSteps reports how many steps of the engine are simulated per second, on
// one CPU.
func BenchmarkSteps(b *testing.B) {
	for _, bench := range []struct {
		name string
		Scenario
	}{
		{"1000 jobs together", Scenario{Jobs: 1000}},
		{"10000 jobs together", Scenario{Jobs: 10000}},
		{"10000 jobs apart", Scenario{Jobs: 10000, Callers: Apart}},
		{"10000 jobs without a list", Scenario{Jobs: 10000, List: List{Off: true}}},
		{"10000 jobs arriving", Scenario{Jobs: 10000, Arrivals: 2, Callers: Apart}},
	} {
		b.Run(bench.name, func(b *testing.B) {
			steps := 0
			for seed := range b.N {
				steps += Run(bench.Scenario, uint64(seed)+1).Steps
			}
			b.ReportMetric(float64(steps)/b.Elapsed().Seconds(), "steps/s")
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(steps), "ns/step")
			b.ReportMetric(0, "ns/op")
		})
	}
}

package bench

import (
	"testing"

	"github.com/edenwait/edenwait/bench/cost"
)

// BenchmarkGet is for whoever changes how one job is asked for; the page has the
// same figures, from rounds in which the two take turns.
func BenchmarkGet(b *testing.B) {
	server, err := cost.StartServer(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	defer func() {
		if err := server.Close(); err != nil {
			b.Error(err)
		}
	}()
	for _, output := range []struct{ name, id string }{{"small", cost.SmallJob}, {"8MB", cost.LargeJob}} {
		b.Run(output.name+"/edenwait", func(b *testing.B) { cost.BenchmarkGet(b, server.URL, output.id) })
		b.Run(output.name+"/by-hand", func(b *testing.B) { cost.BenchmarkHand(b, server.URL, output.id) })
	}
}

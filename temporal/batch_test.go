package edentemporal

import (
	"encoding/json"
	"strings"
	"testing"

	"go.temporal.io/sdk/converter"
	"google.golang.org/protobuf/proto"
)

func testSizer() sizer { return newSizer(converter.GetDefaultDataConverter()) }

func outcomeWith(i, bytes int) Outcome {
	return Outcome{ID: testID(i), Status: "success", Value: json.RawMessage(`"` + strings.Repeat("x", bytes) + `"`)}
}

// size is the size of the payload.
func payloadSize(t *testing.T, v any) int {
	t.Helper()
	p, err := converter.GetDefaultDataConverter().ToPayload(v)
	if err != nil {
		t.Fatal(err)
	}
	return proto.Size(p)
}

func TestBatch(t *testing.T) {
	for _, test := range []struct {
		name           string
		bytes          int // per value
		full           int // outcomes
		details        int // of them
		result, detail int // bytes at most
	}{
		{"small ones", 10, 256, 256, 64 << 10, 64 << 10},
		{"middle ones", 500, 256, 108, 256 << 10, 64 << 10},
		{"large ones", 1900, 131, 32, 260 << 10, 64 << 10},
	} {
		t.Run(test.name, func(t *testing.T) {
			b := newBatch(testSizer(), nil)
			n := 1
			for ; !b.add(outcomeWith(n, test.bytes)); n++ {
				b.add(outcomeWith(n, test.bytes)) // again: no difference
				if n > 300 {
					t.Fatal("never full")
				}
			}
			if n != test.full {
				t.Errorf("full after %d", n)
			}
			details, news := b.beat()
			if len(details.Outcomes) != test.details || !news {
				t.Errorf("details of %d outcomes, news: %v", len(details.Outcomes), news)
			}
			if size := payloadSize(t, b.result()); size > test.result {
				t.Errorf("result of %d bytes", size)
			}
			if size := payloadSize(t, details); size > test.detail {
				t.Errorf("details of %d bytes", size)
			}
			if _, news := b.beat(); news {
				t.Error("the same details are news")
			}
		})
	}
}

func TestBatchGoesOn(t *testing.T) {
	first := newBatch(testSizer(), nil)
	for i := range 5 {
		first.add(outcomeWith(i, 10))
	}
	details, _ := first.beat()
	second := newBatch(testSizer(), details.Outcomes)
	if _, news := second.beat(); news {
		t.Error("what an earlier heartbeat has is news")
	}
	if left := second.left([]string{testID(3), testID(7)}); len(left) != 1 || left[0] != testID(7) {
		t.Errorf("left: %v", left)
	}
	second.add(outcomeWith(7, 10))
	if details, news := second.beat(); !news || len(details.Outcomes) != 6 {
		t.Errorf("details: %+v, news: %v", details, news)
	}
}

package edentemporal

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/sdk/converter"

	"github.com/edenwait/edenwait"
)

// heavy is a DataConverter whose codec adds so many bytes.
func heavy(n int) converter.DataConverter {
	return converter.NewCodecDataConverter(converter.GetDefaultDataConverter(), codec(n))
}

type codec int

func (c codec) Encode(payloads []*commonpb.Payload) ([]*commonpb.Payload, error) {
	for _, p := range payloads {
		if c < 0 {
			return nil, errors.New("no key to encrypt with")
		}
		p.Data = append(p.Data, make([]byte, c)...)
	}
	return payloads, nil
}

func (codec) Decode(payloads []*commonpb.Payload) ([]*commonpb.Payload, error) { return payloads, nil }

func TestFit(t *testing.T) {
	const id = "00000000-0000-4000-8000-000000000001"
	quoted := func(n int) json.RawMessage { return json.RawMessage(`"` + strings.Repeat("x", n-2) + `"`) }
	success := Outcome{ID: id, Status: edenwait.StatusSuccess, Cost: "0.0012"}
	for _, test := range []struct {
		name  string
		codec int
		o     Outcome
		code  string // of what is left; value: that it is there
		value bool
	}{
		{"small", 0, Outcome{ID: id, Value: quoted(100)}, "", true},
		{"just fits", 0, Outcome{ID: id, Value: quoted(1900)}, "", true},
		{"too large", 0, Outcome{ID: id, Value: quoted(2100)}, CodeTooLarge, false},
		{"too large after the codec", 500, Outcome{ID: id, Value: quoted(1900)}, CodeTooLarge, false},
		{"not JSON", 0, Outcome{ID: id, Value: json.RawMessage(`{`)}, CodeReduceFailed, false},
		{"a chatty error", 0, Outcome{ID: id, Status: edenwait.StatusFail, Code: "x", Error: strings.Repeat("é", 5000)}, "x", false},
		{"a long everything", 0, Outcome{ID: id, Status: "a" + edenwait.Status(quoted(3000)), Code: string(quoted(3000)), Cost: edenwait.Cost(quoted(3000)), Error: string(quoted(3000))}, "", false},
		{"a heavy codec", 1500, Outcome{ID: id, Error: string(quoted(3000))}, CodeTooLarge, false},
		{"a codec that fails", -1, success, CodeTooLarge, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			size := newSizer(heavy(test.codec))
			got, n := size.fit(test.o)
			if n > MaxOutcomeBytes || got.ID != id || (got.Value != nil) != test.value || test.code != "" && got.Code != test.code {
				t.Errorf("%d bytes: %+v", n, got)
			}
			if !utf8.ValidString(got.Error) || test.value && !slices.Equal(got.Value, test.o.Value) {
				t.Errorf("%+v", got)
			}
			if !test.value && got.Err() == nil {
				t.Errorf("no error: %+v", got)
			}
		})
	}
	if got, _ := newSizer(heavy(0)).fit(success); got.Err() != nil || got.Cost != success.Cost {
		t.Errorf("%+v", got)
	}
}

func FuzzFit(f *testing.F) {
	f.Add("fail", "0.1", "code", strings.Repeat("e", 3000), []byte(`{"a":1}`), 100)
	f.Add("\xff", "", "", strings.Repeat("\xf0", 600), []byte("{"), 0)
	f.Fuzz(func(t *testing.T, status, cost, code, text string, value []byte, overhead int) {
		if overhead < 0 || overhead > 1800 {
			t.Skip()
		}
		size := newSizer(heavy(overhead))
		o, n := size.fit(Outcome{ID: nobody, Status: edenwait.Status(status), Cost: edenwait.Cost(cost), Code: code, Error: text, Value: value})
		if n > MaxOutcomeBytes {
			t.Fatalf("%d bytes", n)
		}
		if again, err := size(o); err != nil || again != n {
			t.Fatalf("%d bytes, %d said, %v", again, n, err)
		}
	})
}

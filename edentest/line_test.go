package edentest_test

import (
	"io"
	"math"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/edenwait/edenwait/edentest"
)

// A body that would take longer than a Duration can say does not come at once.
func TestBandwidthTiny(t *testing.T) {
	inMemory(t, edentest.Options{Bandwidth: 1e-9}, func(t *testing.T, d *door) {
		d.client.Timeout = time.Hour
		resp, err := d.send(t.Context(), http.MethodGet, async, edentest.DefaultToken, "")
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		if b, err := io.ReadAll(resp.Body); err == nil {
			t.Errorf("%s came", b)
		}
	})
}

// Bodies that are under way together have the line's whole rate, in equal shares,
// however much of it is read at once. One that is given up, or not read, costs the
// others nothing.
func TestBandwidth(t *testing.T) {
	const size = 1 << 20
	inMemory(t, edentest.Options{Rate: -1, Bandwidth: 8 * size / 10}, func(t *testing.T, d *door) { // ten seconds a body
		ids := d.SubmitAll(4, edentest.Workload{Durations: edentest.Fixed(0), OutputBytes: size})
		start := time.Now()
		took := make([]float64, len(ids))
		var read sync.WaitGroup
		for i, id := range ids {
			resp, err := d.send(t.Context(), http.MethodGet, async+"/"+id, edentest.DefaultToken, "")
			if err != nil {
				t.Fatal(err)
			}
			if i == 3 {
				defer resp.Body.Close() // never read
				continue
			}
			read.Go(func() {
				defer resp.Body.Close()
				var err error
				switch i {
				case 0:
					_, err = io.CopyBuffer(struct{ io.Writer }{io.Discard}, resp.Body, make([]byte, 100))
				case 1:
					_, err = io.ReadAll(resp.Body)
				case 2:
					_, err = io.CopyN(io.Discard, resp.Body, size/4)
				}
				if err != nil {
					t.Error(err)
				}
				took[i] = time.Since(start).Seconds()
			})
		}
		read.Wait()
		// Three share it until a quarter of each has come.
		for i, want := range []float64{2*10 + 10.0/4, 2*10 + 10.0/4, 3 * 10.0 / 4} {
			if math.Abs(took[i]-want) > 0.2 {
				t.Errorf("body %d took %.2f s, want %.2f", i, took[i], want)
			}
		}
		start = time.Now()
		d.get(t, ids[3])
		if alone := time.Since(start).Seconds(); math.Abs(alone-10) > 0.1 {
			t.Errorf("alone %.2f s, want 10", alone)
		}
	})
}

// A small answer does not wait for all of a large one.
func TestBandwidthSmallBody(t *testing.T) {
	inMemory(t, edentest.Options{Rate: -1, Bandwidth: 1e6}, func(t *testing.T, d *door) {
		large := d.SubmitAll(8, edentest.Workload{Durations: edentest.Fixed(0), OutputBytes: 1 << 20})
		for _, id := range large {
			go d.get(t, id)
		}
		synctest.Wait()
		d.sleep(t, time.Second)
		start := time.Now()
		d.list(t, "")
		if took := time.Since(start); took < 20*time.Millisecond || took > 400*time.Millisecond {
			t.Errorf("took %v", took)
		}
		d.sleep(t, 2*time.Minute)
	})
}

// Over a network, too, with faults that spoil the body on the way.
func TestBandwidthOnLoopback(t *testing.T) {
	const bits = 40e6
	throughBoth(t, edentest.Options{Rate: -1, Bandwidth: bits, Faults: []edentest.Fault{
		{Skip: 1, Times: 1, Do: edentest.PadBody(1 << 19)},
		{Skip: 1, Times: 1, Do: edentest.Drip(time.Millisecond)},
		{Skip: 1, Times: 1, Do: edentest.ResetBody()},
	}}, func(t *testing.T, d *door) {
		id := d.SubmitAll(1, edentest.Workload{Durations: edentest.Fixed(0), OutputBytes: 1 << 19})[0]
		for i, size := range []int{1 << 19, 1 << 20, 1 << 19} {
			o := d.observe(t, async+"/"+id)
			least := time.Duration(float64(size) * 8 / bits * float64(time.Second))
			if o.err != nil || o.bodyer != nil || len(o.body) < size || o.took < least || !strings.HasSuffix(o.body, "}") {
				t.Errorf("%d: %d bytes after %v, %v %v; want %d, after %v at least", i, len(o.body), o.took, o.err, o.bodyer, size, least)
			}
			if d.memory && o.took > least*11/10 {
				t.Errorf("%d: took %v, want %v", i, o.took, least)
			}
		}
		if o := d.observe(t, async+"/"+id); !isReset(o.bodyer) {
			t.Errorf("%v, want a reset", o.bodyer)
		}
	})
}

package edentest_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/edenwait/edenwait/edentest"
)

func TestListPages(t *testing.T) {
	// Enough for several blocks and an incomplete one.
	const n = 2500
	throughBoth(t, edentest.Options{Rate: -1}, func(t *testing.T, d *door) {
		ids := d.SubmitAll(n, edentest.Workload{Durations: edentest.Fixed(edentest.Never)})
		slices.Reverse(ids) // newest first
		for _, tt := range []struct {
			query              string
			from, to           int
			page, limit, pages int
		}{
			{"", 0, 100, 1, 100, 25},
			{"?page=2", 100, 200, 2, 100, 25},
			{"?limit=1000", 0, 1000, 1, 1000, 3},
			{"?limit=1000&page=3&status=processing", 2000, 2500, 3, 1000, 3},
			{"?limit=1000&page=4", 0, 0, 4, 1000, 3},
			{"?limit=7&page=358", 2499, 2500, 358, 7, 358},
			{"?limit=1&page=2147483647", 0, 0, 2147483647, 1, 2500},
		} {
			got := d.list(t, tt.query)
			if !slices.Equal(got.ids(), ids[tt.from:tt.to]) {
				t.Errorf("%q: %d items, want [%d:%d]", tt.query, len(got.Items), tt.from, tt.to)
			}
			if got.Total != n || got.Page != tt.page || got.Limit != tt.limit || got.TotalPages != tt.pages {
				t.Errorf("%q: total %d page %d limit %d pages %d, want %d %d %d %d",
					tt.query, got.Total, got.Page, got.Limit, got.TotalPages, n, tt.page, tt.limit, tt.pages)
			}
		}
	})
}

func TestListEmpty(t *testing.T) {
	throughBoth(t, edentest.Options{}, func(t *testing.T, d *door) {
		status, body := d.do(t, http.MethodGet, async, "")
		const want = `{"items":[],"total":0,"page":1,"limit":100,"total_pages":0}`
		if status != http.StatusOK || body != want {
			t.Errorf("%d %s, want %s", status, body, want)
		}
	})
}

func TestListHoldsNoResults(t *testing.T) {
	inMemory(t, edentest.Options{}, func(t *testing.T, d *door) {
		d.Submit(edentest.Script{Status: "fail", Model: "m"})
		_, body := d.do(t, http.MethodGet, async, "")
		item := decode[struct{ Items []map[string]any }](t, body).Items[0]
		for _, field := range []string{"public_id", "status", "feature", "subfeature", "provider", "model", "created_at"} {
			if item[field] == nil {
				t.Errorf("no %s in %s", field, body)
			}
			delete(item, field)
		}
		if len(item) > 0 {
			t.Errorf("%v besides", item)
		}
	})
}

func TestListFilters(t *testing.T) {
	inMemory(t, edentest.Options{Rate: -1}, func(t *testing.T, d *door) {
		ocr := d.Submit(edentest.Script{Feature: "ocr", Subfeature: "ocr_async"})
		tables := d.Submit(edentest.Script{Feature: "ocr", Subfeature: "ocr_tables_async", Status: "fail"})
		audio := d.Submit(edentest.Script{After: time.Hour})
		odd := d.Submit(edentest.Script{Status: "cancelled"})
		for query, want := range map[string][]string{
			"":                                        {odd, audio, tables, ocr},
			"?feature=ocr":                            {tables, ocr},
			"?subfeature=ocr_async":                   {ocr},
			"?feature=audio&subfeature=ocr_async":     {},
			"?status=success":                         {ocr},
			"?status=fail":                            {tables},
			"?status=processing":                      {audio},
			"?status=processing&feature=ocr":          {},
			"?status=fail&feature=ocr&limit=1":        {tables},
			"?status=":                                {odd, audio, tables, ocr},
			"?unforeseen=1":                           {odd, audio, tables, ocr},
			"?feature=ocr&limit=1&page=2":             {ocr},
			"?status=success&limit=1&page=2":          {},
			"?feature=" + "no%20such%20feature":       {},
			"?subfeature=speech_to_text_async&page=1": {odd, audio},
		} {
			if got := d.list(t, query).ids(); !slices.Equal(got, want) {
				t.Errorf("%q: %v, want %v", query, got, want)
			}
		}
	})
}

// The counts that the list keeps must never differ from what counting afresh
// gives, as it is done for filters by feature, however the jobs change between
// two requests, and however the list goes back and forth in time.
func TestListCounts(t *testing.T) {
	inMemory(t, edentest.Options{Rate: -1, Retention: 30 * time.Minute, Faults: []edentest.Fault{{
		Match: func(r edentest.Request) bool { return r.Query.Has("stale") },
		Do:    edentest.StaleList(45 * time.Second),
	}}}, func(t *testing.T, d *door) {
		rng := rand.New(rand.NewPCG(1, 2))
		var ids []string
		for range 100 {
			ids = append(ids, d.SubmitAll(rng.IntN(100), edentest.Workload{
				Durations: edentest.Uniform{Max: 20 * time.Minute}, FailureRate: 0.3,
			})...)
			if rng.IntN(4) == 0 {
				ids = append(ids, d.Submit(edentest.Script{After: time.Minute, RevertAfter: time.Minute, RerunFor: time.Minute}))
			}
			if len(ids) > 0 {
				d.Delete(ids[rng.IntN(len(ids))])
			}
			d.sleep(t, time.Duration(rng.IntN(60))*time.Second)

			for _, query := range []string{
				"", "&status=processing", "&status=success", "&status=fail", "&stale", "&status=processing&stale",
			} {
				want := 0
				for _, feature := range []string{"audio", "ocr", "video", "web"} {
					want += d.list(t, "?limit=1&feature="+feature+query).Total
				}
				if got := d.list(t, "?limit=1"+query).Total; got != want {
					t.Fatalf("%q: total %d, want %d", query, got, want)
				}
				last := d.list(t, fmt.Sprintf("?limit=9&page=%d", max(1, (want+8)/9))+query)
				if n := want - max(0, (want-1)/9*9); len(last.Items) != n {
					t.Fatalf("%q: %d items on the last page, want %d", query, len(last.Items), n)
				}
			}
		}
		if len(ids) < 4096 {
			t.Errorf("only %d jobs, too few for several blocks", len(ids))
		}
	})
}

func TestListLag(t *testing.T) {
	const lag = 10 * time.Second
	stale := map[string]edentest.Options{
		"option": {ListLag: lag},
		"fault":  {Faults: []edentest.Fault{{Do: edentest.StaleList(lag)}}},
	}
	for name, opts := range stale {
		t.Run(name, func(t *testing.T) {
			inMemory(t, opts, func(t *testing.T, d *door) {
				short := d.Submit(edentest.Script{After: 5 * time.Second})
				d.sleep(t, lag-1)
				if got := d.list(t, ""); got.Total != 0 || len(got.Items) != 0 {
					t.Errorf("a new job is listed too early: %+v", got)
				}
				d.sleep(t, 1)
				if got := d.list(t, "?status=processing").ids(); !slices.Equal(got, []string{short}) {
					t.Errorf("it is listed as processing: %v", got)
				}
				if got := d.job(t, short).Status; got != "success" {
					t.Errorf("GET says %s meanwhile, want success", got)
				}
				d.sleep(t, 5*time.Second)
				if got := d.list(t, "?status=success").ids(); !slices.Equal(got, []string{short}) {
					t.Errorf("it is listed as ended: %v", got)
				}
				d.Delete(short)
				d.sleep(t, lag-1)
				if got := d.list(t, "").Total; got != 1 {
					t.Errorf("a deletion shows too early")
				}
				d.sleep(t, 1)
				if got := d.list(t, "").Total; got != 0 {
					t.Errorf("a deletion never shows")
				}
			})
		})
	}
}

// The edge of what a lagging list knows of can be anywhere in a block.
func TestListLagOfMany(t *testing.T) {
	const lag = 10 * time.Second
	inMemory(t, edentest.Options{Rate: -1, ListLag: lag}, func(t *testing.T, d *door) {
		workload := edentest.Workload{Durations: edentest.Fixed(edentest.Never)}
		old := d.SubmitAll(1500, workload)
		d.sleep(t, time.Second)
		d.SubmitAll(1000, workload)
		for _, s := range []struct {
			pause time.Duration
			want  int
		}{{9*time.Second - 1, 0}, {1, 1500}, {time.Second - 1, 1500}, {1, 2500}} {
			d.sleep(t, s.pause)
			for _, status := range []string{"", "processing"} {
				if got := d.list(t, "?limit=1&status="+status); got.Total != s.want {
					t.Errorf("%d jobs are listed, want %d", got.Total, s.want)
				} else if s.want == 1500 && got.Items[0].ID != old[1499] {
					t.Errorf("the newest is %s, want %s", got.Items[0].ID, old[1499])
				}
			}
		}
		d.Delete(old[0])
		for _, s := range []struct {
			pause time.Duration
			want  int
		}{{0, 2500}, {lag - 1, 2500}, {1, 2499}} {
			d.sleep(t, s.pause)
			if got := d.list(t, "?limit=1").Total; got != s.want {
				t.Errorf("%d jobs are listed, want %d", got, s.want)
			}
		}
	})
}

func TestListOff(t *testing.T) {
	for _, code := range []int{204, 403, 404, 405, 500} {
		throughBoth(t, edentest.Options{ListStatus: code}, func(t *testing.T, d *door) {
			id := d.Submit(edentest.Script{})
			if status, body := d.do(t, http.MethodGet, async, ""); status != code || (body == "") != (code == 204) {
				t.Errorf("list = %d %q, want %d", status, body, code)
			}
			d.job(t, id)
		})
	}
}

func TestListStatusOutOfRange(t *testing.T) {
	for _, code := range []int{-1, 1, 101, 199, 1000} {
		func() {
			defer func() {
				if text, _ := recover().(string); !strings.HasPrefix(text, "edentest: Options.ListStatus") {
					t.Errorf("New with the ListStatus %d: recovered %q", code, text)
				}
			}()
			edentest.New(edentest.Options{ListStatus: code})
		}()
	}
}

// A page of a list of a hundred thousand is to cost no more than making it.
func BenchmarkList(b *testing.B) {
	for _, query := range []string{"?limit=1000", "?limit=1000&status=processing", "?limit=1000&status=processing&page=20"} {
		b.Run(query, func(b *testing.B) {
			api := edentest.New(edentest.Options{Rate: -1, DiscardRecords: true})
			api.SubmitAll(100_000, edentest.Workload{})
			client := api.Client()
			for b.Loop() {
				if _, _, err := get(client, endpoint+query); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

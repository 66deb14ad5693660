package edentest_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/edenwait/edenwait/edentest"
)

// GET and list are behind the end, everything else is not.
func TestGetLag(t *testing.T) {
	inMemory(t, edentest.Options{Rate: -1, GetLag: 5 * time.Second}, func(t *testing.T, d *door) {
		start := time.Now()
		id := d.Submit(edentest.Script{After: time.Minute})
		d.sleep(t, 65*time.Second-1)
		if got := d.job(t, id).Status; got != "processing" {
			t.Errorf("GET shows %s too early", got)
		}
		if got := d.list(t, "?status=success").Total; got != 0 {
			t.Errorf("list shows %d ends too early", got)
		}
		if _, ok := d.FirstSeenEnded(id); ok {
			t.Error("an end that was not shown counts as shown")
		}
		d.sleep(t, 1)
		if got := d.job(t, id).Status; got != "success" {
			t.Errorf("GET shows %s", got)
		}
		if got := d.list(t, "?status=success").Total; got != 1 {
			t.Errorf("list shows %d ends, want 1", got)
		}
		if at, _ := d.EndedAt(id); at.Sub(start) != time.Minute {
			t.Errorf("ended after %v", at.Sub(start))
		}
		if at, _ := d.FirstSeenEnded(id); at.Sub(start) != 65*time.Second {
			t.Errorf("shown after %v", at.Sub(start))
		}
		young := d.Submit(edentest.Script{})
		if got := d.job(t, young).Status; got != "processing" {
			t.Errorf("GET of a new job shows %s", got)
		}
		if status, _ := d.do(t, http.MethodDelete, async+"/"+young, ""); status != http.StatusNoContent {
			t.Errorf("DELETE of an ended job = %d", status)
		}
	})
}

// Some jobs run forever in the list, whose counts and filters say the same.
func TestStuckInList(t *testing.T) {
	inMemory(t, edentest.Options{Rate: -1}, func(t *testing.T, d *door) {
		d.SubmitAll(2000, edentest.Workload{Durations: edentest.Fixed(time.Minute)})
		plain := d.Submit(edentest.Script{After: time.Minute})
		script := d.Submit(edentest.Script{After: time.Minute, StuckInList: true})
		d.SubmitAll(400, edentest.Workload{Durations: edentest.Fixed(time.Minute), StuckInList: 0.25})
		d.sleep(t, time.Hour)
		if got := d.job(t, script).Status; got != "success" {
			t.Errorf("GET shows %s", got)
		}
		running := d.list(t, "?status=processing&limit=1000")
		if n := running.Total; n != len(running.Items) || n < 60 || n > 140 {
			t.Errorf("%d stuck of total %d, want about 101", len(running.Items), n)
		}
		for _, item := range running.Items {
			if item.Status != "processing" {
				t.Errorf("%+v", item)
			}
		}
		// From here on the blocks of a thousand neighbors are counted, not read.
		before := d.list(t, "?status=processing&limit=1").Total
		d.SetStuckInList(plain, true)
		d.SetStuckInList(running.Items[0].ID, false)
		d.SetStuckInList("not an id", true)
		if n := d.list(t, "?status=processing&limit=1").Total; n != before {
			t.Errorf("%d stuck, want %d", n, before)
		}
		if n := d.list(t, "?status=success&limit=1").Total; n != 2402-before {
			t.Errorf("%d ended, want %d", n, 2402-before)
		}
	})
	// Jobs are drawn as they are without stuck ones.
	drawn := func(w edentest.Workload) (ends []time.Time) {
		api := edentest.New(edentest.Options{})
		for _, id := range api.SubmitAll(3, w) {
			at, _ := api.EndedAt(id)
			ends = append(ends, at)
		}
		return ends
	}
	if a, b := drawn(edentest.Workload{}), drawn(edentest.Workload{StuckInList: -1}); len(a) != len(b) || a[2].Sub(a[0]).Round(time.Second) != b[2].Sub(b[0]).Round(time.Second) {
		t.Error(a, b)
	}
}

func TestListPageSize(t *testing.T) {
	inMemory(t, edentest.Options{Rate: -1, ListPageSize: 100}, func(t *testing.T, d *door) {
		ids := d.SubmitAll(250, edentest.Workload{})
		for _, tt := range []struct {
			query                     string
			items, limit, page, pages int
		}{
			{"?limit=1000", 100, 100, 1, 3}, {"?limit=1000&page=3", 50, 100, 3, 3}, {"?limit=1000&page=4", 0, 100, 4, 3},
			{"?limit=30&page=9", 10, 30, 9, 9}, {"", 100, 100, 1, 3},
		} {
			got := d.list(t, tt.query)
			if len(got.Items) != tt.items || got.Limit != tt.limit || got.Page != tt.page || got.TotalPages != tt.pages || got.Total != len(ids) {
				t.Errorf("%s: %d items, %+v", tt.query, len(got.Items), tt)
			}
		}
	})
	inMemory(t, edentest.Options{ListNoTotals: true}, func(t *testing.T, d *door) {
		d.SubmitAll(3, edentest.Workload{})
		_, body := d.do(t, http.MethodGet, async+"?limit=2", "")
		got := decode[map[string]any](t, body)
		if _, has := got["total"]; has || len(got) != 3 || got["limit"] != 2.0 || got["page"] != 1.0 || len(got["items"].([]any)) != 2 {
			t.Errorf("%v", got)
		}
	})
}

package cost

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"

	"github.com/edenwait/edenwait"
)

// A Rate is how much of a raised limit edenwait uses and what a request costs it,
// beside a plain client: 64 goroutines and a rate.Limiter.
type Rate struct {
	Rate     int  `json:"rate"`
	Edenwait Used `json:"edenwait"` // medians
	Plain    Used `json:"plain"`
	// The ratios are edenwait's over the plain client's, medians over rounds in which
	// the two took turns. A busy machine shifts both sides of them.
	ShareRatio float64 `json:"share_ratio"`
	CPURatio   float64 `json:"cpu_ratio"`
	Rounds     int     `json:"rounds"`
}

// Used is one run at a rate.
type Used struct {
	Share float64 `json:"share"`  // of the rate
	CPU   float64 `json:"cpu_ns"` // per request, of this process, not of the server
}

const (
	workers    = 64
	rateRounds = 5
	rateFor    = 2 * time.Second // the least that a run can take
)

// MeasureRates compares the two at some raised limits over loopback. Each job has
// ended and costs one GET. It takes about a minute.
func MeasureRates(ctx context.Context, url string, progress func(what string)) (all []Rate, err error) {
	for _, limit := range []int{300, 1000, 4000} {
		progress(fmt.Sprintf("%d requests per second, beside a plain client", limit))
		var ours, plain, ratios []Used
		for range rateRounds {
			us, err := atRate(ctx, limit, url, rateEdenwait)
			if err != nil {
				return nil, err
			}
			them, err := atRate(ctx, limit, url, ratePlain)
			if err != nil {
				return nil, err
			}
			ours, plain = append(ours, us), append(plain, them)
			ratios = append(ratios, Used{us.Share / them.Share, us.CPU / them.CPU})
		}
		ratio := median(ratios)
		all = append(all, Rate{
			Rate: limit, Edenwait: median(ours), Plain: median(plain),
			ShareRatio: ratio.Share, CPURatio: ratio.CPU, Rounds: rateRounds,
		})
	}
	return all, nil
}

// median takes the median of each field.
func median(runs []Used) Used {
	var shares, cpus []float64
	for _, u := range runs {
		shares, cpus = append(shares, u.Share), append(cpus, u.CPU)
	}
	slices.Sort(shares)
	slices.Sort(cpus)
	return Used{shares[len(shares)/2], cpus[len(cpus)/2]}
}

// atRate runs one client over as many jobs as the limit allows in rateFor.
func atRate(ctx context.Context, limit int, url string, client func(ctx context.Context, limit int, url string, ids []string) error) (Used, error) {
	n := int(float64(limit) * rateFor.Seconds())
	ids := endedIDs(n)
	cpu, began := cpuTime(), time.Now()
	if err := client(ctx, limit, url, ids); err != nil {
		return Used{}, err
	}
	took := time.Since(began).Seconds()
	return Used{
		Share: float64(n-1) / took / float64(limit), // n requests have n-1 gaps
		CPU:   float64((cpuTime() - cpu).Nanoseconds()) / float64(n),
	}, nil
}

// rateEdenwait is the default Config at this Rate. Without the list, each job costs
// one GET, as with the plain client.
func rateEdenwait(ctx context.Context, limit int, url string, ids []string) error {
	waiter, err := edenwait.New(edenwait.Config{Token: token, BaseURL: url, Rate: float64(limit), DisableList: true})
	if err != nil {
		return err
	}
	_, err = waiter.WaitAll(ctx, ids)
	return err
}

func ratePlain(ctx context.Context, limit int, url string, ids []string) error {
	transport := newTransport()
	defer transport.CloseIdleConnections()
	client := &http.Client{Timeout: 30 * time.Second, Transport: transport}
	limiter := rate.NewLimiter(rate.Limit(limit), 1)
	results := make([]*byHand, len(ids))
	var next, failed atomic.Int64
	var group sync.WaitGroup
	for range workers {
		group.Go(func() {
			for i := next.Add(1) - 1; i < int64(len(ids)); i = next.Add(1) - 1 {
				err := limiter.Wait(ctx)
				if err == nil {
					results[i], err = getByHand(ctx, client, url, ids[i])
				}
				if err != nil {
					failed.Add(1)
				}
			}
		})
	}
	group.Wait()
	if failed.Load() > 0 {
		return fmt.Errorf("cost: the plain client failed %d of %d times", failed.Load(), len(ids))
	}
	return nil
}

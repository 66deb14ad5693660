package rival

import (
	"context"
	"net/http"
	"path"

	assemblyai "github.com/AssemblyAI/assemblyai-go-sdk"
)

const assemblyModule = "github.com/AssemblyAI/assemblyai-go-sdk"

var assembly = Rival{
	Name:   "assemblyai-go",
	Module: assemblyModule,
	How:    "`Transcripts.Wait` (3 s × 1.5ⁿ up to 60 s, ± 50 %) in a goroutine a job; around it `backoff.Retry`.",
	PerJob: true,
	Hungry: true,
	Wait: func(ctx context.Context, s Service, ids []string) int {
		client := assemblyClient(s)
		return each(ids, 0, func(id string) error {
			return insist(ctx, func() error {
				_, err := client.Transcripts.Wait(ctx, id)
				return err
			})
		})
	},
}

var assemblyBare = Rival{
	Name:   "assemblyai-go, bare",
	Module: assemblyModule,
	How:    "The same without `backoff.Retry`: an error ends the wait for that job.",
	Bare:   true,
	PerJob: true,
	Wait: func(ctx context.Context, s Service, ids []string) int {
		client := assemblyClient(s)
		return each(ids, 0, func(id string) error {
			_, err := client.Transcripts.Wait(ctx, id)
			return err
		})
	},
}

func assemblyClient(s Service) *assemblyai.Client {
	http := s.translated(
		func(req *http.Request) string { return path.Base(req.URL.Path) },
		func(j job) any {
			status := map[string]string{"success": "completed", "fail": "error"}[j.Status]
			if status == "" {
				status = "processing"
			}
			return map[string]any{"id": j.ID, "status": status}
		})
	return assemblyai.NewClientWithOptions(assemblyai.WithAPIKey(s.Token), assemblyai.WithHTTPClient(http))
}

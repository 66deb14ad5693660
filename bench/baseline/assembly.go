package baseline

import (
	"context"
	"net/http"
	"path"

	assemblyai "github.com/AssemblyAI/assemblyai-go-sdk"
)

const assemblyModule = "github.com/AssemblyAI/assemblyai-go-sdk"

const assemblyDocs = "constants of the SDK, which AssemblyAI [discontinued](https://github.com/AssemblyAI/assemblyai-go-sdk) in April 2025"

var assembly = Baseline{
	Name:     "assemblyai-go",
	Module:   assemblyModule,
	How:      "`Transcripts.Wait` (3 s × 1.5ⁿ up to 60 s, ± 50 %) in a goroutine per job. Around it `backoff.Retry`.",
	Settings: assemblyDocs,
	PerJob:   true,
	Hungry:   true,
	Open:     func(_ context.Context, s Service) Wait { return insisting(s.transcript()) },
}

var assemblyAsItComes = Baseline{
	Name:      "assemblyai-go, as it comes",
	Module:    assemblyModule,
	How:       "The same without `backoff.Retry`: an error ends the wait for that job.",
	Settings:  assemblyDocs,
	AsItComes: true,
	PerJob:    true,
	Open:      func(_ context.Context, s Service) Wait { return s.transcript() },
}

func (s Service) transcript() Wait {
	client := assemblyClient(s)
	return func(ctx context.Context, id string) error {
		_, err := client.Transcripts.Wait(ctx, id)
		return err
	}
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

package edentest

import (
	"math/rand/v2"
	"slices"
	"strings"
)

// A service is one way to have a job done: who does it, and what comes out.
type service struct {
	feature, subfeature, provider, model string
	head, tail                           string // of an output, around its text
}

// services are the async features of the API, with providers that do them. The
// first is what a Script defaults to.
var services = []service{
	{"audio", "speech_to_text_async", "deepgram", "", `{"text":"`, `","diarization":{"total_speakers":1,"entries":[]}}`},
	{"audio", "speech_to_text_async", "deepgram", "nova-3", `{"text":"`, `","diarization":{"total_speakers":1,"entries":[]}}`},
	{"audio", "speech_to_text_async", "assembly", "", `{"text":"`, `","diarization":{"total_speakers":2,"entries":[]}}`},
	{"audio", "speech_to_text_async", "openai", "whisper-1", `{"text":"`, `","diarization":{"total_speakers":0,"entries":[]}}`},
	{"ocr", "ocr_async", "amazon", "", `{"raw_text":"`, `","number_of_pages":1}`},
	{"ocr", "ocr_async", "mistral", "", `{"raw_text":"`, `","number_of_pages":2}`},
	{"ocr", "ocr_tables_async", "google", "", `{"pages":[{"tables":[{"rows":[{"cells":[{"text":"`, `"}]}]}]}]}`},
	{"video", "generation_async", "minimax", "", `{"video_resource_url":"https://files.example/v.mp4","caption":"`, `"}`},
	{"video", "deepfake_detection_async", "sensity", "", `{"deepfake_score":0.07,"explanation":"`, `"}`},
	{"web", "crawl_async", "firecrawl", "", `{"pages":[{"url":"https://site.example/","markdown":"`, `"}]}`},
	{"web", "batch_scrape_async", "firecrawl", "", `{"results":[{"url":"https://site.example/","markdown":"`, `"}]}`},
	{"web", "research_async", "tavily", "", `{"sources":[],"report":"`, `"}`},
	{"web", "structured_extraction_async", "firecrawl", "", `{"data":{"summary":"`, `"}}`},
}

// failures are the shapes in which providers' errors arrive.
var failures = []string{
	`{"message":"The provider could not read the file","error_code":"PROVIDER_ERROR"}`,
	`{"message":"Provider timed out"}`,
	`"Unsupported media"`,
}

// serviceFor returns the index of the first service for feature/subfeature, or
// -1 if that is not an async feature.
func serviceFor(feature, subfeature string) int {
	return slices.IndexFunc(services, func(s service) bool {
		return s.feature == feature && s.subfeature == subfeature
	})
}

var words = strings.Fields(`the work was done while nobody watched and every page of it
	reads as it was meant to read one line after another until the last`)

// appendOutput writes an output of about size bytes. A large one repeats itself:
// what counts is its size, and drawing megabytes of words would be slow.
func (s service) appendOutput(b []byte, rng *rand.Rand, size int) []byte {
	b = append(b, s.head...)
	start := len(b)
	for range 8 {
		b = append(b, words[rng.IntN(len(words))]...)
		b = append(b, ' ')
	}
	phrase := string(b[start:])
	for len(b)-start < size {
		b = append(b, phrase...)
	}
	b = b[:len(b)-1]
	return append(b, s.tail...)
}

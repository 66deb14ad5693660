package bar

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/mattn/go-runewidth"

	"github.com/edenwait/edenwait"
)

var silent = edenwait.Progress{
	Total: 300, Succeeded: 130, Waiting: 170, Requests: 203, Rate: 0.1, TimeLeft: 83 * time.Second, Stalled: 83 * time.Second,
}

var halfway = edenwait.Progress{
	Total: 300, Succeeded: 130, Failed: 15, Errored: 5, Waiting: 150, Requests: 203, Rate: 9.96,
	TimeLeft: 83 * time.Second,
}

func TestLayout(t *testing.T) {
	for _, test := range []struct {
		name  string
		p     edenwait.Progress
		width int
		gauge int
		want  string
	}{
		{"", halfway, 120, 30, " 50%  130 succeeded   20 failed  150 waiting  203 requests   10/s  1m23s left"},
		{"", halfway, 100, 21, " 50%  130 succeeded   20 failed  150 waiting  203 requests   10/s  1m23s left"},
		{"", halfway, 84, 5, " 50%  130 succeeded   20 failed  150 waiting  203 requests   10/s  1m23s left"},
		{"", halfway, 77, 5, " 50%  130 succeeded   20 failed  150 waiting  203 requests  1m23s left"},
		{"", halfway, 65, 7, " 50%  130 succeeded   20 failed  150 waiting  1m23s left"},
		{"", halfway, 53, 7, " 50%  130 succeeded   20 failed  150 waiting"},
		{"", halfway, 45, 0, " 50%  130 succeeded   20 failed  150 waiting"},
		{"", halfway, 35, 0, " 50%  130 succeeded   20 failed"},
		{"", halfway, 20, 0, " 50%   20 failed"},
		{"", edenwait.Progress{Total: 300, Succeeded: 130, Waiting: 170}, 20, 0, " 43%  130 succeeded"},
		{"", halfway, 10, 0, " 50%"},
		{"", halfway, 3, 0, " 50"},
		{"", halfway, 0, 0, ""},
		{"", halfway, -1, 0, ""},
		{"usual loop", halfway, 100, 8, "usual loop " + " 50%  130 succeeded   20 failed  150 waiting   203 requests    10/s  1m23s left"},
		{"", silent, 100, 12, " 43%  130 succeeded    0 failed  170 waiting  203 requests  0.1/s  no answer for 1m23s"},
		{"", silent, 60, 0, " 43%  130 succeeded    0 failed  no answer for 1m23s"},
		{"", edenwait.Progress{}, 100, 29, "  0%  0 succeeded  0 failed  0 waiting  0 requests  0.0/s            "},
		{"", edenwait.Progress{Total: 2, Succeeded: 2, Rate: 2500}, 100, 28, "100%  2 succeeded  0 failed  0 waiting  0 requests  2500/s            "},
	} {
		gauge, texts := layout(test.name, test.p, test.width, Style{})
		got := strings.Join(texts, "")
		if gauge > 0 {
			got = texts[0] + strings.TrimPrefix(strings.Join(texts[1:], ""), "  ")
		}
		if gauge != test.gauge || got != test.want {
			t.Errorf("%d columns:\ngot  %d %q\nwant %d %q", test.width, gauge, got, test.gauge, test.want)
		}
	}
}

// TestLayoutFits: at every width, with names and numbers of every length.
func TestLayoutFits(t *testing.T) {
	for _, name := range []string{"", "edenwait", "日本語"} {
		for _, p := range []edenwait.Progress{{}, halfway, silent, {Total: 1_000_000, Succeeded: 400_000, Failed: 99_999, Waiting: 500_001, Requests: 1_234_567, Rate: 1234.5, TimeLeft: 100 * time.Hour}} {
			for width := range 200 {
				gauge, texts := layout(name, p, width, Style{})
				if used := gauge + runewidth.StringWidth(strings.Join(texts, "")); used > width {
					t.Fatalf("%d columns of %d: %q", used, width, texts)
				}
			}
		}
	}
}

func TestStyleOf(t *testing.T) {
	for _, test := range []struct {
		env  map[string]string
		want Style
	}{
		{map[string]string{"LANG": "de_DE.UTF-8", "TERM": "dumb"}, Style{}},
		{map[string]string{"LANG": "de_DE.UTF-8", "TERM": ""}, Style{Color: os.PathSeparator != '/'}},
		{map[string]string{"LANG": "de_DE.UTF-8"}, Style{Color: true}},
		{map[string]string{"LC_ALL": "C.utf8", "LANG": "C"}, Style{Color: true}},
		{map[string]string{"LC_ALL": "C", "LANG": "en_US.UTF-8"}, Style{Color: true, ASCII: true}},
		{map[string]string{"LC_CTYPE": "en_US.UTF-8", "LANG": "C"}, Style{Color: true}},
		{map[string]string{"LANG": "en_US.UTF-8", "NO_COLOR": "1"}, Style{}},
		{map[string]string{"LANG": "en_US.UTF-8", "NO_COLOR": ""}, Style{Color: true}},
		{map[string]string{}, Style{Color: true, ASCII: true}},
	} {
		getenv := func(name string) string {
			if value, ok := test.env[name]; ok || name != "TERM" {
				return value
			}
			return "xterm"
		}
		if got := StyleOf(getenv); got != test.want {
			t.Errorf("%v: %+v, want %+v", test.env, got, test.want)
		}
	}
}

func TestShort(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0s", 1400 * time.Millisecond: "1s", 59600 * time.Millisecond: "1m00s", 83 * time.Second: "1m23s",
		time.Hour: "1h00m", 25*time.Hour + 5*time.Minute: "25h05m",
	} {
		if got := Short(d); got != want {
			t.Errorf("%v is %s, want %s", d, got, want)
		}
	}
}

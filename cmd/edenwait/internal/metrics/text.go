package metrics

import (
	"strconv"
	"strings"
)

// ContentType is the media type of the text. Prometheus since 3.0 refuses text without one.
const ContentType = "text/plain; version=0.0.4; charset=utf-8"

// text is written in the format 0.0.4.
type text struct{ strings.Builder }

var (
	escapeHelp  = strings.NewReplacer(`\`, `\\`, "\n", `\n`)
	escapeValue = strings.NewReplacer(`\`, `\\`, "\n", `\n`, `"`, `\"`)
)

func (t *text) head(name, kind, help string) {
	t.line("# HELP ", name, " ", escapeHelp.Replace(help))
	t.line("# TYPE ", name, " ", kind)
}

func (t *text) line(parts ...string) {
	for _, part := range parts {
		t.WriteString(part)
	}
	t.WriteByte('\n')
}

// sample writes a value. Labels without a value are left out: that is the same to
// Prometheus.
func (t *text) sample(name string, value float64, labels ...label) {
	t.WriteString(name)
	before := "{"
	for _, l := range labels {
		if l.value == "" {
			continue
		}
		t.WriteString(before + l.name + `="`)
		_, _ = escapeValue.WriteString(t, l.value)
		t.WriteByte('"')
		before = ","
	}
	if before == "," {
		t.WriteByte('}')
	}
	t.line(" ", number(value))
}

func number(value float64) string { return strconv.FormatFloat(value, 'g', -1, 64) }

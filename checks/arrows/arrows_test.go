package main

import (
	"reflect"
	"strings"
	"testing"
)

const testdata = "github.com/edenwait/edenwait/checks/arrows/testdata/"

func TestRun(t *testing.T) {
	methods := `methods: circle of 3 files: first.go second.go third.go`
	calls := `
  first.go -> second.go: machine.second (4)
  second.go -> third.go: machine.third (5 7)
  third.go -> first.go: machine.first (5)
`
	functions := `two: circle of 3 files: again.go call.go each.go`
	two := functions + `
  again.go -> call.go: call (7)
  call.go -> each.go: visit (4)
  each.go -> again.go: again (9 14)
two: circle of 2 files: generic.go shrink.go
  generic.go -> shrink.go: Stack.shrink (11)
  shrink.go -> generic.go: Stack.Push (6)
`
	for _, test := range []struct {
		name, args string
		status     int
		stdout     string // without the path of testdata
		stderr     string // a part of it
	}{
		{"no circle", "./testdata/chain", 0, "packages: 1, files: 3\n", ""},
		{"methods of one type", "./testdata/methods", 1, methods + calls, ""},
		{"two circles, of functions and of generic methods", "./testdata/two", 1, two, ""},
		{
			"two that are allowed", "-allow PATH/two=3 ./testdata/two", 0, functions + ` (3 are allowed)
two: circle of 2 files: generic.go shrink.go (3 are allowed)
packages: 1, files: 5
`, "",
		},
		{"several packages", "./testdata/chain ./testdata/methods", 1, methods + calls, ""},
		{"allowed", "-allow PATH/methods=3 ./testdata/methods", 0, methods + " (3 are allowed)\npackages: 1, files: 4\n", ""},
		{"a larger one than allowed", "-allow PATH/methods=2 ./testdata/methods", 1, methods + calls, ""},
		{
			"a smaller one than allowed", "-allow PATH/methods=4 ./testdata/methods", 0, methods + ` (4 are allowed)
methods: circles of 4 files are allowed, and the largest has 3
packages: 1, files: 4
`, "",
		},
		{
			"allowed elsewhere", "-allow PATH/chain=3 ./testdata/chain ./testdata/methods", 1, methods + calls +
				"chain: circles of 3 files are allowed, and the largest has 0\n", "",
		},
		{"no compilation", "./testdata/broken", 2, "", "undefined: missing"},
		{"no such package", "./testdata/none", 2, "", "none"},
		{"no packages there", "./testdata/...x", 2, "", "no packages match ./testdata/...x"},
		{"none named", "", 2, "", "no packages named"},
		{"no size", "-allow PATH/methods ./testdata/methods", 2, "", "want package=size"},
		{"a size that is no circle", "-allow PATH/methods=1 ./testdata/methods", 2, "", "want package=size"},
		{"no package", "-allow =2 ./testdata/methods", 2, "", "want package=size"},
	} {
		t.Run(test.name, func(t *testing.T) {
			var stdout, stderr strings.Builder
			args := strings.Fields(strings.ReplaceAll(test.args, "PATH/", testdata))
			status := run(args, &stdout, &stderr)
			got := strings.ReplaceAll(stdout.String(), testdata, "")
			if status != test.status || got != test.stdout {
				t.Errorf("status %d, stdout:\n%s\nwant %d:\n%s", status, got, test.status, test.stdout)
			}
			if !strings.Contains(stderr.String(), test.stderr) || (test.stderr == "") != (stderr.Len() == 0) {
				t.Errorf("stderr: %q, want %q", stderr.String(), test.stderr)
			}
		})
	}
}

func TestCircles(t *testing.T) {
	for arrows, want := range map[string][][]string{
		"":                        nil,
		"a>b":                     nil,
		"a>b b>c a>c":             nil,
		"a>b b>a":                 {{"a", "b"}},
		"a>b b>c c>a":             {{"a", "b", "c"}},
		"a>b b>a b>c":             {{"a", "b"}},                     // c is only called
		"x>a a>b b>a":             {{"a", "b"}},                     // x only calls
		"a>b b>a b>c c>b":         {{"a", "b", "c"}},                // they share b
		"a>b b>a b>c c>d d>c":     {{"a", "b"}, {"c", "d"}},         // an arrow between them leads back nowhere
		"a>b b>a b>c c>d d>c d>a": {{"a", "b", "c", "d"}},           // and here it does
		"a>b b>c c>d d>b c>e e>a": {{"a", "b", "c", "d", "e"}},      // a circle within a circle
		"z>y y>z c>b b>a a>c":     {{"a", "b", "c"}, {"y", "z"}},    // in order of names
		"a>b a>c b>d c>d d>e e>f": nil,                              // two ways to one file
		"a>b b>c c>d d>e e>f f>b": {{"b", "c", "d", "e", "f"}},      // a leads in only
		"a>b c>d d>c c>a d>b":     {{"c", "d"}},                     // the later ones
		"f>e e>d d>c c>b b>a a>f": {{"a", "b", "c", "d", "e", "f"}}, // all
	} {
		g := graph{}
		for arrow := range strings.FieldsSeq(arrows) {
			from, to, _ := strings.Cut(arrow, ">")
			g.add(from, to, "f", 1)
		}
		if got := g.circles(); !reflect.DeepEqual(got, want) {
			t.Errorf("%q: %v, want %v", arrows, got, want)
		}
	}
}

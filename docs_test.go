package edenwait_test

import (
	"go/doc"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode"
)

// The pages must match the repository: a test that is named must
// exist, a link must lead somewhere, and Go code must be code that compiles.

// repository returns the files with that ending, by slashed path. It skips the
// test where there is no whole repository, as in the module cache, which has
// this module's files only.
func repository(t *testing.T, ending string) map[string]string {
	t.Helper()
	if _, err := os.Stat("bench/go.mod"); err != nil {
		t.Skip("not the whole repository: ", err)
	}
	files := map[string]string{}
	err := filepath.WalkDir(".", func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir():
			if name := entry.Name(); name == "testdata" || len(name) > 1 && name[0] == '.' {
				return filepath.SkipDir
			}
		case strings.HasSuffix(path, ending):
			text, err := os.ReadFile(path)
			files[filepath.ToSlash(path)] = strings.ReplaceAll(string(text), "\r\n", "\n")
			return err
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// userPages are the pages for readers: README.md, CONTRIBUTING.md and docs/*.md.
func userPages(t *testing.T) map[string]string {
	t.Helper()
	pages := repository(t, ".md")
	for name := range pages {
		if name != "README.md" && name != "CONTRIBUTING.md" && path.Dir(name) != "docs" {
			delete(pages, name)
		}
	}
	return pages
}

// block is a fenced block of a page.
type block struct {
	language string
	lines    []string
	line     int // of the page
}

// split takes the fenced blocks out of a page.
func split(page string) (prose string, blocks []block) {
	var b *block
	var text strings.Builder
	for i, line := range strings.Split(page, "\n") {
		fence, isFence := strings.CutPrefix(strings.TrimSpace(line), "```")
		switch {
		case isFence && b == nil:
			b = &block{language: fence, line: i + 1}
		case isFence:
			blocks, b = append(blocks, *b), nil
		case b != nil:
			b.lines = append(b.lines, line)
		default:
			text.WriteString(line)
		}
		text.WriteByte('\n') // so that what is left keeps its line
	}
	return text.String(), blocks
}

var (
	testName   = regexp.MustCompile(`\b(?:Test|Fuzz|Benchmark|Example)[A-Z]\w*`)
	linkedTest = regexp.MustCompile("\\[`(\\w+)`\\]\\(([^)#]+_test\\.go)\\)")
	// ownFlag is a go test command whose packages come after a flag of a test's own. The go
	// command passes such packages to the test, and runs the tests of this directory.
	ownFlag = regexp.MustCompile("go test [^`\n]*-(?:update|draw|full|render|soak\\.\\w+)\\S* \\./\\w")
)

// TestDocsNameTests: a test that a page names is in the file that it links to,
// and one that it names without a link is somewhere.
func TestDocsNameTests(t *testing.T) {
	tests := repository(t, "_test.go")
	everywhere := strings.Builder{}
	for _, text := range tests {
		everywhere.WriteString(text)
	}
	for name, page := range userPages(t) {
		for _, link := range linkedTest.FindAllStringSubmatch(page, -1) {
			file := path.Join(path.Dir(name), link[2])
			if !strings.Contains(tests[file], "\nfunc "+link[1]+"(") {
				t.Errorf("%s: there is no %s in %s", name, link[1], file)
			}
		}
		for _, test := range testName.FindAllString(page, -1) {
			if !strings.Contains(everywhere.String(), "\nfunc "+test+"(") {
				t.Errorf("%s: there is no %s", name, test)
			}
		}
		if command := ownFlag.FindString(page); command != "" {
			t.Errorf("%s: the packages come too late in %s", name, command)
		}
	}
}

var (
	link     = regexp.MustCompile(`\]\(([^()\s]+)\)`)
	codeSpan = regexp.MustCompile("`[^`]*`")
)

// TestDocsLinks: a relative link of any page leads to a file, and to a heading
// of it where it says so; the index of docs has every page of it.
func TestDocsLinks(t *testing.T) {
	pages := repository(t, ".md")
	indexed := map[string]bool{"docs/README.md": true}
	for name, page := range pages {
		prose, _ := split(page)
		for i, line := range strings.Split(prose, "\n") {
			for _, found := range link.FindAllStringSubmatch(codeSpan.ReplaceAllString(line, "code"), -1) {
				if strings.Contains(found[1], "://") {
					continue
				}
				file, anchor, _ := strings.Cut(found[1], "#")
				to := name
				if file != "" {
					to = path.Join(path.Dir(name), file)
				}
				indexed[to] = indexed[to] || name == "docs/README.md"
				if _, err := os.Stat(to); err != nil || strings.HasPrefix(to, "..") {
					t.Errorf("%s:%d: %s leads nowhere", name, i+1, found[1])
				} else if anchor != "" && !slices.Contains(anchors(pages[to]), anchor) {
					t.Errorf("%s:%d: %s has no heading #%s", name, i+1, to, anchor)
				}
			}
		}
	}
	for name := range pages {
		if path.Dir(name) == "docs" && !indexed[name] {
			t.Errorf("docs/README.md does not link to %s", name)
		}
	}
}

// anchors are what a page's headings are called in links, as GitHub makes them
// of the headings' words.
func anchors(page string) (all []string) {
	prose, _ := split(page)
	seen := map[string]int{}
	for line := range strings.Lines(prose) {
		heading, ok := strings.CutPrefix(strings.TrimLeft(line, "#"), " ")
		if !ok || line[0] != '#' {
			continue
		}
		slug := strings.Map(func(r rune) rune {
			switch {
			case r == ' ':
				return '-'
			case r == '-', r == '_', unicode.IsLetter(r), unicode.IsNumber(r):
				return unicode.ToLower(r)
			}
			return -1
		}, strings.TrimSpace(link.ReplaceAllString(heading, "")))
		if n := seen[slug]; n > 0 {
			all = append(all, slug+"-"+strconv.Itoa(n))
		} else {
			all = append(all, slug)
		}
		seen[slug]++
	}
	return all
}

// TestDocsSnippets: Go code on a page is a part of a file that is compiled, but
// for its indentation.
func TestDocsSnippets(t *testing.T) {
	var files []string
	for _, text := range repository(t, ".go") {
		files = append(files, "\n"+flush(strings.Split(text, "\n"))+"\n")
	}
	for name, page := range userPages(t) {
		_, blocks := split(page)
		for _, b := range blocks {
			want := "\n" + flush(b.lines) + "\n"
			if b.language == "go" && !slices.ContainsFunc(files, func(file string) bool { return strings.Contains(file, want) }) {
				t.Errorf("%s:%d: no Go file holds this block:%s", name, b.line, want)
			}
		}
	}
}

// flush takes the indentation away.
func flush(lines []string) string {
	flushed := make([]string, len(lines))
	for i, line := range lines {
		flushed[i] = strings.TrimSpace(line)
	}
	return strings.Join(flushed, "\n")
}

// TestDocsOutput: what the README says that its program prints is what the
// example of that program is tested to print.
func TestDocsOutput(t *testing.T) {
	_, blocks := split(userPages(t)["README.md"])
	program := slices.IndexFunc(blocks, func(b block) bool { return b.language == "go" })
	if program < 0 || len(blocks) == program+1 || blocks[program+1].language != "text" {
		t.Fatal("README.md does not begin with a program and its output")
	}
	file, err := parser.ParseFile(token.NewFileSet(), "examples/quickstart/main_test.go", nil, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	examples := doc.Examples(file)
	if len(examples) != 1 {
		t.Fatalf("%d examples of the quickstart", len(examples))
	}
	shown := strings.Join(blocks[program+1].lines, "\n")
	if printed := strings.TrimSpace(examples[0].Output); shown != printed {
		t.Errorf("README.md:%d shows\n%s\nand the program prints\n%s", blocks[program+1].line, shown, printed)
	}
}

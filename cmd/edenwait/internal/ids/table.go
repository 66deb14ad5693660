package ids

import (
	"encoding/csv"
	"slices"
	"strings"
	"unicode"
)

// cell is a piece of text and the line that it stands on.
type cell struct {
	text string
	line int
}

// table finds the ids in lines of text: one per line, or a column of a CSV file,
// whatever separates its columns. Ids are UUIDs, and that tells their column
// where no header does.
type table struct {
	started   bool   // a line with content was seen
	header    string // that line, if it names columns
	separator rune   // of the header; 0 without one
	column    int    // that has the ids, by the header; -1 if it has not told yet
	sure      bool   // a UUID stood in that column
	held      *cell  // the first line, while it may be a header in unknown words
}

// separators of columns, and what tells Excel which one it is.
const (
	columnSeparators = "\t;,|"
	separatorHint    = "sep="
)

// read finds the ids of a line. A line that names columns is a header, and has
// none.
func (t *table) read(line cell) (found []cell, header bool) {
	first := !t.started
	t.started = true
	if IsValid(line.text) && t.separator == 0 && t.held == nil {
		return []cell{line}, false
	}
	if first && strings.HasPrefix(line.text, separatorHint) && len(line.text) == len(separatorHint)+1 {
		t.started = false // the header comes after it
		return nil, true
	}
	if line.text == t.header { // again, in files that were put together
		return nil, true
	}
	cells, separator := t.split(line.text)
	has := slices.ContainsFunc(cells, IsValid)
	switch {
	case first && !has:
		if column := named(cells); column >= 0 {
			t.header, t.separator, t.column = line.text, separator, column
			return nil, true
		}
		if len(cells) > 1 {
			t.held = &line
			return nil, true
		}
	case t.held != nil && has && len(cells) > 1:
		if names, _ := t.split(t.held.text); len(names) == len(cells) {
			t.header, t.separator, t.column = t.held.text, separator, slices.IndexFunc(cells, IsValid)
			t.held = nil
		}
	}
	for _, text := range t.pick(cells, line.text) {
		found = append(found, cell{text, line.line})
	}
	return append(t.flush(), found...), false
}

// flush is the line that was held back, which is no header then.
func (t *table) flush() []cell {
	if t.held == nil {
		return nil
	}
	held := *t.held
	t.held = nil
	cells, _ := t.split(held.text)
	return []cell{{cells[0], held.line}}
}

// pick is the id of a record, or the ids of a line of ids.
func (t *table) pick(cells []string, line string) []string {
	only := func(text string) bool { return !IsValid(text) }
	if t.separator != 0 {
		column := min(t.column, len(cells)-1)
		if IsValid(cells[column]) {
			t.sure = true
		} else if others := slices.DeleteFunc(slices.Clone(cells), only); !t.sure && len(others) == 1 {
			t.column, t.sure = slices.Index(cells, others[0]), true // the name meant another kind of id
			column = t.column
		}
		return cells[column : column+1]
	}
	if !slices.ContainsFunc(cells, only) {
		return cells
	}
	if words := strings.Fields(line); len(words) > 1 && !slices.ContainsFunc(words, only) {
		return words
	}
	return []string{cells[max(0, slices.IndexFunc(cells, IsValid))]}
}

// split takes a line apart by the separator of the header, or else by the one
// that shows an id or the name of a column, or else by the first that is there.
func (t *table) split(line string) (cells []string, separator rune) {
	if t.separator != 0 {
		return split(line, t.separator), t.separator
	}
	cells = []string{trim(line)}
	for _, s := range columnSeparators {
		if !strings.ContainsRune(line, s) {
			continue
		}
		with := split(line, s)
		if slices.ContainsFunc(with, IsValid) || named(with) >= 0 {
			return with, s
		}
		if separator == 0 {
			cells, separator = with, s
		}
	}
	if separator == 0 {
		separator = ','
		if strings.HasPrefix(line, `"`) && strings.Count(line, `"`)%2 == 0 {
			cells = split(line, separator)
		}
	}
	return cells, separator
}

// split is encoding/csv for one record, with a comment at its end.
func split(line string, separator rune) []string {
	r := csv.NewReader(strings.NewReader(line))
	r.Comma, r.LazyQuotes, r.TrimLeadingSpace = separator, true, separator != '\t'
	cells, err := r.Read()
	if err != nil || len(cells) == 0 {
		cells = strings.Split(line, string(separator))
	}
	for i, c := range cells {
		cells[i] = trim(c)
	}
	return cells
}

func trim(text string) string {
	text, _, _ = strings.Cut(text, " #")
	return strings.TrimSpace(text)
}

// open reports whether a record goes on, within quotes, on the next line.
func (t *table) open(text string) bool {
	if t.separator == 0 || strings.Count(text, `"`)%2 == 0 {
		return false
	}
	return strings.HasPrefix(text, `"`) || strings.Contains(text, string(t.separator)+`"`)
}

// columnNames are what a column of ids is called, the most certain first. Of
// several the first counts, since others hold ids of other things.
var columnNames = []string{"publicid", "jobid", "jobids", "edenaiid", "uuid", "id", "ids", "job"}

// named is the column that has the ids, -1 if none is called so. Anything else at
// the head of a file is taken for a malformed id: to pass over it in silence
// could lose a job.
func named(cells []string) int {
	best, at := len(columnNames), -1
	for i, c := range cells {
		name := strings.Map(func(c rune) rune {
			if !unicode.IsLetter(c) {
				return -1
			}
			return unicode.ToLower(c)
		}, c)
		if rank := slices.Index(columnNames, name); rank >= 0 && rank < best {
			best, at = rank, i
		}
	}
	return at
}

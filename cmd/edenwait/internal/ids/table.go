package ids

import (
	"encoding/csv"
	"slices"
	"strings"
	"unicode"
)

// cell is a text and its line number.
type cell struct {
	text string
	line int
}

// table finds the ids in lines of text: one per line, or a column of a CSV file with any
// separator. If no header names the column, it is the one with UUIDs.
type table struct {
	started   bool   // a line with content was read
	header    string // the first line, if it names columns
	separator rune   // of the header; 0 without a header
	column    int    // of the ids, by the header
	sure      bool   // a UUID was found in that column
	held      *cell  // the first line, while it may be a header with unknown names
}

// columnSeparators are the possible separators. separatorHint names the one for Excel.
const (
	columnSeparators = "\t;,|"
	separatorHint    = "sep="
)

// read finds the ids of a line. A header has none.
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
	if line.text == t.header { // again, in concatenated files
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

// flush returns the line that was held back. It was not a header.
func (t *table) flush() []cell {
	if t.held == nil {
		return nil
	}
	held := *t.held
	t.held = nil
	cells, _ := t.split(held.text)
	return []cell{{cells[0], held.line}}
}

// pick returns the id of a record, or the ids of a line of ids.
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
	// A list may end in a comma, and continue on the next line.
	filled := slices.DeleteFunc(slices.Clone(cells), func(text string) bool { return text == "" })
	if len(filled) > 0 && !slices.ContainsFunc(filled, only) {
		return filled
	}
	if words := strings.Fields(line); len(words) > 1 && !slices.ContainsFunc(words, only) {
		return words
	}
	return []string{cells[max(0, slices.IndexFunc(cells, IsValid))]}
}

// split splits a line at the separator of the header. Without a header it takes the first
// separator that yields an id or a column name, or else the first one in the line.
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

// split splits one record with encoding/csv, and removes a comment at its end.
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

// open reports whether a record continues, within quotes, on the next line.
func (t *table) open(text string) bool {
	if t.separator == 0 || strings.Count(text, `"`)%2 == 0 {
		return false
	}
	return strings.HasPrefix(text, `"`) || strings.Contains(text, string(t.separator)+`"`)
}

// strict reports whether a record is valid CSV, quotes included.
func (t *table) strict(record string) bool {
	r := csv.NewReader(strings.NewReader(record))
	r.Comma, r.TrimLeadingSpace = t.separator, t.separator != '\t'
	_, err := r.Read()
	return err == nil
}

// columnNames are names of the column of ids, the most certain first. The first match
// counts, since other columns may have ids of other things.
var columnNames = []string{"publicid", "jobid", "jobids", "edenaiid", "uuid", "id", "ids", "job"}

// named returns the column with the name of a column of ids, -1 if there is none. Then the
// first line may be a malformed id, which must be reported.
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

package testbed

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"text/tabwriter"
)

// Table is shown under -v only.
type Table struct {
	t    *testing.T
	text strings.Builder
	*tabwriter.Writer
}

// NewTable begins a table with its header, whose columns are apart by tabs.
func NewTable(t *testing.T, header string) *Table {
	table := &Table{t: t}
	table.Writer = tabwriter.NewWriter(&table.text, 0, 0, 2, ' ', tabwriter.AlignRight)
	table.Row("%s", header)
	return table
}

// Row adds a row.
func (table *Table) Row(format string, args ...any) { fmt.Fprintf(table, format+"\t\n", args...) }

// Print ends the table, and shows it.
func (table *Table) Print() {
	_ = table.Flush()
	if testing.Verbose() {
		fmt.Fprint(os.Stdout, table.text.String())
	}
}

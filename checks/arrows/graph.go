package main

import (
	"fmt"
	"go/token"
	"go/types"
	"io"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/tools/go/packages"
)

// graph holds the calls between the files of a package: by calling file, called file and name of the
// function, the lines of the calls.
type graph map[string]map[string]map[string][]int

// graphOf returns the graph of a package. It holds only files with an arrow from or to them.
func graphOf(pkg *packages.Package) graph {
	g := graph{}
	place := func(pos token.Pos) (file string, line int) {
		p := pkg.Fset.PositionFor(pos, false)
		return filepath.Base(p.Filename), p.Line
	}
	for id, object := range pkg.TypesInfo.Uses {
		fn, ok := object.(*types.Func)
		if !ok || fn.Pkg() != pkg.Types {
			continue
		}
		from, line := place(id.Pos())
		if to, _ := place(fn.Pos()); to != from {
			g.add(from, to, nameOf(fn), line)
		}
	}
	return g
}

// add adds a call.
func (g graph) add(from, to, name string, line int) {
	for _, file := range []string{from, to} {
		if g[file] == nil {
			g[file] = map[string]map[string][]int{}
		}
	}
	if g[from][to] == nil {
		g[from][to] = map[string][]int{}
	}
	g[from][to][name] = append(g[from][to][name], line)
}

// circles returns the circles of the graph: the largest sets of two or more files in which each
// file leads to each other one. Files and circles are sorted by name.
func (g graph) circles() (all [][]string) {
	// Two files are in one circle if each leads to the other. Packages have a few dozen files, so this
	// is fast enough, and simpler than an algorithm that visits each arrow once.
	reach := map[string]map[string]bool{}
	for file := range g {
		reach[file] = map[string]bool{}
		g.follow(file, reach[file])
	}
	done := map[string]bool{}
	for _, file := range slices.Sorted(maps.Keys(g)) {
		if done[file] || !reach[file][file] {
			continue
		}
		var circle []string
		for other := range reach[file] {
			if reach[other][file] {
				circle = append(circle, other)
				done[other] = true
			}
		}
		slices.Sort(circle)
		all = append(all, circle)
	}
	return all
}

// follow adds to reached the files that file leads to. File itself is among them if it is in a circle.
func (g graph) follow(file string, reached map[string]bool) {
	for next := range g[file] {
		if !reached[next] {
			reached[next] = true
			g.follow(next, reached)
		}
	}
}

// print lists the calls that make a circle, a line per pair of files.
func (g graph) print(w io.Writer, circle []string) {
	for _, from := range circle {
		for _, to := range circle {
			var calls []string
			for _, name := range slices.Sorted(maps.Keys(g[from][to])) {
				calls = append(calls, name+" ("+numbers(g[from][to][name])+")")
			}
			if len(calls) > 0 {
				fmt.Fprintf(w, "  %s -> %s: %s\n", from, to, strings.Join(calls, ", "))
			}
		}
	}
}

// numbers joins the lines of calls, such as "12 40", each once and in order.
func numbers(lines []int) string {
	lines = slices.Clone(lines)
	slices.Sort(lines)
	return strings.Trim(fmt.Sprint(slices.Compact(lines)), "[]")
}

// nameOf returns the name of a function, or of a method with its type: "parse", "Schedule.Next".
func nameOf(fn *types.Func) string {
	recv := fn.Signature().Recv()
	if recv == nil {
		return fn.Name()
	}
	t := recv.Type()
	if p, ok := types.Unalias(t).(*types.Pointer); ok {
		t = p.Elem()
	}
	if named, ok := types.Unalias(t).(*types.Named); ok {
		return named.Obj().Name() + "." + fn.Name()
	}
	return fn.Name() // of an interface without a name
}

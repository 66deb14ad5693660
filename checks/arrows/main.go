// Command arrows fails if files of one package call each other in a circle.
//
//	go run ./checks/arrows [-allow package=size]... packages
//
// A file outside circles can be read after the files that it calls, and a change to it concerns only
// the files that call it. The compiler rules out only circles of packages.
//
// An arrow leads from a file to another file of the same package whose function or method it
// mentions. Passing a function counts as a call, because it is usually called. Calls through a
// variable or a field are not followed, and a call through an interface leads to the file that
// declares the interface. Test files, and files that the current platform leaves out, are not read.
//
// With -allow, circles of up to size files are tolerated in that package, and reported in one line.
//
// The exit status is 1 if a circle is too large, and 2 if the packages cannot be read.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"

	"golang.org/x/tools/go/packages"
)

func main() {
	os.Exit(run(os.Args[1:], os.Stdout, os.Stderr))
}

// run is the command without the process. It returns the exit status.
func run(args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("arrows", flag.ContinueOnError)
	flags.SetOutput(stderr)
	allowed := limits{}
	flags.Var(allowed, "allow", "tolerate circles of up to size files: `package=size`")
	if err := flags.Parse(args); err != nil {
		return 2
	}
	loaded, err := load(flags.Args())
	if err != nil {
		fmt.Fprintln(stderr, "arrows:", err)
		return 2
	}
	failed, files, largest := false, 0, limits{}
	for _, pkg := range loaded {
		g := graphOf(pkg)
		files += len(pkg.Syntax)
		for _, circle := range g.circles() {
			largest[pkg.PkgPath] = max(largest[pkg.PkgPath], len(circle))
			fmt.Fprintf(stdout, "%s: circle of %d files: %s", pkg.PkgPath, len(circle), strings.Join(circle, " "))
			if limit := allowed[pkg.PkgPath]; len(circle) <= limit {
				fmt.Fprintf(stdout, " (%d are allowed)\n", limit)
				continue
			}
			fmt.Fprintln(stdout)
			g.print(stdout, circle)
			failed = true
		}
	}
	// This is not a failure, so that a change that removes a circle need not edit the exceptions too.
	for _, name := range slices.Sorted(maps.Keys(allowed)) {
		if allowed[name] > largest[name] {
			fmt.Fprintf(stdout, "%s: circles of %d files are allowed, and the largest has %d\n", name, allowed[name], largest[name])
		}
	}
	if failed {
		return 1
	}
	fmt.Fprintf(stdout, "packages: %d, files: %d\n", len(loaded), files)
	return 0
}

// load type-checks the packages without their tests. It fails if there are none: a mistyped pattern
// would otherwise pass forever.
func load(patterns []string) ([]*packages.Package, error) {
	if len(patterns) == 0 {
		return nil, errors.New("no packages named")
	}
	loaded, err := packages.Load(&packages.Config{Mode: packages.LoadSyntax}, patterns...)
	if err != nil {
		return nil, err
	}
	if len(loaded) == 0 {
		return nil, fmt.Errorf("no packages match %s", strings.Join(patterns, " "))
	}
	var errs []error
	for _, pkg := range loaded {
		for _, err := range pkg.Errors {
			errs = append(errs, err)
		}
	}
	return loaded, errors.Join(errs...)
}

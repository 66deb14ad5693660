package edenwait_test

import (
	"bytes"
	"flag"
	"go/ast"
	"go/format"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the listings instead of comparing with them")

// TestSurface compares what the packages export with the listings beside it, so
// that a change of what other people's code is compiled against is seen where it
// is reviewed. To write them anew:
//
//	go test -run TestSurface -update .
func TestSurface(t *testing.T) {
	for _, dir := range []string{".", "edentest", "webhook"} {
		got, listing := surface(t, dir), filepath.Join("testdata", "surface", filepath.Base(dir)+".txt")
		if dir == "." {
			listing = filepath.Join("testdata", "surface", "edenwait.txt")
		}
		if *update {
			if err := os.WriteFile(listing, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		want, err := os.ReadFile(listing)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(got) {
			if !strings.Contains(string(want), line) {
				t.Errorf("%s: new or changed: %s", dir, line)
			}
		}
		for line := range strings.Lines(string(want)) {
			if !strings.Contains(got, line) {
				t.Errorf("%s: gone or changed: %s", dir, line)
			}
		}
		if got != string(want) && !t.Failed() {
			t.Errorf("%s: the listing is in another order or has other repetitions", dir)
		}
	}
	if t.Failed() {
		t.Log("is it meant? Then tell of it in CHANGELOG.md, and: go test -run TestSurface -update .")
	}
}

// surface is every exported declaration of the package in dir without comments
// and bodies, sorted.
func surface(t *testing.T, dir string) string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	var decls []string
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		ast.FileExports(file)
		for _, decl := range file.Decls {
			decls = append(decls, declarations(t, decl)...)
		}
	}
	slices.Sort(decls)
	return strings.Join(decls, "")
}

// declarations are those of one group, each on its own: which group it stands in
// is no part of the surface.
func declarations(t *testing.T, decl ast.Decl) (texts []string) {
	switch decl := decl.(type) {
	case *ast.FuncDecl:
		if decl.Recv != nil && !ast.IsExported(receiver(decl)) {
			return nil
		}
		decl.Body = nil
		texts = append(texts, source(t, decl))
	case *ast.GenDecl:
		if decl.Tok == token.IMPORT {
			return nil
		}
		for _, spec := range decl.Specs {
			if value, ok := spec.(*ast.ValueSpec); ok && decl.Tok == token.VAR {
				value.Values = nil // of a constant it is a promise, of a variable it is not
			}
			texts = append(texts, source(t, &ast.GenDecl{Tok: decl.Tok, Specs: []ast.Spec{spec}}))
		}
	}
	return texts
}

func receiver(method *ast.FuncDecl) string {
	of := method.Recv.List[0].Type
	if pointer, ok := of.(*ast.StarExpr); ok {
		of = pointer.X
	}
	return of.(*ast.Ident).Name
}

// source prints a node that was parsed without comments. Positions of its own
// would keep the blank lines where comments stood.
func source(t *testing.T, node ast.Node) string {
	t.Helper()
	ast.Inspect(node, func(n ast.Node) bool {
		if s, ok := n.(*ast.StructType); ok {
			s.Incomplete = false // or it is printed with a comment, in an odd place
		}
		return true
	})
	var b bytes.Buffer
	if err := format.Node(&b, token.NewFileSet(), node); err != nil {
		t.Fatal(err)
	}
	return b.String() + "\n"
}

package corosync_test

import (
	"go/ast"
	"go/doc"
	"go/parser"
	"go/token"
	"os"
	"strings"
	"testing"
)

// TestDocumented: every exported name says what it is, and every exported type
// has an example.
func TestDocumented(t *testing.T) {
	set := token.NewFileSet()
	entries, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	var files []*ast.File
	examples := make(map[string]bool)
	for _, e := range entries {
		if !strings.HasSuffix(e.Name(), ".go") {
			continue
		}
		f, err := parser.ParseFile(set, e.Name(), nil, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasSuffix(e.Name(), "_test.go") {
			files = append(files, f)
			continue
		}
		for _, ex := range doc.Examples(f) {
			if ex.Output != "" || ex.EmptyOutput {
				examples[ex.Name] = true
			}
		}
	}
	pkg, err := doc.NewFromFiles(set, files, "github.com/gocorosync/gocorosync/corosync")
	if err != nil {
		t.Fatal(err)
	}
	said := func(name, text string) {
		if strings.TrimSpace(text) == "" {
			t.Errorf("%s says nothing", name)
		}
	}
	said("the package", pkg.Doc)
	values := func(list []*doc.Value) {
		for _, v := range list {
			for _, spec := range v.Decl.Specs {
				s := spec.(*ast.ValueSpec)
				said(s.Names[0].Name, v.Doc+s.Doc.Text()+s.Comment.Text())
			}
		}
	}
	funcs := func(of string, list []*doc.Func) {
		for _, f := range list {
			said(of+f.Name, f.Doc)
		}
	}
	values(pkg.Consts)
	values(pkg.Vars)
	funcs("", pkg.Funcs)
	for _, typ := range pkg.Types {
		said(typ.Name, typ.Doc)
		if !examples[typ.Name] {
			t.Errorf("%s has no example that runs", typ.Name)
		}
		values(typ.Consts)
		values(typ.Vars)
		funcs("", typ.Funcs)
		funcs(typ.Name+".", typ.Methods)
		s, ok := typ.Decl.Specs[0].(*ast.TypeSpec).Type.(*ast.StructType)
		if !ok {
			continue
		}
		before := "" // fields of one kind share a comment
		for _, field := range s.Fields.List {
			text := field.Doc.Text() + field.Comment.Text()
			if text == "" {
				text = before
			}
			for _, n := range field.Names {
				if n.IsExported() && typ.Name != "Change" && typ.Name != "Member" { // whose own words say it
					said(typ.Name+"."+n.Name, text)
				}
			}
			before = text
		}
	}
}

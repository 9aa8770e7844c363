package gocorosync_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// TestTextsAreForPeople: no code decides by the text of a log's record or of an
// error. What a record is about is a type or a constant in its attributes
// (totem.Note, fault.Invariant), what an error is of is its type. A literal of
// several words that is compared with something is such a text, too.
func TestTextsAreForPeople(t *testing.T) {
	files := 0
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == "testdata" || path != "." && strings.HasPrefix(d.Name(), ".")):
			return filepath.SkipDir
		case d.IsDir() || filepath.Ext(path) != ".go" || strings.HasSuffix(path, "_test.go"):
			return nil
		}
		set := token.NewFileSet()
		f, err := parser.ParseFile(set, path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		files++
		ast.Inspect(f, func(n ast.Node) bool {
			for _, e := range decides(n) {
				if isText(e) || isProse(e) && !reads[filepath.ToSlash(path)] {
					t.Errorf("%v decides by a text", set.Position(e.Pos()))
				}
			}
			return true
		})
		return nil
	})
	if err != nil || files < 300 {
		t.Fatal(files, err)
	}
}

// reads are the files that read what is for people: pcs does that to crm_mon's
// status, and so does ours.
var reads = map[string]bool{"tool/pcs/status.go": true, "tool/pcs/show.go": true}

// prose is two words with a blank between.
var prose = regexp.MustCompile(`^[A-Za-z'-]+ [A-Za-z'-]+`)

// isProse tells whether an expression is a literal of several words.
func isProse(e ast.Expr) bool {
	lit, ok := e.(*ast.BasicLit)
	if !ok || lit.Kind != token.STRING {
		return false
	}
	text, err := strconv.Unquote(lit.Value)
	return err == nil && prose.MatchString(text)
}

// searches are the functions of package strings that say what is in a text.
var searches = map[string]bool{"Compare": true, "Contains": true, "Cut": true, "CutPrefix": true, "CutSuffix": true, "EqualFold": true,
	"HasPrefix": true, "HasSuffix": true, "Index": true, "LastIndex": true}

// decides returns what a node compares or takes apart.
func decides(n ast.Node) []ast.Expr {
	switch n := n.(type) {
	case *ast.SwitchStmt:
		return []ast.Expr{n.Tag}
	case *ast.CaseClause: // of a value: that of a type has no literals
		return slices.DeleteFunc(slices.Clone(n.List), func(e ast.Expr) bool { _, ok := e.(*ast.BasicLit); return !ok })
	case *ast.BinaryExpr:
		if n.Op == token.EQL || n.Op == token.NEQ {
			return []ast.Expr{n.X, n.Y}
		}
	case *ast.IndexExpr:
		return []ast.Expr{n.Index}
	case *ast.CallExpr:
		if f, ok := n.Fun.(*ast.SelectorExpr); ok {
			if pkg, ok := f.X.(*ast.Ident); ok && pkg.Name == "strings" && searches[f.Sel.Name] {
				return n.Args
			}
		}
	}
	return nil
}

// isText tells whether an expression is the text of a slog.Record or of an error.
func isText(e ast.Expr) bool {
	switch e := e.(type) {
	case *ast.SelectorExpr:
		return e.Sel.Name == "Message"
	case *ast.CallExpr:
		f, ok := e.Fun.(*ast.SelectorExpr)
		return ok && f.Sel.Name == "Error" && len(e.Args) == 0
	}
	return false
}

package gocorosync_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	// heading is the number of a section, as a heading or in bold; row is the name
	// of a row in fault-matrix.md.
	heading = regexp.MustCompile(`(?m)^#{2,5} (\d+(?:\.\d+)*)\b|\*\*(\d+(?:\.\d+)+)\b`)
	row     = regexp.MustCompile(`(?m)^\| ([TIV]?\d+) \|`)
	// cited is a document and what of it.
	cited = regexp.MustCompile(`\b([a-z][a-z-]*\.md)((?:(?:,| and| to)?(?: rows?)? [TIV]?\d+(?:\.\d+)*\b)*)`)
	// within is a section of the document itself.
	within = regexp.MustCompile(`\bsections?((?:(?:,| and| to)? \d+(?:\.\d+)*\b)+)`)
	number = regexp.MustCompile(`[TIV]?\d+(?:\.\d+)*`)
	// wrapped is the end of a line of a comment, and what begins the next.
	wrapped = regexp.MustCompile(`\n\s*(?://|>)?\s*`)
)

// TestCitations: the specifications that comments and documents cite exist, with
// the sections cited.
func TestCitations(t *testing.T) {
	sections := map[string]map[string]bool{}
	specs, err := filepath.Glob("docs/spec/*.md")
	if err != nil || len(specs) < 10 {
		t.Fatal(specs, err)
	}
	for _, path := range specs {
		text := readText(t, path)
		have := map[string]bool{}
		for _, m := range heading.FindAllStringSubmatch(text, -1) {
			have[m[1]+m[2]] = true
		}
		if filepath.Base(path) == "fault-matrix.md" {
			for _, m := range row.FindAllStringSubmatch(text, -1) {
				have[m[1]] = true
			}
		}
		sections[filepath.Base(path)] = have
	}
	total := 0
	err = filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if path != "." && strings.HasPrefix(d.Name(), ".") {
				return filepath.SkipDir
			}
			return nil
		}
		if ext := filepath.Ext(path); ext != ".go" && ext != ".md" && d.Name() != "Makefile" || d.Name() == "citations_test.go" {
			return nil
		}
		text := wrapped.ReplaceAllString(readText(t, path), " ")
		for _, m := range cited.FindAllStringSubmatch(text, -1) {
			have, ok := sections[m[1]]
			if !ok {
				if _, err := os.Stat(filepath.Join("docs", m[1])); err != nil {
					t.Errorf("%s cites %s, which is neither in docs nor in docs/spec", path, m[1])
				}
				continue
			}
			for _, n := range number.FindAllString(m[2], -1) {
				total++
				if !have[n] {
					t.Errorf("%s cites %s %s, which does not exist", path, m[1], n)
				}
			}
		}
		if have, ok := sections[d.Name()]; ok && filepath.Dir(path) == filepath.Join("docs", "spec") {
			for _, m := range within.FindAllStringSubmatch(text, -1) {
				for _, n := range number.FindAllString(m[1], -1) {
					if !have[n] {
						t.Errorf("%s speaks of its section %s, which does not exist", path, n)
					}
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if total < 200 {
		t.Errorf("only %d citations found", total)
	} else {
		t.Logf("%d citations", total)
	}
}

func readText(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

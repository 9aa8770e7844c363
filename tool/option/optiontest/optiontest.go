// Package optiontest holds what every table of options has to stand: that its
// program accepts what it lists, and that others accept what is made from it.
package optiontest

import (
	"bytes"
	"errors"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/gocorosync/gocorosync/conf"
	"github.com/gocorosync/gocorosync/tool"
	"github.com/gocorosync/gocorosync/tool/manual"
	"github.com/gocorosync/gocorosync/tool/option"
)

// Tools tests that each tool of a package has a table, and the tables.
func Tools(t *testing.T, tools map[string]tool.Func, list []*option.Program) {
	t.Helper()
	for name := range tools {
		if !slices.ContainsFunc(list, func(p *option.Program) bool { return p.Name == name }) {
			t.Errorf("%s has no table", name)
		}
	}
	Programs(t, list...)
}

// Programs tests tables of options.
func Programs(t *testing.T, list ...*option.Program) {
	t.Helper()
	for _, p := range list {
		for _, profile := range []conf.Profile{conf.EL7, conf.EL9} {
			accepts(t, p, profile)
			helps(t, p, profile)
		}
		explains(t, p)
		Pages(t, p.Page())
	}
}

// accepts: a program takes each option of its table in each spelling, and an
// argument in each way that its dialect knows.
func accepts(t *testing.T, p *option.Program, profile conf.Profile) {
	seen := make(map[string]bool)
	for _, g := range p.Groups {
		for _, o := range g.Options {
			if !o.In(profile) {
				continue
			}
			for flag := range strings.FieldsSeq(o.Flags) {
				if seen[flag] {
					t.Errorf("%s %v: %s stands for two options", p.Name, profile, flag)
				}
				seen[flag] = true
				for _, args := range ways(p, &o, flag) {
					var bad *option.Error
					if _, err := p.Read(profile, args); errors.As(err, &bad) {
						t.Errorf("%s %v: %q: %v", p.Name, profile, args, bad)
					}
				}
			}
		}
	}
}

// ways are command lines with one option.
func ways(p *option.Program, o *option.Option, flag string) [][]string {
	value := "1"
	if len(o.Values.Words) > 0 {
		value = o.Values.Words[0]
	}
	long := strings.HasPrefix(flag, "--")
	switch {
	case o.Arg == "" && !o.May:
		return [][]string{{flag}}
	case long && o.May:
		return [][]string{{flag}, {flag + "=" + value}}
	case long:
		return [][]string{{flag, value}, {flag + "=" + value}}
	case p.Dialect == option.Exact:
		return [][]string{{flag, value}}
	}
	return [][]string{{flag, value}, {flag + value}}
}

// helps: there is help, and what is made from the table has all options in it.
func helps(t *testing.T, p *option.Program, profile conf.Profile) {
	help := p.Help(profile)
	if help == "" {
		t.Errorf("%s %v has no help", p.Name, profile)
	}
	for _, g := range p.Groups {
		for _, o := range g.Options {
			for flag := range strings.FieldsSeq(o.Flags) {
				shown := o.Text != "" && o.In(profile)
				if p.Usage == nil && shown && !strings.Contains(help, flag) {
					t.Errorf("%s %v: %s is not in the help", p.Name, profile, flag)
				}
			}
		}
	}
}

// explains: what is not hidden is on the program's page.
func explains(t *testing.T, p *option.Program) {
	page := p.Page().Roff("0.0")
	for _, g := range p.Groups {
		for _, o := range g.Options {
			for flag := range strings.FieldsSeq(o.Flags) {
				if o.Text != "" && !strings.Contains(page, `\fB`+strings.ReplaceAll(flag, "-", `\-`)+`\fR`) {
					t.Errorf("%s: %s is not explained", p.Name, flag)
				}
			}
		}
	}
}

// Pages tests that groff finds nothing wrong with pages of the manual.
func Pages(t *testing.T, pages ...*manual.Page) {
	t.Helper()
	groff, err := exec.LookPath("groff")
	if err != nil {
		t.Log("no groff: pages are not checked")
		return
	}
	for _, m := range pages {
		cmd := exec.Command(groff, "-man", "-Tutf8", "-ww")
		cmd.Stdin = strings.NewReader(m.Roff("0.0"))
		var errs bytes.Buffer
		cmd.Stderr = &errs
		out, err := cmd.Output()
		if err != nil || errs.Len() > 0 || !strings.Contains(string(out), m.Purpose[:min(10, len(m.Purpose))]) {
			t.Errorf("%s: %v %s\n%s", m.Name, err, errs.String(), out)
		}
	}
}

// Package manual holds pages of the manual and writes them for man(1).
package manual

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// A Page is one page of the manual.
type Page struct {
	Name     string
	Section  int    // of the manual
	Purpose  string // in a few words
	Synopsis []string
	About    []string // paragraphs
	Options  []Group
	Parts    []Part
	Status   []string // exit statuses, "0: done"
	Files    []string // "/etc/x: what it is"
	See      []string // "corosync.conf(5)"
}

// A Group is options under one title, "" for those that need none.
type Group struct {
	Title   string
	Options []Option
}

// An Option is one option with all its spellings.
type Option struct {
	Spellings []string // "-k", "--key-file"
	Arg       string   // what its argument is called; "" takes none
	Text      string
}

// A Part is a chapter of a page, with terms that it explains.
type Part struct {
	Title   string
	About   []string // paragraphs
	Terms   []Term
	Example string // printed as it is
}

// A Term is explained.
type Term struct {
	Name string
	Note string // behind the name: a type, a default
	Text string
}

// Roff is the page, for man.
func (m *Page) Roff(version string) string {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	line(`.TH %s %d "" "gocorosync %s" "gocorosync"`, strings.ToUpper(roff(m.Name)), m.Section, roff(version))
	line(".SH NAME\n%s \\- %s", roff(m.Name), roff(m.Purpose))
	if len(m.Synopsis) > 0 {
		line(".SH SYNOPSIS")
	}
	for i, s := range m.Synopsis {
		if i > 0 {
			line(".br")
		}
		line(".B %s\n%s", roff(m.Name), roff(s))
	}
	if len(m.About) > 0 {
		line(".SH DESCRIPTION")
		for i, p := range m.About {
			if i > 0 {
				line(".PP")
			}
			line("%s", roff(p))
		}
	}
	if len(m.Options) > 0 {
		line(".SH OPTIONS")
	}
	for _, g := range m.Options {
		if g.Title != "" {
			line(".SS \"%s\"", roff(g.Title))
		}
		for _, o := range g.Options {
			line("%s", o.roff())
		}
	}
	for _, p := range m.Parts {
		line(".SH \"%s\"", roff(strings.ToUpper(p.Title)))
		for i, about := range p.About {
			if i > 0 {
				line(".PP")
			}
			line("%s", roff(about))
		}
		for _, t := range p.Terms {
			note := ""
			if t.Note != "" {
				note = " (" + roff(t.Note) + ")"
			}
			line(".TP\n\\fB%s\\fR%s\n%s", roff(t.Name), note, roff(t.Text))
		}
		if p.Example != "" {
			line(".nf\n%s\n.fi", roff(p.Example))
		}
	}
	pairs := func(title string, list []string) {
		if len(list) > 0 {
			line(".SH %s", title)
		}
		for _, s := range list {
			name, text, _ := strings.Cut(s, ": ")
			line(".TP\n.B %s\n%s", roff(name), roff(text))
		}
	}
	pairs(`"EXIT STATUS"`, m.Status)
	pairs("FILES", m.Files)
	if len(m.See) > 0 {
		line(".SH \"SEE ALSO\"")
		for i, s := range m.See {
			name, section, _ := strings.Cut(s, "(")
			comma := ","
			if i == len(m.See)-1 {
				comma = ""
			}
			line(`.BR %s "(%s%s"`, roff(name), section, comma)
		}
	}
	return b.String()
}

func (o *Option) roff() string {
	var all []string
	for _, spelling := range o.Spellings {
		s := `\fB` + roff(spelling) + `\fR`
		if o.Arg != "" {
			s += ` \fI` + roff(o.Arg) + `\fR`
		}
		all = append(all, s)
	}
	return ".TP\n" + strings.Join(all, ", ") + "\n" + roff(o.Text)
}

// Write writes pages below a folder, in man5, man8 and so on.
func Write(dir, version string, list ...*Page) error {
	for _, m := range list {
		sub := filepath.Join(dir, fmt.Sprintf("man%d", m.Section))
		if err := os.MkdirAll(sub, 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(sub, fmt.Sprintf("%s.%d", m.Name, m.Section)), []byte(m.Roff(version)), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// roff writes text so that no character of it is an instruction.
func roff(s string) string {
	s = strings.NewReplacer(`\`, `\e`, "-", `\-`, "'", `\(aq`, "`", `\(ga`, "^", `\(ha`, "~", `\(ti`).Replace(s)
	if strings.HasPrefix(s, ".") {
		s = `\&` + s
	}
	return strings.ReplaceAll(s, "\n.", "\n\\&.")
}

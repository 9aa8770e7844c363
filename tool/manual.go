package tool

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/gocorosync/gocorosync/conf"
)

// A Manual is what there is to know about a program: its page is made from it,
// and so are the options that it accepts.
type Manual struct {
	Name     string
	Section  int    // of the manual
	Purpose  string // in a few words
	Synopsis []string
	About    []string // paragraphs
	Options  []Option
	Parts    []Part
	Status   []string // exit statuses, "0: done"
	Files    []string // "/etc/x: what it is"
	See      []string // "corosync.conf(5)"
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

// An Option is one option with all its spellings.
type Option struct {
	Flags string // "-k --key-file"
	Arg   string // what its argument is called; "" takes none
	Text  string
	Only  string // "el7" or "el9" where the other generation has not got it
}

// Getopt returns what [NewGetopt] needs to accept a generation's options.
func (m *Manual) Getopt(p conf.Profile) (short string, long []Long) {
	for _, o := range m.Options {
		if o.Only != "" && o.Only != p.String() {
			continue
		}
		kind, colon := NoArg, ""
		if o.Arg != "" {
			kind, colon = NeedsArg, ":"
		}
		as := ""
		for flag := range strings.FieldsSeq(o.Flags) {
			name, isLong := strings.CutPrefix(flag, "--")
			if !isLong {
				as = strings.TrimPrefix(flag, "-")
				short += as + colon
				continue
			}
			if as == "" {
				as = name
			}
			long = append(long, Long{Name: name, Arg: kind, As: as})
		}
	}
	return short, long
}

// Roff is the page, for man.
func (m *Manual) Roff(version string) string {
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
	for _, o := range m.Options {
		var flags []string
		for flag := range strings.FieldsSeq(o.Flags) {
			f := `\fB` + roff(flag) + `\fR`
			if o.Arg != "" {
				f += ` \fI` + roff(o.Arg) + `\fR`
			}
			flags = append(flags, f)
		}
		line(".TP\n%s", strings.Join(flags, ", "))
		text := o.Text
		if o.Only != "" {
			text += " (Profile " + o.Only + ".)"
		}
		line("%s", roff(text))
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

// WriteManuals writes pages below a folder, in man5, man8 and so on.
func WriteManuals(dir, version string, list ...*Manual) error {
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

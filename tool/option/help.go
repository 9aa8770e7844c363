package option

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/gocorosync/gocorosync/conf"
	"github.com/gocorosync/gocorosync/tool/manual"
)

// Help is what the program prints where it is asked for help.
func (p *Program) Help(profile conf.Profile) string {
	if p.Usage != nil {
		return p.Usage(profile)
	}
	return fmt.Sprintf("%s - %s\n\nUsage: %s %s\n%s", p.Name, p.Purpose, p.Name, strings.Join(p.Synopsis, "\n       "+p.Name+" "), p.Rows(profile, 28))
}

// Rows are the options by groups, with a column of this width for their
// spellings.
func (p *Program) Rows(profile conf.Profile, width int) string {
	var b strings.Builder
	for i, g := range p.Groups {
		if i > 0 {
			b.WriteByte('\n')
		}
		fmt.Fprintf(&b, "%s:\n", cmp.Or(g.Title, "Options"))
		for _, o := range g.Options {
			if o.Text != "" && o.In(profile) {
				fmt.Fprintf(&b, " %-*s %s\n", width, o.summary(), o.Text)
			}
		}
	}
	return b.String()
}

// summary is all spellings in one line, the argument behind the long ones.
func (o *Option) summary() string {
	short, long := o.spellings()
	for i := range long {
		if o.Arg != "" {
			long[i] += "=" + o.Arg
		}
	}
	return strings.Join(append(short, long...), ", ")
}

// Page is the program's page of the manual.
func (p *Program) Page() *manual.Page {
	m := &manual.Page{
		Name: p.Name, Section: p.Section, Purpose: p.Purpose, Synopsis: p.Synopsis, About: p.About,
		Parts: p.Parts, Status: p.Status, Files: p.Files, See: p.See,
	}
	for _, g := range p.Groups {
		group := manual.Group{Title: g.Title}
		for _, o := range g.Options {
			if o.Text == "" {
				continue
			}
			text := o.Text
			if o.Only != "" {
				text += " (Profile " + o.Only + ".)"
			}
			group.Options = append(group.Options, manual.Option{Spellings: strings.Fields(o.Flags), Arg: o.Arg, Text: text})
		}
		if len(group.Options) > 0 {
			m.Options = append(m.Options, group)
		}
	}
	var single []manual.Term
	for i := range p.Commands {
		c := &p.Commands[i]
		if len(c.Commands) == 0 {
			single = append(single, manual.Term{Name: c.Name, Text: c.Text})
		} else {
			m.Parts = append(m.Parts, manual.Part{Title: c.Name, About: []string{c.Text}, Terms: c.terms("")})
		}
	}
	if len(single) > 0 {
		m.Parts = append(m.Parts, manual.Part{Title: "Commands", Terms: single})
	}
	return m
}

// terms are the commands below one that are explained, each with the words
// before it.
func (c *Command) terms(before string) (list []manual.Term) {
	before += c.Name + " "
	for i := range c.Commands {
		sub := &c.Commands[i]
		if sub.Text != "" {
			words := strings.Fields(cmp.Or(sub.Synopsis, sub.Name))
			list = append(list, manual.Term{Name: before + strings.Join(words, " "), Text: sub.Text})
		}
		list = append(list, sub.terms(before)...)
	}
	return list
}

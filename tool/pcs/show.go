package pcs

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/gocorosync/gocorosync/pacemakerd/lrmd"
	"github.com/gocorosync/gocorosync/pacemakerd/xml"
	"github.com/gocorosync/gocorosync/tool/crm"
)

func (c *call) resourceShow(words []string) error {
	if len(words) > 0 {
		return c.resourceConfig(words)
	}
	if c.opt.full {
		return c.resourceConfig(nil)
	}
	return c.showList(false)
}

// showList prints the resources, or the fence devices, as crm_mon has them.
func (c *call) showList(stonith bool) error {
	out, status := c.mon("--one-shot", "--inactive")
	if status != 0 {
		return &failure{lines: []string{"unable to get cluster status from crm_mon\n" + strings.TrimSuffix(out, "\n")}}
	}
	none := "NO resources configured"
	if stonith {
		none = "NO stonith devices configured"
	}
	lines := resourceLines(out)
	shown := false
	for i := 0; i < len(lines); i++ {
		if strings.Contains(lines[i], "(stonith:") != stonith {
			continue
		}
		c.env.Printf("%s\n", lines[i])
		shown = true
	}
	if !shown {
		c.env.Printf("%s\n", none)
	}
	return nil
}

// resourceLines cuts the list of resources out of crm_mon's text.
func resourceLines(text string) []string {
	var list []string
	in := false
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\n")
		switch {
		case strings.HasPrefix(line, "Full list of resources:"), strings.HasPrefix(line, "Full List of Resources:"):
			in = true
		case !in || line == "" && len(list) == 0:
		case line == "":
			return list
		default:
			list = append(list, line)
		}
	}
	return list
}

// mon runs crm_mon and returns what it printed.
func (c *call) mon(args ...string) (string, int) {
	env := *c.env
	var out bytes.Buffer
	env.Name, env.Args, env.Stdout, env.Stderr = "crm_mon", args, &out, &out
	if c.opt.file != "" {
		env.Args = append(env.Args, "--xml-file", c.opt.file)
	}
	status := crm.Mon(c.ctx, &env)
	return out.String(), status
}

func (c *call) resourceConfig(words []string) error {
	resources, err := c.section("resources")
	if err != nil {
		return err
	}
	if len(words) == 0 {
		for n := range resources.Each("") {
			if !(n.Name == "primitive" && n.Get("class") == "stonith") {
				c.showOne(n, 1)
			}
		}
		return nil
	}
	for _, id := range words {
		n := resourceByID(resources, id)
		if n == nil {
			return existing(failf("unable to find resource '%s'", id), resources, id)
		}
		c.showOne(n, 1)
	}
	return nil
}

// showOne prints the definition of a resource, indented by blanks.
func (c *call) showOne(n *xml.Element, indent int) {
	pad := strings.Repeat(" ", indent)
	attrs := func(label, kind string) {
		for set := range n.Each(kind) {
			if text := setText(set); text != "" {
				c.env.Printf("%s %s: %s\n", pad, label, text)
			}
		}
	}
	switch n.Name {
	case "primitive", "template":
		provider := ""
		if p := n.Get("provider"); p != "" {
			provider = " provider=" + p
		}
		c.env.Printf("%sResource: %s (class=%s%s type=%s)\n", pad, n.ID(), n.Get("class"), provider, n.Get("type"))
		attrs("Attributes", "instance_attributes")
		attrs("Meta Attrs", "meta_attributes")
		attrs("Utilization", "utilization")
		label := "Operations: "
		for op := range n.Child("operations").Each("op") {
			c.env.Printf("%s %s%s\n", pad, label, opText(op))
			label = "            "
		}
		return
	case "group":
		c.env.Printf("%sGroup: %s\n", pad, n.ID())
	case "clone":
		c.env.Printf("%sClone: %s\n", pad, n.ID())
	case "master":
		c.env.Printf("%sMaster: %s\n", pad, n.ID())
	case "bundle":
		c.env.Printf("%sBundle: %s\n", pad, n.ID())
	default:
		return
	}
	attrs("Attributes", "instance_attributes")
	attrs("Meta Attrs", "meta_attributes")
	for child := range n.Each("") {
		c.showOne(child, indent+1)
	}
}

func opText(op *xml.Element) string {
	var words []string
	words = append(words, op.Get("name"))
	list := []string{}
	for _, a := range op.Attrs {
		if a.Name != "name" && a.Name != "id" {
			list = append(list, a.Name+"="+a.Value)
		}
	}
	for set := range op.Each("instance_attributes") {
		for nv := range set.Each("nvpair") {
			list = append(list, nv.Get("name")+"="+nv.Get("value"))
		}
	}
	sorted, err := pairs(list)
	if err == nil {
		for _, p := range sorted {
			words = append(words, p.name+"="+p.value)
		}
	}
	return fmt.Sprintf("%s (%s)", strings.Join(words, " "), op.ID())
}

// describe prints an agent's meta-data.
func (c *call) describe(name string, m *lrmd.Metadata, label string) {
	if m.ShortDesc != "" {
		name += " - " + m.ShortDesc
	}
	c.env.Printf("%s\n\n", name)
	if m.LongDesc != "" {
		c.env.Printf("%s\n\n", wrap(m.LongDesc, 80, 0))
	}
	if len(m.Params) > 0 {
		c.env.Printf("%s\n", label)
	}
	for _, p := range m.Params {
		if p.Deprecated && !c.opt.full {
			continue
		}
		text := "  " + p.Name
		if p.Required {
			text += " (required)"
		}
		if p.Unique {
			text += " (unique)"
		}
		desc := p.LongDesc
		if desc == "" {
			desc = p.ShortDesc
		}
		if desc == "" {
			desc = "No description available"
		}
		c.env.Printf("%s\n", strings.TrimPrefix(wrap(text+": "+strings.Join(strings.Fields(desc), " "), 80, 2+len(p.Name)+2), ""))
	}
	c.env.Printf("\nDefault operations:\n")
	for _, a := range m.Actions {
		for _, d := range defaultOps {
			if a.Name == d {
				c.env.Printf("  %s:", a.Name)
				for _, at := range a.Attrs {
					if at.Name == "interval" || at.Name == "timeout" || at.Name == "role" {
						c.env.Printf(" %s=%s", at.Name, at.Value)
					}
				}
				c.env.Printf("\n")
			}
		}
	}
}

// wrap breaks a text at blanks so that lines have at most width characters;
// lines after the first are indented.
func wrap(s string, width, indent int) string {
	var b strings.Builder
	first := true
	for _, para := range strings.Split(s, "\n") {
		if !first {
			b.WriteByte('\n')
		}
		first = false
		lead := len(para) - len(strings.TrimLeft(para, " "))
		line := para[:lead]
		empty := true
		for _, w := range strings.Fields(para) {
			if !empty && len(line)+1+len(w) > width {
				b.WriteString(line + "\n")
				line, empty = strings.Repeat(" ", indent), true
			}
			if !empty {
				line += " "
			}
			line += w
			empty = false
		}
		b.WriteString(line)
	}
	return b.String()
}

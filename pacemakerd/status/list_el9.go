package status

import (
	"fmt"
	"io"
	"strings"

	"github.com/gocorosync/gocorosync/pacemakerd/pengine"
)

// A listEL9 writes lists as text of pacemaker 2.1.5: fancy with headings and
// bullets, or plain lines.
type listEL9 struct {
	w      io.Writer
	fancy  bool
	depth  int
	counts bool // members of groups are counted, not named
}

// line writes an item of the current list.
func (w *listEL9) line(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	if w.fancy && w.depth > 0 {
		fmt.Fprintf(w.w, "%s* %s\n", strings.Repeat("  ", w.depth), text)
		return
	}
	fmt.Fprintf(w.w, "%s\n", text)
}

// begin opens a list.
func (w *listEL9) begin(format string, args ...any) {
	title := fmt.Sprintf(format, args...)
	if w.fancy {
		if w.depth == 0 {
			fmt.Fprintf(w.w, "%s:\n", title)
		} else {
			fmt.Fprintf(w.w, "%s* %s:\n", strings.Repeat("  ", w.depth), title)
		}
	}
	w.depth++
}

// end closes the innermost list.
func (w *listEL9) end() { w.depth-- }

// item writes "label: [ words ]".
func (w *listEL9) item(label string, words []string) { w.line("%s: [ %s ]", label, join(words)) }

// nodes writes the items of the node list.
func (w *listEL9) nodes(c *pengine.Cluster) {
	l := sortNodes(c)
	for _, n := range l.special {
		w.line("%s %s: %s%s", nodeTypeName(n), n.Name, nodeStatus(n), healthEL9(c, n))
	}
	for _, x := range l.plain {
		if len(x.names) > 0 {
			if w.fancy {
				w.item(x.label, x.names)
			} else { // the label of nodes, unlike that of instances, is ornament
				w.line("[ %s ]", join(x.names))
			}
		}
	}
}

func healthEL9(c *pengine.Cluster, n *pengine.Node) string {
	switch c.NodeHealth(n) {
	case 2:
		return " (health is RED)"
	case 1:
		return " (health is YELLOW)"
	}
	return ""
}

// An itemsEL9 is what a list of resources of pacemaker 2.1.5 is written to: text or
// HTML.
type itemsEL9 interface {
	begin(format string, args ...any)  // a list within the list
	primitive(e *entry)                // an item
	item(label string, words []string) // an item: "label: [ words ]"
	end()
}

// writeResources writes resources to a list.
func writeResources(w itemsEL9, list []*entry) {
	for _, e := range list {
		writeEntry(w, e)
	}
}

// primitive writes one primitive.
func (w *listEL9) primitive(e *entry) { w.line("%s", e.textEL9()) }

// writeEntry writes one resource.
func writeEntry(w itemsEL9, e *entry) {
	switch e.R.Kind {
	case pengine.Primitive:
		w.primitive(e)
	case pengine.Group:
		w.begin("%s", e.groupTitle())
		if l, ok := w.(interface{ briefly(*entry) bool }); !ok || !l.briefly(e) {
			for _, m := range e.Children {
				writeEntry(w, m)
			}
		}
		w.end()
	case pengine.Clone:
		writeClone(w, e)
	case pengine.Bundle:
		set, flags := e.bundleFlags()
		w.begin("Container bundle%s: %s [%s]%s", set, e.Name, e.R.Bundle.Image, flags)
		for _, m := range e.Children {
			writeEntry(w, m)
		}
		w.end()
	}
}

// groupTitle is what is said of a group as a whole.
func (e *entry) groupTitle() string {
	var flags []string
	if e.Hidden > 0 {
		flags = append(flags, fmt.Sprintf("%d member%s inactive", e.Hidden, plural(e.Hidden)))
	}
	if !e.R.Managed {
		flags = append(flags, "unmanaged")
	}
	if e.Limit != pengine.RoleUnknown {
		flags = append(flags, "disabled")
	}
	return "Resource Group: " + e.Name + bracket(flags)
}

func writeClone(w itemsEL9, e *entry) {
	r := e.R
	var flags []string
	if r.Promotable {
		flags = append(flags, "promotable")
	}
	if r.Unique {
		flags = append(flags, "unique")
	}
	if !r.Managed {
		flags = append(flags, "unmanaged")
	}
	if e.Limit != pengine.RoleUnknown {
		flags = append(flags, "disabled")
	}
	child := ""
	if len(r.Children) > 0 {
		child = r.Children[0].XML.ID()
	}
	w.begin("Clone Set: %s [%s]%s", e.Name, child, bracket(flags))
	for _, m := range e.Children {
		writeEntry(w, m)
	}
	for _, l := range e.Lists {
		label := l.Role.String()
		if l.Limited {
			label += " (target-role)"
		}
		if l.Why != "" {
			label += " (" + l.Why + ")"
		}
		w.item(label, l.Nodes)
	}
	w.end()
}

// textEL9 is a primitive in the words of 2.1.5.
func (e *entry) textEL9() string {
	text := e.Name + "\t(" + wordsEL9.agent(e.R) + "):\t"
	if e.R.Orphan {
		text += " ORPHANED"
	}
	text += " " + e.state(&wordsEL9)
	if e.Node != nil {
		text += " " + e.Node.Name
	}
	if e.Masked != 0 {
		text += " (" + wordsEL9.result(e.Masked) + ") "
	}
	limit := "disabled"
	if e.Limit != pengine.RoleStopped {
		limit = "target-role:" + e.R.Meta["target-role"]
	}
	text += bracket(e.flags(&wordsEL9, limit))
	if d := e.R.XML.Get("description"); d != "" && (e.Describe || len(e.Several) > 0) {
		text += " " + d
	}
	if len(e.Several) > 0 {
		text += " [ " + join(e.severalNames()) + " ]"
	}
	return text
}

package status

import (
	"fmt"
	"io"
	"strings"

	"github.com/gocorosync/gocorosync/pacemakerd/pengine"
)

// A Writer9 writes text as pacemaker 2.1.5 does: fancy with headings and
// bullets, or plain lines.
type Writer9 struct {
	W     io.Writer
	Fancy bool
	depth int
}

// Line writes an item of the current list.
func (w *Writer9) Line(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	if w.Fancy && w.depth > 0 {
		fmt.Fprintf(w.W, "%s* %s\n", strings.Repeat("  ", w.depth), text)
		return
	}
	fmt.Fprintf(w.W, "%s\n", text)
}

// Raw writes a line without bullet.
func (w *Writer9) Raw(text string) { fmt.Fprintln(w.W, text) }

// Begin opens a list.
func (w *Writer9) Begin(format string, args ...any) {
	title := fmt.Sprintf(format, args...)
	if w.Fancy {
		if w.depth == 0 {
			fmt.Fprintf(w.W, "%s:\n", title)
		} else {
			fmt.Fprintf(w.W, "%s* %s:\n", strings.Repeat("  ", w.depth), title)
		}
	}
	w.depth++
}

// End closes the innermost list.
func (w *Writer9) End() { w.depth-- }

// Item writes "label: [ words ]".
func (w *Writer9) Item(label string, words []string) { w.Line("%s: [ %s ]", label, join(words)) }

// NodeStatus is a node's state in words.
func NodeStatus(n *pengine.Node) string {
	switch {
	case n.Unclean && n.Online:
		return "UNCLEAN (online)"
	case n.Unclean && n.Pending:
		return "UNCLEAN (pending)"
	case n.Unclean:
		return "UNCLEAN (offline)"
	case n.Pending:
		return "pending"
	case n.StandbyOnFail && n.Online:
		return "standby (on-fail)"
	case n.Standby && n.Online && len(n.Running) > 0:
		return "standby (with active resources)"
	case n.Standby && n.Online:
		return "standby"
	case n.Standby:
		return "OFFLINE (standby)"
	case n.Maintenance && n.Online:
		return "maintenance"
	case n.Maintenance:
		return "OFFLINE (maintenance)"
	case n.Online:
		return "online"
	}
	return "OFFLINE"
}

// NodeTypeName is what comes before a node's name.
func NodeTypeName(n *pengine.Node) string {
	switch {
	case n.Guest():
		return "GuestNode"
	case n.Away():
		return "RemoteNode"
	}
	return "Node"
}

// NodeLists sorts the nodes: those that get a line of their own, and the names
// of the others.
type NodeLists struct {
	Special                                                []*pengine.Node
	Online, Offline, RemoteOnline, RemoteOffline, GuestsOn []string
}

// SortNodes makes the lists of nodes as shown.
func SortNodes(c *pengine.Cluster) (l NodeLists) {
	for _, n := range c.Nodes {
		if n.Guest() && !n.Online && !n.Unclean && !n.Pending && !n.Standby && !n.Maintenance && c.NodeHealth(n) == 0 {
			continue
		}
		plain := !n.Unclean && !n.Pending && !(n.Standby || n.StandbyOnFail) && !n.Maintenance && c.NodeHealth(n) == 0
		switch {
		case !plain:
			l.Special = append(l.Special, n)
		case n.Guest():
			l.GuestsOn = append(l.GuestsOn, n.Name)
		case n.Away() && n.Online:
			l.RemoteOnline = append(l.RemoteOnline, n.Name)
		case n.Away():
			l.RemoteOffline = append(l.RemoteOffline, n.Name)
		case n.Online:
			l.Online = append(l.Online, n.Name)
		default:
			l.Offline = append(l.Offline, n.Name)
		}
	}
	return l
}

// Nodes writes the items of the node list.
func (w *Writer9) Nodes(c *pengine.Cluster) {
	l := SortNodes(c)
	for _, n := range l.Special {
		w.Line("%s %s: %s%s", NodeTypeName(n), n.Name, NodeStatus(n), health9(c, n))
	}
	for _, x := range []struct {
		label string
		names []string
	}{{"Online", l.Online}, {"OFFLINE", l.Offline}, {"RemoteOnline", l.RemoteOnline}, {"RemoteOFFLINE", l.RemoteOffline}, {"GuestOnline", l.GuestsOn}} {
		if len(x.names) > 0 {
			if w.Fancy {
				w.Item(x.label, x.names)
			} else { // the label of nodes, unlike that of instances, is ornament
				w.Line("[ %s ]", join(x.names))
			}
		}
	}
}

func health9(c *pengine.Cluster, n *pengine.Node) string {
	switch c.NodeHealth(n) {
	case 2:
		return " (health is RED)"
	case 1:
		return " (health is YELLOW)"
	}
	return ""
}

// A List9 is what a list of resources of pacemaker 2.1.5 is written to: text or
// HTML.
type List9 interface {
	Begin(format string, args ...any)  // a list within the list
	Primitive(e *Entry)                // an item
	Item(label string, words []string) // an item: "label: [ words ]"
	End()
}

// Resources writes the items of the resource list.
func (w *Writer9) Resources(list []*Entry) { WriteResources(w, list) }

// WriteResources writes resources to a list.
func WriteResources(w List9, list []*Entry) {
	for _, e := range list {
		writeEntry(w, e)
	}
}

// Primitive writes one primitive.
func (w *Writer9) Primitive(e *Entry) { w.Line("%s", e.Text9()) }

// writeEntry writes one resource.
func writeEntry(w List9, e *Entry) {
	switch e.R.Kind {
	case pengine.Primitive:
		w.Primitive(e)
	case pengine.Group:
		w.Begin("%s", e.groupTitle())
		for _, m := range e.Children {
			writeEntry(w, m)
		}
		w.End()
	case pengine.Clone:
		writeClone(w, e)
	case pengine.Bundle:
		set, flags := e.bundleFlags()
		w.Begin("Container bundle%s: %s [%s]%s", set, e.Name, e.R.Bundle.Image, flags)
		for _, m := range e.Children {
			writeEntry(w, m)
		}
		w.End()
	}
}

// groupTitle is what is said of a group as a whole.
func (e *Entry) groupTitle() string {
	var flags []string
	if !e.R.Managed {
		flags = append(flags, "unmanaged")
	}
	if e.Limit != pengine.RoleUnknown {
		flags = append(flags, "disabled")
	}
	return "Resource Group: " + e.Name + bracket(flags)
}

func limit9(e *Entry) string {
	if e.Limit == pengine.RoleStopped {
		return "disabled"
	}
	return "target-role:" + e.R.Meta["target-role"]
}

func bracket(flags []string) string {
	if len(flags) == 0 {
		return ""
	}
	return " (" + strings.Join(flags, ", ") + ")"
}

func writeClone(w List9, e *Entry) {
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
	w.Begin("Clone Set: %s [%s]%s", e.Name, child, bracket(flags))
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
		w.Item(label, l.Nodes)
	}
	w.End()
}

// Agent9 is a resource's agent as 2.1.5 writes it.
func Agent9(r *pengine.Resource) string {
	if r.Provider == "" {
		return r.Class + ":" + r.Type
	}
	return r.Class + ":" + r.Provider + ":" + r.Type
}

// Text9 is a primitive in the words of 2.1.5.
func (e *Entry) Text9() string {
	r := e.R
	var b strings.Builder
	fmt.Fprintf(&b, "%s\t(%s):\t", e.Name, Agent9(r))
	if r.Orphan {
		b.WriteString(" ORPHANED")
	}
	switch {
	case r.Failed && r.Role > pengine.RoleUnpromoted:
		b.WriteString(" FAILED " + r.Role.String())
	case r.Failed:
		b.WriteString(" FAILED")
	case e.State != "":
		b.WriteString(" " + e.State)
	default:
		b.WriteString(" " + e.Role.String())
	}
	if e.Masked != 0 {
		b.WriteString(" (" + ResultText(e.Masked) + ") ")
	}
	if e.Node != nil {
		b.WriteString(" " + e.Node.Name)
	}
	var flags []string
	if e.Unclean {
		flags = append(flags, "UNCLEAN")
	}
	if e.Locked {
		flags = append(flags, "LOCKED")
	}
	if e.Pending != "" {
		flags = append(flags, e.Pending)
	}
	if e.Limit != pengine.RoleUnknown {
		flags = append(flags, limit9(e))
	}
	b.WriteString(bracket(managedFlags(r, flags)))
	if len(e.Several) > 0 {
		if d := r.XML.Get("description"); d != "" {
			b.WriteString(" " + d)
		}
		var names []string
		for _, n := range e.Several {
			names = append(names, n.Name)
		}
		b.WriteString(" [ " + join(names) + " ]")
	}
	return b.String()
}

package status

import (
	"fmt"
	"io"
	"strings"

	"github.com/gocorosync/gocorosync/pacemakerd/pengine"
)

// Writer7 writes nodes and resources as pacemaker 1.1.20 does.
type Writer7 struct{ W io.Writer }

func (w *Writer7) line(indent int, format string, args ...any) {
	fmt.Fprintf(w.W, "%s%s\n", strings.Repeat(" ", indent), fmt.Sprintf(format, args...))
}

// Nodes writes the list of nodes. With ids, each name is followed by its id;
// crm_simulate gives those of the nodes that have a line of their own.
func (w *Writer7) Nodes(c *pengine.Cluster, ids, special bool) {
	name := func(n string) string {
		if node := c.Node(n); ids && node != nil {
			return n + " (" + node.ID + ")"
		}
		return n
	}
	l := SortNodes(c)
	for _, n := range l.Special {
		label := name(n.Name)
		if special && !ids {
			label += " (" + n.ID + ")"
		}
		w.line(0, "%s %s: %s", NodeTypeName(n), label, NodeStatus7(n))
	}
	for _, x := range []struct {
		label string
		names []string
	}{{"Online", l.Online}, {"OFFLINE", l.Offline}, {"RemoteOnline", l.RemoteOnline}, {"RemoteOFFLINE", l.RemoteOffline}, {"GuestOnline", l.GuestsOn}} {
		if len(x.names) > 0 {
			var names []string
			for _, n := range x.names {
				names = append(names, name(n))
			}
			w.line(0, "%s: [ %s ]", x.label, join(names))
		}
	}
}

// NodeStatus7 is the state of a node in 1.1.20's words.
func NodeStatus7(n *pengine.Node) string {
	return strings.TrimSuffix(NodeStatus(n), " (with active resources)")
}

// Agent7 is a resource's agent as 1.1.20 writes it.
func Agent7(r *pengine.Resource) string {
	if r.Provider == "" {
		return r.Class + ":" + r.Type
	}
	return r.Class + "::" + r.Provider + ":" + r.Type
}

// Resources writes a list of resources.
func (w *Writer7) Resources(list []*Entry) {
	for _, e := range list {
		w.Entry(e, 1)
	}
}

// Entry writes one resource, indented by blanks.
func (w *Writer7) Entry(e *Entry, indent int) {
	switch e.R.Kind {
	case pengine.Primitive:
		w.line(indent, "%s", e.Text7(true))
	default:
		w.line(indent, "%s", e.Title7())
		deeper := 4
		if e.R.Kind == pengine.Bundle {
			deeper = 2
		}
		for _, m := range e.Children {
			w.Entry(m, indent+deeper)
		}
		for _, l := range e.Lists7() {
			w.line(indent+4, "%s", l)
		}
	}
}

// Title7 is the line above what is in a resource.
func (e *Entry) Title7() string {
	switch e.R.Kind {
	case pengine.Group:
		return "Resource Group: " + e.Name
	case pengine.Clone:
		kind := "Clone Set"
		if e.R.Promotable {
			kind = "Master/Slave Set"
		}
		child := ""
		if len(e.R.Children) > 0 {
			child = e.R.Children[0].XML.ID()
		}
		var flags string
		if e.R.Unique {
			flags += " (unique)"
		}
		if !e.R.Managed {
			flags += " (unmanaged)"
		}
		return fmt.Sprintf("%s: %s [%s]%s", kind, e.Name, child, flags)
	case pengine.Bundle:
		set, flags := e.bundleFlags()
		return fmt.Sprintf("Docker container%s: %s [%s]%s", set, e.Name, e.R.Bundle.Image, flags)
	}
	return e.Name
}

// Lists7 are the lines that name the nodes of instances there is nothing
// special about.
func (e *Entry) Lists7() (lines []string) {
	for _, l := range e.Lists {
		lines = append(lines, fmt.Sprintf("%s: [ %s ]", listLabel7(l), join(l.Nodes)))
	}
	return lines
}

func listLabel7(l NodeList) string {
	label := roleName(l.Role, true)
	switch l.Role {
	case pengine.RolePromoted:
		label = "Masters"
	case pengine.RoleUnpromoted:
		label = "Slaves"
	}
	if l.Role == pengine.RoleStopped && l.Why == "disabled" {
		label += " (disabled)"
	}
	if l.Limited {
		label += " (target-role)"
	}
	return label
}

// Text7 is the line of a primitive; with node it names where it runs.
func (e *Entry) Text7(node bool) string {
	r := e.R
	var b strings.Builder
	fmt.Fprintf(&b, "%s\t(%s):\t", e.Name, Agent7(r))
	if r.Orphan {
		b.WriteString(" ORPHANED ")
	}
	switch {
	case r.Failed && r.Role > pengine.RoleUnpromoted:
		b.WriteString("FAILED " + roleName(r.Role, true))
	case r.Failed:
		b.WriteString("FAILED")
	case e.State != "":
		b.WriteString(e.State)
	default:
		b.WriteString(roleName(e.Role, true))
	}
	if node && e.Node != nil {
		b.WriteString(" " + e.Node.Name)
	}
	var flags []string
	if e.Unclean {
		flags = append(flags, "UNCLEAN")
	}
	if e.Pending != "" {
		flags = append(flags, e.Pending)
	}
	switch e.Limit {
	case pengine.RoleUnknown:
	case pengine.RoleStopped:
		flags = append(flags, "disabled")
	default:
		flags = append(flags, "target-role:"+roleName(e.Limit, true))
	}
	b.WriteString(bracket(managedFlags(r, flags)))
	if len(e.Several) > 0 && node {
		var names []string
		for _, n := range e.Several {
			names = append(names, n.Name)
		}
		b.WriteString("[ " + join(names) + " ]")
	}
	return b.String()
}

package status

import (
	"fmt"
	"io"
	"strings"

	"github.com/gocorosync/gocorosync/pacemakerd/pengine"
)

// A listEL7 writes nodes and resources as text of pacemaker 1.1.20.
type listEL7 struct{ w io.Writer }

func (w *listEL7) line(indent int, format string, args ...any) {
	fmt.Fprintf(w.w, "%s%s\n", strings.Repeat(" ", indent), fmt.Sprintf(format, args...))
}

// nodes writes the list of nodes. With ids, each name is followed by its id;
// crm_simulate gives those of the nodes that have a line of their own.
func (w *listEL7) nodes(c *pengine.Cluster, ids, special bool) {
	name := func(n string) string {
		if node := c.Node(n); ids && node != nil {
			return n + " (" + node.ID + ")"
		}
		return n
	}
	l := sortNodes(c)
	for _, n := range l.special {
		label := name(n.Name)
		if special && !ids {
			label += " (" + n.ID + ")"
		}
		w.line(0, "%s %s: %s", nodeTypeName(n), label, nodeState(n))
	}
	for _, x := range l.plain {
		if len(x.names) > 0 {
			var names []string
			for _, n := range x.names {
				names = append(names, name(n))
			}
			w.line(0, "%s: [ %s ]", x.label, join(names))
		}
	}
}

// resources writes a list of resources.
func (w *listEL7) resources(list []*entry) {
	for _, e := range list {
		w.entry(e, 1)
	}
}

// entry writes one resource, indented by blanks.
func (w *listEL7) entry(e *entry, indent int) {
	switch e.R.Kind {
	case pengine.Primitive:
		w.line(indent, "%s", e.textEL7(true))
	default:
		w.line(indent, "%s", e.titleEL7())
		deeper := 4
		if e.R.Kind == pengine.Bundle {
			deeper = 2
		}
		for _, m := range e.Children {
			w.entry(m, indent+deeper)
		}
		for _, l := range e.listsEL7() {
			w.line(indent+4, "%s", l)
		}
	}
}

// titleEL7 is the line above what is in a resource.
func (e *entry) titleEL7() string {
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

// listsEL7 are the lines that name the nodes of instances there is nothing
// special about.
func (e *entry) listsEL7() (lines []string) {
	for _, l := range e.Lists {
		lines = append(lines, fmt.Sprintf("%s: [ %s ]", listLabelEL7(l), join(l.Nodes)))
	}
	return lines
}

func listLabelEL7(l nodeList) string {
	label := wordsEL7.role(l.Role)
	switch l.Role {
	case pengine.RolePromoted:
		label = "Masters"
	case pengine.RoleUnpromoted:
		label = "Slaves"
	}
	if l.Role == pengine.RoleStopped && l.Why == whyDisabled {
		label += " (disabled)"
	}
	if l.Limited {
		label += " (target-role)"
	}
	return label
}

// textEL7 is the line of a primitive; with node it names where it runs.
func (e *entry) textEL7(node bool) string {
	text := e.Name + "\t(" + wordsEL7.agent(e.R) + "):\t"
	if e.R.Orphan {
		text += " ORPHANED "
	}
	text += e.state(&wordsEL7)
	if node && e.Node != nil {
		text += " " + e.Node.Name
	}
	limit := "disabled"
	if e.Limit != pengine.RoleStopped {
		limit = "target-role:" + wordsEL7.role(e.Limit)
	}
	text += bracket(e.flags(&wordsEL7, limit))
	if len(e.Several) > 0 && node {
		text += "[ " + join(e.severalNames()) + " ]"
	}
	return text
}

package pengine

import (
	"fmt"
	"strings"
)

// Dot is the plan as a graph for dot(1); all shows also what will not happen.
// verbose adds action ids (spec: scheduler.md 25.2).
func (c *Cluster) Dot(all, verbose bool) string {
	var b strings.Builder
	b.WriteString(" digraph \"g\" {\n")
	shown := make(map[*Action]bool)
	for i := len(c.actions) - 1; i >= 0; i-- {
		a := c.actions[i]
		style, color, font := "dashed", "black", "black"
		if a.pseudo {
			font = "orange"
		}
		switch {
		case a.written:
			style, color = "bold", "green"
		case a.Rsc != nil && !a.Rsc.Managed:
			color, font = "red", "purple"
			if !all {
				continue
			}
		case a.optional:
			color = "blue"
			if !all {
				continue
			}
		default:
			color = "red"
		}
		shown[a] = true
		fmt.Fprintf(&b, "\"%s\" [ style=%s color=\"%s\" fontcolor=\"%s\"]\n", c.dotName(a, verbose), style, color, font)
	}
	for i := len(c.actions) - 1; i >= 0; i-- {
		a := c.actions[i]
		for _, e := range a.before {
			style := "dashed"
			switch {
			case e.state == linkKept:
				style = "bold"
			case e.flags == 0:
				continue
			case all, shown[a] && shown[e.a] && e.flags != orderLoad:
			default:
				continue
			}
			fmt.Fprintf(&b, "\"%s\" -> \"%s\" [ style = %s]\n", c.dotName(e.a, verbose), c.dotName(a, verbose), style)
		}
	}
	b.WriteString("}\n")
	return b.String()
}

func (c *Cluster) dotName(a *Action, verbose bool) string {
	node := "<none>"
	if a.Node != nil {
		node = a.Node.Name
	}
	name := ""
	switch {
	case a.Task == "cancel":
		name = "Cancel " + opKey(c.dotResource(a), a.cancelTask, a.cancelMS) + " " + node
	case a.Rsc != nil && a.Rsc.cloneName != "":
		name = c.graphKey(a)
		if a.Task == "notify" || a.Task == "notified" {
			name = notifyKey(a.Rsc.cloneName, a.meta["notify_key_type"], a.meta["notify_key_operation"])
		}
		if a.Node != nil || !a.pseudo {
			name += " " + node
		}
	case a.Task == "stonith":
		name = "stonith '" + a.meta["stonith_action"] + "' " + node
	case a.Rsc == nil && a.Node != nil && !a.pseudo:
		name = a.Task + " " + node
	case a.pseudo && a.Node == nil:
		name = a.Key
	default:
		name = a.Key + " " + node
	}
	if verbose {
		name += " (" + itoa(a.ID) + ")"
	}
	return name
}

func (c *Cluster) dotResource(a *Action) string {
	if a.Rsc.cloneName != "" {
		return a.Rsc.cloneName
	}
	return a.Rsc.ID
}

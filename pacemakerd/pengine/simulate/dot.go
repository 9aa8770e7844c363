package simulate

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/gocorosync/gocorosync/pacemakerd/pengine"
)

// Dot is the plan as a graph for dot(1); all shows also what will not happen.
// verbose adds action ids (scheduler.md 25.2).
func Dot(tr *pengine.Transition, all, verbose bool) string {
	var b strings.Builder
	b.WriteString(" digraph \"g\" {\n")
	shown := make(map[*pengine.Action]bool)
	actions := tr.Actions()
	for i := len(actions) - 1; i >= 0; i-- {
		a := actions[i]
		style, color, font := "dashed", "black", "black"
		if a.Pseudo() {
			font = "orange"
		}
		switch {
		case a.InGraph():
			style, color = "bold", "green"
		case a.Rsc != nil && !a.Rsc.Managed:
			color, font = "red", "purple"
			if !all {
				continue
			}
		case a.Optional():
			color = "blue"
			if !all {
				continue
			}
		default:
			color = "red"
		}
		shown[a] = true
		fmt.Fprintf(&b, "\"%s\" [ style=%s color=\"%s\" fontcolor=\"%s\"]\n", dotName(a, verbose), style, color, font)
	}
	for i := len(actions) - 1; i >= 0; i-- {
		a := actions[i]
		for in := range a.Inputs() {
			style := "dashed"
			switch {
			case in.Trigger:
				style = "bold"
			case all, shown[a] && shown[in.First] && !in.Load:
			default:
				continue
			}
			fmt.Fprintf(&b, "\"%s\" -> \"%s\" [ style = %s]\n", dotName(in.First, verbose), dotName(a, verbose), style)
		}
	}
	b.WriteString("}\n")
	return b.String()
}

func dotName(a *pengine.Action, verbose bool) string {
	node := "<none>"
	if a.Node != nil {
		node = a.Node.Name
	}
	clone := "" // what histories call an instance
	if a.Rsc != nil {
		clone = a.Rsc.CloneName()
	}
	name := ""
	switch {
	case a.Task == "cancel":
		task, ms := a.Cancels()
		name = "Cancel " + pengine.OpKey(cmp.Or(clone, a.Rsc.ID), task, ms) + " " + node
	case clone != "":
		name = a.GraphKey()
		if a.Task == "notify" || a.Task == "notified" {
			name = pengine.NotifyKey(clone, a.Meta("notify_key_type"), a.Meta("notify_key_operation"))
		}
		if a.Node != nil || !a.Pseudo() {
			name += " " + node
		}
	case a.Task == "stonith":
		name = "stonith '" + a.Meta("stonith_action") + "' " + node
	case a.Rsc == nil && a.Node != nil && !a.Pseudo():
		name = a.Task + " " + node
	case a.Pseudo() && a.Node == nil:
		name = a.Key
	default:
		name = a.Key + " " + node
	}
	if verbose {
		name += fmt.Sprintf(" (%d)", a.ID)
	}
	return name
}

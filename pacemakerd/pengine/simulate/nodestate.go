package simulate

import (
	"strings"

	"github.com/gocorosync/gocorosync/pacemakerd/rules"
	"github.com/gocorosync/gocorosync/pacemakerd/xml"
)

func (x *executor) nodeState(node, uuid string) *xml.Element {
	status := x.CIB.Ensure("status")
	for e := range status.Each("node_state") {
		if strings.EqualFold(e.Get("uname"), node) {
			return e
		}
	}
	for e := range x.CIB.Descend("configuration", "nodes").Each("node") {
		if uuid == "" && strings.EqualFold(e.Get("uname"), node) {
			uuid = e.ID()
		}
	}
	if uuid == "" {
		uuid = node
	}
	Updated(x.CIB)
	return status.Append(xml.New("node_state", "id", uuid, "uname", node))
}

// Updated counts a change of the status in a CIB, as the one who keeps it does.
func Updated(cib *xml.Element) {
	n, _ := rules.Int(cib.Get("num_updates"))
	cib.Set("num_updates", itoa(n+1))
}

// fenced is what is left of a node in the status after fencing. Its state is one
// change, and each of what it ran and what it was given another.
func (x *executor) fenced(node string) {
	e := x.nodeState(node, "")
	for i := len(e.Children) - 1; i >= 0; i-- {
		switch e.Children[i].Name {
		case "lrm", "transient_attributes":
			e.Children[i].Remove()
			Updated(x.CIB)
		}
	}
	SetOffline(e)
	e.Set("crm-debug-origin", "simulate_fencing_action")
	Updated(x.CIB)
}

// SetOffline and SetOnline give a node_state the look of a node that left, or
// is there.
func SetOffline(e *xml.Element) {
	e.Set("in_ccm", "false")
	e.Set("crmd", "offline")
	e.Set("join", "down")
	e.Set("expected", "down")
	e.Set("crm-debug-origin", "pcmk__inject_node_state_change")
}

// SetOnline is the opposite of SetOffline.
func SetOnline(e *xml.Element) {
	e.Set("in_ccm", "true")
	e.Set("crmd", "online")
	e.Set("join", "member")
	e.Set("expected", "member")
	e.Set("crm-debug-origin", "pcmk__inject_node_state_change")
}

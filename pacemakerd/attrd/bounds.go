package attrd

import (
	"fmt"
	"strings"

	"github.com/gocorosync/gocorosync/pacemakerd/xml"
)

// What users who are neither root nor hacluster may store, so that none of them fills the
// CIB or the memory of every node. It is looked at where their requests come in:
// what nodes tell each other must come out the same everywhere.
const (
	maxName       = 1024
	maxValue      = 64 << 10
	maxAttributes = 10_000
	maxBytes      = 16 << 20 // of all names and values
	maxAtOnce     = 1000     // updates in one request
)

// Exit statuses that a refusal is answered with.
const (
	statusNoPrivilege = 4
	statusDataError   = 65
)

// clientPart is what of a message is a client's to say. The rest is by what nodes know
// each other's messages: with it, one could vote in their elections.
func clientPart(msg *xml.Element) *xml.Element {
	out := xml.New(msg.Name)
	for _, a := range msg.Attrs {
		switch {
		case a.Name == "attr_version" || a.Name == "attr_writer":
		case strings.HasPrefix(a.Name, "attr_"), a.Name == "task", a.Name == "t", a.Name == "src":
			out.Set(a.Name, a.Value)
		}
	}
	for op := range msg.Each("op") {
		out.Append(clientPart(op))
	}
	return out
}

// refuses tells why an unprivileged client's request is not carried out, and the status for
// it; 0 if it is.
func (m *Machine) refuses(msg *xml.Element) (status int, why string) {
	switch msg.Get("task") {
	case "peer-remove":
		return statusNoPrivilege, "only root and hacluster may have a node forgotten"
	case "update", "update-both", "update-delay", "clear-failure", "query":
	default:
		return 0, ""
	}
	ops := []*xml.Element{msg}
	for op := range msg.Each("op") {
		if ops = append(ops, op); len(ops) > maxAtOnce {
			return statusDataError, fmt.Sprintf("more than %d updates at once", maxAtOnce)
		}
	}
	fresh, unknown := 0, 0
	for _, op := range ops {
		name := op.Get("attr_name")
		if name != "" && m.attrs[name] == nil {
			unknown++
		}
		for _, a := range op.Attrs {
			if a.Name != "attr_value" && len(a.Value) > maxName || len(a.Value) > maxValue {
				return statusDataError, fmt.Sprintf("%s of %d bytes", a.Name, len(a.Value))
			}
		}
		if strings.EqualFold(name, "#attrd-protocol") {
			return statusNoPrivilege, name + " is what nodes tell each other"
		}
		if op.Has("attr_value") {
			fresh += len(name) + len(op.Get("attr_host")) + len(op.Get("attr_value"))
		}
	}
	if fresh == 0 {
		return 0, ""
	}
	names, have := len(m.attrs), m.bytes
	if unknown > 0 && names+unknown > maxAttributes {
		return statusDataError, fmt.Sprintf("there are %d attributes", names)
	}
	if have+fresh > maxBytes {
		return statusDataError, fmt.Sprintf("there are %d bytes of attributes", have)
	}
	return 0, ""
}

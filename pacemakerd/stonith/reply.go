package stonith

import (
	"strconv"

	"github.com/gocorosync/gocorosync/pacemakerd/xml"
)

// outcome is how a request ended: an execution status, an exit status and a
// legacy code.
type outcome struct{ status, rc, legacy string }

// constructed is the reply to a message of a client, with these attributes of
// the message besides those that every reply has.
func constructed(msg *xml.Element, op, client, clientName string, o outcome, more ...string) *xml.Element {
	r := xml.New("st-reply", "st_origin", "fenced_construct_reply", "t", "stonith-ng", "op-status", o.status, "rc-code", o.rc, "st_rc", o.legacy,
		"st_op", op, "st_callid", msg.Get("st_callid"), "st_clientid", client, "st_clientname", clientName)
	for _, name := range append(more, "st_callopt") {
		r.Set(name, msg.Get(name))
	}
	return r
}

// described is what others are told about a device.
func (m *Machine) described(d *device, verified bool) *xml.Element {
	flag := "0"
	if verified {
		flag = "1"
	}
	return xml.New("st_device_id", "id", d.id, "namespace", "stonith-ng", "agent", d.agent, "st_monitor_verified", flag,
		"st_device_support_flags", strconv.Itoa(m.support(d)))
}

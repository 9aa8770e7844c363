package node

import (
	"strconv"
	"strings"

	"github.com/gocorosync/gocorosync/pacemakerd/attrd"
	"github.com/gocorosync/gocorosync/pacemakerd/cib"
	"github.com/gocorosync/gocorosync/pacemakerd/controller"
	"github.com/gocorosync/gocorosync/pacemakerd/peer"
	"github.com/gocorosync/gocorosync/pacemakerd/stonith"
	"github.com/gocorosync/gocorosync/pacemakerd/xml"
)

// cibStep runs the CIB manager and carries its actions out.
func (m *Machine) cibStep(ev cib.Event) {
	for _, a := range m.cib.Step(m.now, ev) {
		switch a := a.(type) {
		case cib.Send:
			m.send("cib", a.To, peer.SubCIB, peer.SubCIB, a.Msg)
		case cib.Respond:
			m.do(Respond{a.Client, a.Frame, a.Msg})
		case cib.Notify:
			if c := m.own[a.Client]; c != nil {
				m.later(func() { m.answered(c, a.Msg) })
				continue
			}
			m.do(Notify{a.Client, a.Msg})
		case cib.Save:
			m.do(Save{a.Doc})
		case cib.Unsaved:
			m.later(func() { m.unsaved(a.Code) })
		case cib.Changed:
			m.later(func() { m.changed(a) })
		}
	}
}

// unsaved tells everybody, by a node attribute that lives as long as the trouble,
// that this node's disk does not hold the configuration.
func (m *Machine) unsaved(code cib.Code) {
	text := ""
	if code != cib.OK {
		text = code.String()
	}
	m.attrdKnowing(func() { m.attrdDo(m.attrd.Update(m.now, m.cfg.Node, cib.UnsavedAttribute, text)) })
}

// changed tells the others of a change of the CIB.
func (m *Machine) changed(a cib.Changed) {
	patch := a.Patch
	if a.Op.FullSync {
		// Part of a join: what it says of operations is old, and said again by those
		// who ran them. As news it would count failures of a life before.
		patch = nil
	}
	m.dcDo(m.dc.CIBChanged(m.now, patch, a.Doc))
	if a.Config {
		m.fenceDo(m.fence.CIBChanged(m.now, a.Doc))
	}
	if replacesPeers(a.Op, a.Patch) {
		m.attrdDo(m.attrd.CIBReplaced(m.now))
		if !a.Op.FullSync { // that is part of a join
			m.dcDo(m.dc.CIBReplaced(m.now))
		}
	}
}

// replacesPeers tells whether an operation put something else in the place of
// the nodes or their status, which the cluster has to write again.
func replacesPeers(op *cib.Op, patch *xml.Element) bool {
	if op.Name != cib.OpReplace && op.Name != cib.OpErase {
		return false
	}
	for c := range patch.Each("change") {
		path := c.Get("path")
		if strings.HasPrefix(path, "/cib/status") || strings.HasPrefix(path, "/cib/configuration/nodes") || path == "/cib/configuration" ||
			path == "/cib" && c.Get("operation") != "modify" {
			return true
		}
	}
	return false
}

// ask sends an operation to the CIB manager on behalf of a machine inside.
func (m *Machine) ask(c *inside, op *cib.Op, tag int) {
	c.calls++
	call := strconv.Itoa(c.calls + 1)
	n := xml.New("cib_command", "__name__", "cib_command", "t", "cib", "cib_async_id", c.id, "cib_op", op.Name)
	if op.Host != "" {
		n.Set("cib_host", op.Host)
	}
	if op.Section != "" {
		n.Set("cib_section", op.Section)
	}
	n.Set("cib_callid", call)
	if op.User != "" {
		n.Set("cib_user", op.User)
	}
	n.Set("cib_callopt", strconv.Itoa(int(op.Options)))
	if op.Data != nil {
		n.Append(xml.New("cib_calldata")).Append(op.Data.Clone())
	}
	if tag != 0 {
		c.tags[call] = tag
	}
	m.cibStep(cib.Asked{Client: c.id, Msg: n})
}

// answered takes the outcome of an operation asked for with a tag.
func (m *Machine) answered(c *inside, msg *xml.Element) {
	call := msg.Get("cib_callid")
	tag := c.tags[call]
	delete(c.tags, call)
	if tag == 0 {
		return
	}
	rc, _ := strconv.Atoi(msg.Get("cib_rc"))
	m.dcDo(m.dc.CIBDone(m.now, tag, cib.Code(rc), msg.Child("cib_calldata").Child("")))
}

// dcDo carries the controller's actions out.
func (m *Machine) dcDo(out []controller.Action) {
	for _, a := range out {
		switch a := a.(type) {
		case controller.Send:
			from := peer.SubCRMD
			m.send("crmd", a.To, a.Type, from, a.Msg)
		case controller.CIB:
			m.ask(m.crmd, a.Op, a.Tag)
		case controller.Plan:
			m.do(Plan{a.ID, a.CIB})
		case controller.Attr:
			m.attrdKnowing(func() { m.attrdDo(m.attrd.Update(m.now, a.Node, a.Name, a.Value)) })
		case controller.ClearFailure:
			m.attrdKnowing(func() { m.attrdDo(m.attrd.ClearFailure(m.now, a.Node, a.Resource, a.Op, a.Interval)) })
		case controller.Run:
			if a.Op.Agent.Class == "stonith" {
				m.later(func() { m.fenceDo(m.fence.Operate(m.now, a.Run)) })
				continue
			}
			m.do(Run{a.Run})
		case controller.Accepted:
			m.do(Accepted{a})
		case controller.Keep:
			m.do(Keep{a.Kept})
		case controller.Settled:
			m.do(Settled{a.Ticket})
		case controller.Kill:
			if m.fence.Operating(a.ID) {
				m.later(func() { m.fenceDo(m.fence.Abandon(m.now, a.ID)) })
				continue
			}
			m.do(Kill{a.ID})
		case controller.Metadata:
			m.do(GetMetadata{a.Agent})
		case controller.Fence:
			m.later(func() { m.fenceDo(m.fence.Fence(m.now, a.ID, a.Target, a.Action, a.Timeout, a.Delay)) })
		case controller.Reply:
			if m.clients[a.Client] != nil {
				m.do(Notify{a.Client, a.Msg})
			}
		case controller.Role:
			m.do(NewDC{a.DC})
		case controller.Left:
			m.left(a.Code)
		}
	}
}

// left follows the controller's end: the others end too, the CIB last.
func (m *Machine) left(code int) {
	m.exitCode = code
	m.do(Leave{"crmd"})
	m.do(Leave{"attrd"})
	m.do(Leave{"stonith-ng"})
	m.leaving = true
	m.exitAt = m.now + leaveWait
	if len(m.members["cib"]) <= 1 {
		m.exitAt = m.now // nobody to tell; what is under way is delivered first
	}
	m.send("cib", "", peer.SubCIB, peer.SubCIB, m.cib.Leave())
}

// maxUnknowing bounds what waits in attrdKnowing.
const maxUnknowing = 1000

// attrdKnowing queues work that goes by the attributes' values until a node that
// was resumed has heard them.
func (m *Machine) attrdKnowing(f func()) {
	if m.attrd.Asking() && len(m.unknowing) < maxUnknowing {
		m.unknowing = append(m.unknowing, f)
		return
	}
	m.later(f)
}

func (m *Machine) attrdDo(out []attrd.Action) {
	if len(m.unknowing) > 0 && !m.attrd.Asking() {
		m.queue = append(m.queue, m.unknowing...)
		m.unknowing = nil
	}
	for _, a := range out {
		switch a := a.(type) {
		case attrd.Send:
			to := peer.SubAttrd
			if a.Vote {
				to = peer.SubCRMD
			}
			m.send("attrd", a.To, to, peer.SubAttrd, a.Msg)
		case attrd.WriteCIB:
			opt := cib.QuorumOverride
			if a.Delete {
				opt |= cib.MixedUpdate | cib.ScopeLocal
			}
			m.ask(m.attr, &cib.Op{Name: cib.OpModify, Section: "status", Options: opt, Data: a.Status, User: a.User}, 0)
		case attrd.Erase:
			path := "//node_state[@uname=" + xml.Quoted(m.cfg.Node) + "]/transient_attributes"
			if a.Name != "" {
				path += "//nvpair[@name=" + xml.Quoted(a.Name) + "]"
			}
			m.ask(m.attr, &cib.Op{Name: cib.OpDelete, Section: path, Options: cib.QuorumOverride | cib.XPath}, 0)
		case attrd.Changed:
		}
	}
}

func (m *Machine) fenceDo(out []stonith.Action) {
	for _, a := range out {
		switch a := a.(type) {
		case stonith.Send:
			m.send("stonith-ng", a.To, peer.SubFencer, peer.SubFencer, a.Msg)
		case stonith.Respond:
			m.do(Respond{a.Client, a.Frame, a.Msg})
		case stonith.Notify:
			m.do(Notify{a.Client, a.Msg})
		case stonith.Run:
			m.do(RunFence{a.Run})
		case stonith.Metadata:
			m.do(GetMetadata{a.Agent})
		case stonith.Operated:
			m.later(func() { m.dcDo(m.dc.Finished(m.now, a.Finish)) })
		case stonith.Fenced:
			m.later(func() { m.dcDo(m.dc.Fenced(m.now, a.ID, a.Target, a.Err)) })
		case stonith.SelfFenced:
			m.later(func() { m.dcDo(m.dc.WasFenced(m.now, m.cfg.Node)) })
		}
	}
}

// storedAttributes returns the names of this node's transient attributes in its
// copy of the CIB.
func (m *Machine) storedAttributes() (names []string) {
	for state := range m.cib.Doc().Child("status").Each("node_state") {
		if !strings.EqualFold(state.Get("uname"), m.cfg.Node) {
			continue
		}
		for n := range state.Child("transient_attributes").Walk() {
			if n.Name == "nvpair" {
				names = append(names, n.Get("name"))
			}
		}
	}
	return names
}

package cib

import "github.com/gocorosync/gocorosync/pacemakerd/xml"

// Try returns what an operation would do to the document as it is now.
func (m *Machine) Try(op *Op) Result { return Apply(m.doc, op, Stamp{}, m.env()) }

// limitedNotification is the notification of a change for a client whose user may not read
// everything: the patch between what it saw before and what it sees now. It
// returns nil for a client without limits, and an element without name where
// there is nothing to tell.
func (m *Machine) limitedNotification(c *client, op *Op, old *xml.Element, r Result) *xml.Element {
	if c.Privileged {
		return nil
	}
	before, wasLimited := m.env().rules(old, c.User)
	after, isLimited := m.env().rules(r.Doc, c.User)
	if !wasLimited && !isLimited {
		return nil
	}
	see := func(doc *xml.Element, limited bool, filter func(*xml.Element) *xml.Element) *xml.Element {
		if !limited {
			return doc
		}
		return filter(doc)
	}
	was, is := see(old, wasLimited, before.Filter), see(r.Doc, isLimited, after.Filter)
	if was == nil || is == nil || !r.Changed {
		return &xml.Element{}
	}
	patch := xml.Diff(was, is)
	if patch == nil {
		return &xml.Element{}
	}
	n := xml.New("notify", "t", "cib_notify", "subt", "cib_diff_notify", "cib_op", op.Name, "cib_rc", "0")
	n.Append(xml.New("cib_update_result")).Append(patch)
	return n
}

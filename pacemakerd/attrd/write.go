package attrd

import (
	"strconv"
	"strings"

	"github.com/gocorosync/gocorosync/pacemakerd/xml"
)

// writeAll writes every attribute to the CIB.
func (m *Machine) writeAll() {
	for _, a := range m.sorted() {
		a.dirty = true
		a.writeAt = 0
		m.write(a)
	}
}

// write puts one attribute of all nodes into the CIB, if this node is the
// writer and all ids are known; what is not written stays dirty.
func (m *Machine) write(a *attribute) {
	if !m.Writer() || a.private || !a.dirty {
		return
	}
	a.dirty = false
	status := xml.New("status")
	deletes := false
	for _, v := range a.sorted() {
		if v.id == 0 {
			if p := m.cfg.Cache.ByName(v.node); p != nil {
				v.id = p.ID
			}
		}
		id := strconv.FormatUint(uint64(v.id), 10)
		if v.remote {
			id = v.node
		} else if v.id == 0 {
			a.dirty = true // written when the node is known
			continue
		}
		if !v.has && !v.gone {
			continue
		}
		ns := status.Append(xml.New("node_state", "id", id))
		ta := ns.Append(xml.New("transient_attributes", "id", id))
		set := a.set
		if set == "" {
			set = "status-" + id
		}
		nv := ta.Append(xml.New("instance_attributes", "id", set)).Append(
			xml.New("nvpair", "id", xmlID(set+"-"+a.name), "name", a.name, "value", v.text))
		if !v.has {
			nv.Set("__delete__", "value")
			v.gone = false
			deletes = true
		}
	}
	if len(status.Children) > 0 {
		m.out = append(m.out, WriteCIB{Status: status, Delete: deletes, User: a.user})
	}
}

// xmlID replaces what an XML id cannot hold by dots.
func xmlID(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '-', r == '_', r == '.':
			return r
		}
		return '.'
	}, s)
}

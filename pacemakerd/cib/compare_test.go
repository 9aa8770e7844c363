package cib

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/gocorosync/gocorosync/pacemakerd/xml"
)

// group is CIB managers that get all messages in one order.
type group struct {
	nodes []*Machine
	now   time.Duration
	wire  []sent
}

type sent struct {
	from, to string
	msg      *xml.Element
}

func (g *group) step(m *Machine, ev Event) {
	for _, a := range m.Step(g.now, ev) {
		if s, ok := a.(Send); ok {
			g.wire = append(g.wire, sent{m.cfg.Node, s.To, s.Msg})
		}
	}
}

// deliver brings the first message, or all of them, to those it is for.
func (g *group) deliver(all bool) {
	for len(g.wire) > 0 {
		s := g.wire[0]
		g.wire = g.wire[1:]
		for _, m := range g.nodes {
			if s.to == "" || s.to == m.cfg.Node {
				g.step(m, Delivered{From: s.from, Msg: s.msg.Clone()})
			}
		}
		if !all {
			return
		}
	}
}

// change multicasts a change of a section, from the second node.
func (g *group) change(section string, data *xml.Element) {
	msg := ask(OpCreate, 0, section, data)
	msg.Set("cib_delegated_from", "n2")
	g.wire = append(g.wire, sent{"n2", "", msg})
}

// TestCompareWhileChanging: the copy of one node differs, with as many changes as that
// of the DC's node, with more, and with less. It becomes that of the DC's node, though
// changes are made at every moment of the comparison, of the configuration too.
func TestCompareWhileChanging(t *testing.T) {
	for _, more := range []int{-1, 0, 3} {
		for _, every := range []int{1, 2, 3} {
			g := &group{now: time.Second}
			for _, name := range []string{"n1", "n2", "n3"} {
				g.nodes = append(g.nodes, New(Config{Node: name}))
			}
			g.change("status", xml.New("node_state", "id", "1", "uname", "n1"))
			g.deliver(true)
			other := g.nodes[2]
			other.doc = other.doc.Clone()
			other.doc.First("//node_state").Set("uname", "wrong")
			v := VersionOf(other.doc)
			v.NumUpdates += more
			v.set(other.doc)

			dc := g.nodes[0]
			g.step(dc, Connected{Client: "in", Privileged: true, Name: "crmd", Inside: true})
			g.step(dc, Asked{Client: "in", Msg: xml.New("cib_command", "cib_op", OpMaster)})
			dc.pingAt = g.now
			g.step(dc, nil)
			for i := 0; len(g.wire) > 0 && i < 1000; i++ {
				g.deliver(false)
				switch {
				case i%every != 0 || i > 30:
				case i%2 == 0:
					g.change("status", xml.New("node_state", "id", fmt.Sprint(i+2)))
				default:
					g.change("resources", xml.New("primitive", "id", fmt.Sprint("r", i), "class", "ocf", "provider", "p", "type", "t"))
				}
			}
			digests := []string{xml.Digest(dc.doc), xml.Digest(g.nodes[1].doc), xml.Digest(other.doc)}
			if len(slices.Compact(digests)) != 1 || dc.doc.First("//node_state[@uname='n1']") == nil {
				t.Errorf("%d more, a change every %d messages: n1 has %v, n3 %v\n%s", more, every, VersionOf(dc.doc), VersionOf(other.doc), other.doc.Format())
			}
		}
	}
}

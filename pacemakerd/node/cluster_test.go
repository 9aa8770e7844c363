package node

import (
	"log/slog"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/gocorosync/gocorosync/pacemakerd/cib"
	"github.com/gocorosync/gocorosync/pacemakerd/controller"
	"github.com/gocorosync/gocorosync/pacemakerd/lrmd"
	"github.com/gocorosync/gocorosync/pacemakerd/xml"
)

// A cluster is a few nodes on an ordered multicast and a pretended clock.
type cluster struct {
	t       *testing.T
	now     time.Duration
	nodes   []*host
	uuid    int
	log     *slog.Logger
	plan    func(cib *xml.Element) *xml.Element
	pending []delivery
	heard   func(h *host, a Action) // sees what is done; may be nil
}

type host struct {
	*Machine
	id     uint32
	name   string
	groups map[string]bool
	active map[string]bool // resources that run here
	runs   []string
	exited bool
	code   int
}

func newCluster(t *testing.T, names ...string) *cluster {
	c := &cluster{t: t, log: slog.New(slog.DiscardHandler)}
	for i, n := range names {
		h := &host{id: uint32(i + 1), name: n, groups: map[string]bool{}, active: map[string]bool{}}
		h.Machine = New(Config{Node: n, ID: h.id, PID: 1, Version: "test", ClusterName: "testcluster", Cores: 2,
			UUID:  func() string { c.uuid++; return "uuid-" + strconv.Itoa(c.uuid) },
			Wall:  func() int64 { return int64(c.now/time.Second) + 1000 },
			CTime: func() string { return "Thu Jan  1 00:00:00 1970" }, Log: c.log.With("on", n)})
		c.nodes = append(c.nodes, h)
	}
	for _, h := range c.nodes {
		c.step(h, Names{map[uint32]string{h.id: h.name}})
	}
	c.quorum()
	return c
}

func (c *cluster) alive() (ids []uint32) {
	for _, h := range c.nodes {
		if !h.exited {
			ids = append(ids, h.id)
		}
	}
	return ids
}

func (c *cluster) quorum() {
	ids := c.alive()
	for _, h := range c.nodes {
		if !h.exited {
			c.step(h, Quorum{Quorate: len(ids)*2 > len(c.nodes) || len(c.nodes) == 2, Members: ids})
		}
	}
}

func (c *cluster) step(h *host, ev Event) {
	if h.exited {
		return
	}
	for _, a := range h.Step(c.now, ev) {
		c.act(h, a)
	}
}

func (c *cluster) confchg(group string) {
	var members []uint32
	for _, h := range c.nodes {
		if h.groups[group] && !h.exited {
			members = append(members, h.id)
		}
	}
	for _, h := range c.nodes {
		if h.groups[group] {
			c.pending = append(c.pending, delivery{h, Confchg{group, slices.Clone(members)}})
		}
	}
}

type delivery struct {
	to *host
	ev Event
}

func (c *cluster) act(h *host, a Action) {
	if c.heard != nil {
		c.heard(h, a)
	}
	switch a := a.(type) {
	case Join:
		h.groups[a.Group] = true
		c.confchg(a.Group)
	case Leave:
		h.groups[a.Group] = false
		c.confchg(a.Group)
	case Multicast:
		for _, to := range c.nodes {
			if to.groups[a.Group] {
				c.pending = append(c.pending, delivery{to, Message{a.Group, h.id, 1, slices.Clone(a.Data)}})
			}
		}
	case Run:
		h.runs = append(h.runs, a.Op.Resource+" "+a.Op.Action)
		f := lrmd.Finish{ID: a.ID}
		switch {
		case a.Op.Action == "start":
			h.active[a.Op.Resource] = true
		case a.Op.Action == "stop":
			h.active[a.Op.Resource] = false
		case a.Op.Action == "monitor" && !h.active[a.Op.Resource]:
			f.RC = lrmd.RCNotRunning
		}
		c.pending = append(c.pending, delivery{h, AgentDone{f}})
	case GetMetadata:
		c.pending = append(c.pending, delivery{h, GotMetadata{Agent: a.Agent}})
	case Plan:
		c.pending = append(c.pending, delivery{h, Planned{ID: a.ID, Graph: c.plan(a.CIB)}})
	case Exit:
		h.exited, h.code = true, a.Code
	}
}

// run lets virtual time pass.
func (c *cluster) run(d time.Duration) {
	end := c.now + d
	for n := 0; ; n++ {
		if n > 200000 {
			c.t.Fatal("the cluster never comes to rest")
		}
		if len(c.pending) > 0 {
			p := c.pending[0]
			c.pending = c.pending[1:]
			c.step(p.to, p.ev)
			continue
		}
		var first *host
		var at time.Duration
		for _, h := range c.nodes {
			if t, _ := h.Next(); !h.exited && t != 0 && (first == nil || t < at) {
				first, at = h, t
			}
		}
		if first == nil || at > end {
			c.now = end
			return
		}
		c.now = max(c.now, at)
		c.step(first, Tick{})
	}
}

// kill takes a node away without a word.
func (c *cluster) kill(h *host) {
	h.exited = true
	for g := range h.groups {
		h.groups[g] = false
	}
	c.pending = slices.DeleteFunc(c.pending, func(d delivery) bool { return d.to == h })
	for _, g := range Groups {
		c.confchg(g)
	}
	c.quorum()
}

func (c *cluster) dc() *host {
	c.t.Helper()
	var found *host
	for _, h := range c.nodes {
		if !h.exited && h.IsDC() {
			if found != nil {
				c.t.Fatalf("%s and %s are both DC", found.name, h.name)
			}
			found = h
		}
	}
	if found == nil {
		c.t.Fatal("no DC")
	}
	return found
}

// sameCIB fails unless all live nodes have the same document.
func (c *cluster) sameCIB() {
	c.t.Helper()
	var first *host
	for _, h := range c.nodes {
		switch {
		case h.exited:
		case first == nil:
			first = h
		case xml.Digest(h.CIB()) != xml.Digest(first.CIB()):
			c.t.Fatalf("copies differ:\n%s %s\n%s %s", first.name, first.CIB(), h.name, h.CIB())
		}
	}
}

// spread is a planner for tests: it wants resource r on the first live node.
func spread(doc *xml.Element) *xml.Element {
	n := &planner{g: xml.New("transition_graph", "cluster-delay", "60s", "stonith-timeout", "60s", "failed-stop-offset", "INFINITY",
		"failed-start-offset", "INFINITY", "transition_id", "0")}
	spreads++
	n.g.Set("transition_id", strconv.Itoa(spreads))
	var target *xml.Element
	for s := range doc.Child("status").Each("node_state") {
		if s.Get("in_ccm") == "true" && s.Get("crmd") == "online" && s.Get("join") == "member" && target == nil {
			shut := false
			for nv := range s.Walk() {
				shut = shut || nv.Get("name") == "shutdown" && nv.Get("value") != "0"
			}
			if !shut {
				target = s
			}
		}
	}
	var last *xml.Element
	for s := range doc.Child("status").Each("node_state") {
		on := false
		if r := s.ByID("lrm_rsc_op", "r_last_0"); r != nil {
			op, rc := r.Get("operation"), r.Get("rc-code")
			on = op == "start" && rc == "0" || op == "monitor" && rc == "0"
		}
		for nv := range s.Walk() {
			if nv.Get("name") == "shutdown" && nv.Get("value") != "0" && s.Get("crmd") == "online" {
				down := n.add("crm_event", "do_shutdown", s)
				if on {
					last = n.add("rsc_op", "stop", s)
					n.after(down, last)
					on = false
				}
			}
		}
		if s.Get("crmd") != "online" || s.Get("in_ccm") != "true" {
			continue
		}
		if on && s == target {
			return n.g
		}
		if on {
			last = n.add("rsc_op", "stop", s)
		}
	}
	if target != nil && doc.First("//primitive[@id='r']") != nil {
		start := n.add("rsc_op", "start", target)
		if last != nil {
			n.after(start, last)
		}
	}
	return n.g
}

var spreads int

type planner struct {
	g  *xml.Element
	id int
}

func (p *planner) add(kind, task string, s *xml.Element) *xml.Element {
	p.id++
	id := strconv.Itoa(p.id)
	syn := p.g.Append(xml.New("synapse", "id", id))
	a := syn.Append(xml.New("action_set")).Append(xml.New(kind, "id", id, "operation", task, "operation_key", "r_"+task+"_0",
		"on_node", s.Get("uname"), "on_node_uuid", s.ID()))
	if kind == "rsc_op" {
		a.Append(xml.New("primitive", "id", "r", "class", "ocf", "provider", "test", "type", "Dummy"))
	}
	a.Append(xml.New("attributes", "CRM_meta_timeout", "20000", "crm_feature_set", cib.FeatureSet))
	syn.Append(xml.New("inputs"))
	return a
}

func (p *planner) after(a, b *xml.Element) {
	a.Parent.Parent.Child("inputs").Append(xml.New("trigger")).Append(xml.New(b.Name, "id", b.ID()))
}

// TestTwoNodesElectJoinAndFailOver goes through a node's life: election, join,
// a resource, the death of whoever runs it, and a shutdown.
func TestTwoNodesElectJoinAndFailOver(t *testing.T) {
	for _, victim := range []string{"dc", "other"} {
		t.Run(victim, func(t *testing.T) {
			c := newCluster(t, "n1", "n2")
			c.plan = spread
			c.run(30 * time.Second)
			d := c.dc()
			for _, h := range c.nodes {
				want := controller.NotDC
				if h == d {
					want = controller.Idle
				}
				if h.State() != want || h.DC() != d.name {
					t.Fatalf("%s is in %s with DC %q, want %s and %q", h.name, h.State(), h.DC(), want, d.name)
				}
			}
			c.sameCIB()
			c.configure(d)
			c.run(10 * time.Second)
			c.sameCIB()
			where := c.where("r")
			if len(where) != 1 {
				t.Fatalf("r runs on %d nodes", len(where))
			}
			dead := where[0]
			if victim == "other" && dead == d || victim == "dc" && dead != d {
				// Move it: only where it runs matters here, not who is DC.
				t.Logf("r runs on %s, DC is %s", dead.name, d.name)
			}
			c.kill(dead)
			c.run(30 * time.Second)
			if where = c.where("r"); len(where) != 1 || where[0] == dead {
				t.Fatalf("after the death of %s, r runs on %v", dead.name, where)
			}
			survivor := c.dc()
			if n := survivor.CIB().First("//node_state[@uname='" + dead.name + "']"); n.Get("crmd") != "offline" {
				t.Errorf("state of the dead node: %s", n)
			}
			c.step(survivor, Shutdown{})
			c.run(2 * time.Minute)
			if !survivor.exited || survivor.code != 0 || survivor.active["r"] {
				t.Errorf("shutdown: exited %v code %d, r active %v, state %s", survivor.exited, survivor.code, survivor.active["r"], survivor.State())
			}
		})
	}
}

// TestShutdownMovesResourcesFirst shuts down the node that runs the resource.
func TestShutdownMovesResourcesFirst(t *testing.T) {
	c := newCluster(t, "n1", "n2", "n3")
	c.plan = spread
	c.run(30 * time.Second)
	c.configure(c.dc())
	c.run(10 * time.Second)
	from := c.where("r")[0]
	c.step(from, Shutdown{})
	c.run(time.Minute)
	where := c.where("r")
	if !from.exited || len(where) != 1 || where[0] == from {
		t.Fatalf("exited %v, r on %d nodes", from.exited, len(where))
	}
	if from.active["r"] {
		t.Error("left with the resource running")
	}
	c.sameCIB()
	c.dc()
}

func (c *cluster) where(r string) (on []*host) {
	for _, h := range c.nodes {
		if !h.exited && h.active[r] {
			on = append(on, h)
		}
	}
	return on
}

// configure creates resource r as cibadmin would.
func (c *cluster) configure(h *host) {
	id := "client-" + h.name
	c.step(h, ClientOpened{Client: id, Service: "cib_rw", User: "root", Program: "cibadmin", Privileged: true})
	msg, err := xml.Parse([]byte(`<cib_command t="cib" cib_op="cib_create" cib_section="resources" cib_callid="2" cib_callopt="0"><cib_calldata><primitive id="r" class="ocf" provider="test" type="Dummy"/></cib_calldata></cib_command>`))
	if err != nil {
		c.t.Fatal(err)
	}
	c.step(h, ClientAsked{Client: id, Frame: 1, Msg: msg})
}

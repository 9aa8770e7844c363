package sim

import (
	"slices"
	"strings"
	"time"

	"github.com/gocorosync/gocorosync/pacemakerd/cib"
	"github.com/gocorosync/gocorosync/pacemakerd/lrmd"
	"github.com/gocorosync/gocorosync/pacemakerd/xml"
)

// A host is what of a machine outlives the daemons on it: what runs, until its
// power goes, and its clock.
type host struct {
	boots    int
	active   map[string]bool
	promoted map[string]bool
	kept     map[string]lrmd.Kept // what pacemaker has noted in /run
	clock    time.Duration        // ahead of the world's
	drift    float64              // of it
}

// host returns that of a node, a new one if it was switched on since.
func (p *Pacemakers) host(n *Node) *host {
	h := p.hosts[n.ID]
	if h == nil {
		h = &host{}
		if p.Faults.Clocks {
			h.clock = time.Duration(p.w.Rand.IntN(7200)-3600) * time.Second
			h.drift = (p.w.Rand.Float64() - 0.5) / 50
		}
		p.hosts[n.ID] = h
	}
	if h.boots != n.boots || h.active == nil {
		h.boots, h.active, h.promoted, h.kept = n.boots, map[string]bool{}, map[string]bool{}, map[string]lrmd.Kept{}
	}
	return h
}

// Where returns the resources that run on hosts with power, with the nodes.
func Where(w *World) map[string][]string {
	return hosts(w, func(h *host) map[string]bool { return h.active })
}

// Promoted returns the resources that are promoted on hosts with power.
func Promoted(w *World) map[string][]string {
	return hosts(w, func(h *host) map[string]bool { return h.promoted })
}

func hosts(w *World, which func(*host) map[string]bool) map[string][]string {
	on := map[string][]string{}
	for _, n := range w.Nodes {
		if !n.powered || n.pacemakers == nil {
			continue
		}
		for r := range which(n.pacemakers.host(n)) {
			on[r] = append(on[r], n.name())
		}
	}
	for r := range on {
		slices.SortFunc(on[r], strings.Compare)
	}
	return on
}

// Faults is what goes wrong on hosts that run: each is the share of operations
// that it befalls.
type Faults struct {
	Fail, Hang, Die float64 // of agents: they say no, never end, or what they look after is dead
	Broken          string  // an action of all agents that always fails
	Disk            float64 // of writes of the CIB: refused, nothing is changed
	Clocks          bool    // are apart, and run apart

	// Twice, if set, is told of a start beside what runs elsewhere with power, and
	// of a promotion beside another. It says whether that is to be forgiven.
	Twice func(rsc, here string, on []string) bool
}

func (u *Pacemaker) chance(share float64) bool { return share > 0 && u.w.Rand.Float64() < share }

// wall is the time of day that the host believes.
func (u *Pacemaker) wall() time.Time {
	h := u.p.host(u.n)
	return time.Unix(1_700_000_000, 0).Add(u.w.Now + h.clock + time.Duration(h.drift*float64(u.w.Now)))
}

// save is the disk.
func (u *Pacemaker) save(doc *xml.Node) cib.Code {
	if u.chance(u.p.Faults.Disk) {
		u.w.trace("node %d: disk full", u.n.ID)
		return cib.NoSpace
	}
	u.w.trace("node %d: saves %s.%s", u.n.ID, doc.Get("admin_epoch"), doc.Get("epoch"))
	u.p.disks[u.n.ID] = doc.Clone()
	return cib.OK
}

// act pretends an agent. on is where its resource runs; f gets the result, which
// is there after a while.
func (u *Pacemaker) act(op lrmd.Op, on []string, f *lrmd.Finish) (took time.Duration) {
	took = time.Duration(1+u.w.Rand.IntN(300)) * time.Millisecond
	rsc, bad := op.Resource, u.p.Faults
	fails, hangs := op.Action == bad.Broken || u.chance(bad.Fail), u.chance(bad.Hang)
	if hangs {
		took, f.Status, f.RC = max(op.Timeout, time.Second), lrmd.TimedOut, lrmd.RCError
	} else if fails {
		f.RC, f.Reason = lrmd.RCError, "the agent says no"
	}
	host := u.p.host(u.n)
	switch op.Action {
	case "start":
		if !strings.HasPrefix(rsc, cloned) {
			u.alone(rsc, "started", on)
		}
		if !fails { // one that hangs may have done it
			u.Active[rsc] = true
		}
	case "promote":
		u.alone(rsc, "promoted", Promoted(u.w)[rsc])
		if !fails {
			host.promoted[rsc] = true
		}
	case "demote":
		if !fails && !hangs {
			delete(host.promoted, rsc)
		}
	case "stop":
		if !fails && !hangs {
			delete(u.Active, rsc)
			delete(host.promoted, rsc)
		}
	case "monitor":
		if u.Active[rsc] && u.chance(bad.Die) {
			u.w.trace("node %d: %s is dead", u.n.ID, rsc)
			delete(u.Active, rsc)
			delete(host.promoted, rsc)
		}
		switch {
		case fails, hangs:
		case !u.Active[rsc]:
			f.RC = lrmd.RCNotRunning
		case host.promoted[rsc]:
			f.RC = lrmd.RCPromoted
		}
	}
	return took
}

// cloned begins the names of resources that may run on every node.
const cloned = "pg"

// alone fails the world if something happens here that has happened elsewhere.
func (u *Pacemaker) alone(rsc, what string, on []string) {
	here := u.name()
	others := slices.DeleteFunc(slices.Clone(on), func(n string) bool { return n == here })
	if twice := u.p.Faults.Twice; twice != nil && len(others) > 0 && !twice(rsc, here, others) {
		u.w.Failf("node %d: %s is %s while it is on %v", u.n.ID, rsc, what, others)
	}
}

// nodeNamed returns the node of a name, nil if there is none.
func (w *World) nodeNamed(name string) *Node {
	for _, n := range w.Nodes {
		if n.name() == name {
			return n
		}
	}
	return nil
}

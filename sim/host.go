package sim

import (
	"slices"
	"strings"
	"time"

	"github.com/gocorosync/gocorosync/pacemakerd/cib"
	"github.com/gocorosync/gocorosync/pacemakerd/controller"
	"github.com/gocorosync/gocorosync/pacemakerd/lrmd"
	"github.com/gocorosync/gocorosync/pacemakerd/xml"
)

// A host is what of a machine outlives the daemons on it: what runs, until its
// power goes, and its clock.
type host struct {
	boots    int
	active   map[string]bool
	promoted map[string]bool
	kept     map[string]lrmd.Kept     // what pacemaker has noted in /run
	undone   []controller.Held        // and there: operations that it owes an answer to, and runs
	agents   map[string]time.Duration // resource → when what runs on it ends
	clock    time.Duration            // ahead of the world's
	drift    float64                  // of it
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
		h.boots, h.active, h.promoted = n.boots, map[string]bool{}, map[string]bool{}
		h.kept, h.undone, h.agents = map[string]lrmd.Kept{}, nil, map[string]time.Duration{}
	}
	return h
}

func (u *Pacemaker) host() *host { return u.p.host(u.n) }

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
	Stuck           float64 // of agents: they never end, and no signal ends them
	Broken, Endless string  // an action of all agents that always fails, or never ends
	Disk            float64 // of writes of the CIB: refused, nothing is changed
	Clocks          bool    // are apart, and run apart

	// Twice, if set, is told of a start beside what runs elsewhere with power, and
	// of a promotion beside another. It says whether that is to be forgiven.
	Twice func(rsc, here string, on []string) bool
}

func (u *Pacemaker) chance(share float64) bool { return share > 0 && u.w.Rand.Float64() < share }

// wall is the time of day that the host believes.
func (u *Pacemaker) wall() time.Time {
	h := u.host()
	return time.Unix(1_700_000_000, 0).Add(u.w.Now + h.clock + time.Duration(h.drift*float64(u.w.Now)))
}

// setClock sets a host's clock, to what is not the time either.
func (p *Pacemakers) setClock(n *Node) {
	h := p.host(n)
	h.clock += time.Duration(p.w.Rand.IntN(7200)-3600) * time.Second
	p.w.trace("node %d: clock set, %v ahead now", n.ID, h.clock)
}

// save is the disk.
func (u *Pacemaker) save(doc *xml.Element) cib.Code {
	if u.chance(u.p.Faults.Disk) {
		u.w.trace("node %d: disk full", u.n.ID)
		return cib.NoSpace
	}
	u.w.trace("node %d: saves %s.%s", u.n.ID, doc.Get("admin_epoch"), doc.Get("epoch"))
	u.p.disks[u.n.ID] = doc.Clone()
	return cib.OK
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

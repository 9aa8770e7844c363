package sim

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/gocorosync/gocorosync/totem"
	"github.com/gocorosync/gocorosync/totem/wire"
)

const fencedResources = `<resources><primitive id="vip" class="ocf" provider="sim" type="Dummy"><operations><op id="vip-m" name="monitor" interval="10s" timeout="5s"/>` +
	`<op id="vip-s" name="start" interval="0" timeout="5s"/><op id="vip-t" name="stop" interval="0" timeout="5s"/></operations></primitive>` +
	`<group id="web"><primitive id="fs" class="ocf" provider="sim" type="Dummy"><operations><op id="fs-m" name="monitor" interval="7s" timeout="5s"/></operations></primitive>` +
	`<primitive id="www" class="ocf" provider="sim" type="Dummy"><meta_attributes id="www-m"><nvpair id="www-f" name="failure-timeout" value="20s"/></meta_attributes>` +
	`<operations><op id="www-t" name="stop" interval="0" timeout="5s"/></operations></primitive></group>` +
	`<clone id="db"><meta_attributes id="db-m"><nvpair id="db-p" name="promotable" value="true"/></meta_attributes><primitive id="pg" class="ocf" provider="sim" type="Stateful"><operations>` +
	`<op id="pg-m" name="monitor" interval="9s" timeout="5s" role="Promoted"/><op id="pg-u" name="monitor" interval="11s" timeout="5s" role="Unpromoted"/></operations></primitive></clone>` +
	`<primitive id="f1" class="stonith" type="fence_sim"><instance_attributes id="f1-i"><nvpair id="f1-l" name="pcmk_host_list" value="n1 n2 n3 n4 n5"/></instance_attributes></primitive>` +
	`<primitive id="f2" class="stonith" type="fence_sim"><instance_attributes id="f2-i"><nvpair id="f2-l" name="pcmk_host_list" value="n1 n2 n3 n4 n5"/></instance_attributes></primitive></resources>`

// preferred lets every node promote, the lower ones rather.
func preferred(nodes int) string {
	text := "<constraints>"
	for i := range nodes {
		text += fmt.Sprintf(`<rsc_location id="p%d" rsc="db" role="Promoted" node="n%d" score="%d"/>`, i, i+1, 100-i)
	}
	return text + "</constraints>"
}

// vary gives some worlds a second network, and some an administrator who changes the
// list of nodes.
func (w *World) vary() {
	if w.cfg.Generation == wire.EL7 {
		w.cfg.RRP = []totem.RRPMode{totem.RRPNone, totem.RRPPassive, totem.RRPActive}[w.Rand.IntN(3)]
	}
	w.cfg.Edits = w.Rand.IntN(3) == 0
	w.trace("rrp %v, edits %v", w.cfg.RRP, w.cfg.Edits)
}

// fencedWorld is a cluster with fencing whose hosts, agents, disks, clocks and
// fence devices fail, each seed in ways of its own.
func fencedWorld(seed uint64, trace func(string)) (*World, *Pacemakers) {
	return fencedWorldOf(3+int(seed%3), seed, trace)
}

func fencedWorldOf(nodes int, seed uint64, trace func(string)) (*World, *Pacemakers) {
	w, p := pacemakerWorldOf(nodes, seed, trace)
	w.vary()
	r := w.Rand
	share := func(most float64) float64 {
		if r.IntN(2) == 0 {
			return 0
		}
		return r.Float64() * most
	}
	p.Faults = Faults{Fail: share(0.1), Hang: share(0.03), Die: share(0.2), Stuck: share(0.01), Disk: share(0.3), Clocks: r.IntN(2) == 0}
	p.Power = Power{Fail: share(0.5), Hang: share(0.3), Stuck: share(0.2)}
	if seed%4 == 0 {
		p.Power.Lie = r.Float64() * 0.3
	}
	p.Faults.Twice = func(_, _ string, on []string) bool {
		return slices.ContainsFunc(on, func(n string) bool { return p.Power.Lied[n] })
	}
	w.trace("faults %+v, power fails %.2f hangs %.2f sticks %.2f lies %.2f", p.Faults, p.Power.Fail, p.Power.Hang, p.Power.Stuck, p.Power.Lie)
	return w, p
}

// TestFencing runs whole clusters with fencing through chaos in which everything
// fails: nothing is started while it runs on another host that has power, ever;
// no change that a client was told is written gets lost; and in peace all agree
// and every resource runs exactly once. Where a fence device lies there is no
// such certainty as long as it is believed.
func TestFencing(t *testing.T) { fencing(t, 8, fencedWorld) }

// TestTwoNodes is the same for two nodes, of which each keeps quorum alone: when they do
// not see each other both have the other fenced, and what is certain is only what
// fencing makes so.
func TestTwoNodes(t *testing.T) {
	fencing(t, 16, func(seed uint64, trace func(string)) (*World, *Pacemakers) { return fencedWorldOf(2, seed, trace) })
}

func fencing(t *testing.T, part uint64, world func(seed uint64, trace func(string)) (*World, *Pacemakers)) {
	var worst time.Duration
	cuts, lies, ops, writes := 0, 0, 0, 0
	forSomeSeeds(t, part, func(seed uint64, trace func(string)) (time.Duration, error) {
		w, p := world(seed, trace)
		for _, n := range w.Nodes {
			n.Start()
		}
		w.RunUntil(settleWithin, func() bool { return haveDC(w) })
		if u, ok := w.Nodes[0].Up.(*Pacemaker); ok {
			u.Ask("cib_modify", "crm_config", `<crm_config><cluster_property_set id="cib-bootstrap-options"><nvpair id="se" name="stonith-enabled" value="true"/>`+
				`<nvpair id="sf" name="start-failure-is-fatal" value="false"/><nvpair id="st" name="stonith-timeout" value="10s"/></cluster_property_set></crm_config>`, nil)
			u.Ask("cib_replace", "resources", fencedResources, nil)
			u.Ask("cib_replace", "constraints", preferred(len(w.Nodes)), nil)
		}
		p.run(20 * time.Second)
		for range 6 {
			w.Chaos(2)
			p.run(time.Duration(w.Rand.IntN(8)) * time.Second)
			n := w.Nodes[w.Rand.IntN(len(w.Nodes))]
			if u, ok := n.Up.(*Pacemaker); ok {
				switch w.Rand.IntN(6) {
				case 0, 1:
					u.Replace()
				case 2:
					u.Shutdown()
				case 4:
					if u.Settled() && w.Rand.IntN(3) == 0 {
						u.AskFence(w.Nodes[w.Rand.IntN(len(w.Nodes))].name(), time.Duration(w.Rand.IntN(1500))*time.Millisecond)
					}
				case 3:
					if to := w.Rand.IntN(len(w.Nodes)) + 1; u.Settled() { // a minority's change may outdo a write of the others
						u.Prefer(to)
					}
				}
			}
			for _, n := range w.Nodes { // what has ended is started again, sometimes
				if u, ok := n.Up.(*Pacemaker); ok && u.Exit != 0 && w.Rand.IntN(2) == 0 {
					n.Stop()
					n.Start()
				}
			}
			if p.Faults.Clocks && w.Rand.IntN(2) == 0 {
				p.setClock(w.Nodes[w.Rand.IntN(len(w.Nodes))])
			}
			p.run(time.Duration(1+w.Rand.IntN(15)) * time.Second)
			if w.Err() != nil {
				break
			}
		}
		p.Faults = Faults{Twice: p.Faults.Twice}
		p.Power.Fail, p.Power.Hang, p.Power.Stuck, p.Power.Lie = 0, 0, 0, 0
		w.Peace()
		w.SettleEdits()
		start := w.Now
		for w.Now-start < 2*settleWithin && w.Err() == nil && fencedSettled(w, p) != "" {
			p.run(time.Second)
			for _, n := range w.Nodes { // whoever ended or is off starts again, as an administrator would see to
				if u, ok := n.Up.(*Pacemaker); ok && u.Exit != 0 {
					n.Stop()
				}
				if n.Ring == nil && p.Power.wake[n.ID] == 0 {
					n.Start()
				}
			}
		}
		worst = max(worst, w.Now-start)
		if why := fencedSettled(w, p); why != "" && w.Err() == nil {
			w.Failf("%v after peace: %s", 2*settleWithin, why)
		}
		writeCIB(t, w)
		cuts, lies, ops, writes = cuts+p.Power.Cuts, lies+p.Power.Lies, ops+p.AgentOps, writes+len(p.Acked)
		if err := w.Err(); err != nil {
			return w.Now, fmt.Errorf("%w (%d nodes, %v)", err, len(w.Nodes), w.cfg.Generation)
		}
		return w.Now, nil
	})
	t.Logf("%d hosts fenced, %d lies, %d operations, %d acknowledged writes; settled after peace in at most %v", cuts, lies, ops, writes, worst)
}

// fencedSettled is settled, and the clone runs everywhere and is promoted once.
func fencedSettled(w *World, p *Pacemakers) string {
	if why := settled(w, p); why != "" {
		return why
	}
	on, up := Where(w)["pg"], Promoted(w)["pg"]
	for _, n := range w.Nodes {
		if !slices.Contains(on, n.name()) && !gaveUp(w, n) {
			return fmt.Sprintf("pg runs on %v and is promoted on %v", on, up)
		}
	}
	if len(up) != 1 {
		return fmt.Sprintf("pg is promoted on %v", up)
	}
	return ""
}

// gaveUp tells whether the clone has failed for good on a node: it could not be stopped,
// and a process of pacemaker died before the node was fenced for that, so that only the
// count is left, until an administrator cleans up.
func gaveUp(w *World, n *Node) bool {
	for nv := range w.Nodes[0].Up.(*Pacemaker).Node.CIB().Child("status").Walk() {
		if nv.Get("id") == fmt.Sprintf("status-%d-fail-count-pg.stop_0", n.ID) && nv.Get("value") == "INFINITY" {
			return true
		}
	}
	return false
}

// TestNetworks troubles one of two networks at a time under whole nodes, each seed in
// ways of its own, and gives the ring time to find it well again in between: no
// ring changes for it, nobody is fenced and nothing moves, and what is written is
// everybody's.
func TestNetworks(t *testing.T) {
	writes := 0
	forSomeSeeds(t, 12, func(seed uint64, trace func(string)) (time.Duration, error) {
		w, p := pacemakerWorld(2*seed+1, trace) // EL7
		w.cfg.RRP = []totem.RRPMode{totem.RRPPassive, totem.RRPActive}[seed%2]
		p.Faults.Twice = func(string, string, []string) bool { return false }
		for _, n := range w.Nodes {
			n.Start()
		}
		w.RunUntil(settleWithin, func() bool { return haveDC(w) })
		u := w.Nodes[0].Up.(*Pacemaker)
		u.Ask("cib_modify", "crm_config", `<crm_config><cluster_property_set id="cib-bootstrap-options"><nvpair id="se" name="stonith-enabled" value="true"/></cluster_property_set></crm_config>`, nil)
		u.Ask("cib_replace", "resources", fencedResources, nil)
		w.RunUntil(w.Now+settleWithin, func() bool { return settled(w, p) == "" })
		w.Run(5 * time.Second)
		before := atRest(w, p)
		for i := range 12 {
			w.changeNetworks()
			w.Run(time.Duration(w.Rand.IntN(10_000)) * time.Millisecond)
			w.Nodes[w.Rand.IntN(len(w.Nodes))].Up.(*Pacemaker).Write(i + 1)
			w.Run(time.Duration(500+w.Rand.IntN(3000)) * time.Millisecond)
			clear(w.net.lame)
			w.Run(6 * time.Second)
			if !slices.Contains(p.Acked, i+1) {
				w.Failf("write %d is not answered", i+1)
			}
			if after := atRest(w, p); after != before {
				w.Failf("with one network in trouble: %v, before %v", after, before)
			}
		}
		writes += len(p.Acked)
		if err := w.Err(); err != nil {
			return w.Now, fmt.Errorf("%w (%d nodes, %v)", err, len(w.Nodes), w.cfg.RRP)
		}
		return w.Now, nil
	})
	t.Logf("%d acknowledged writes", writes)
}

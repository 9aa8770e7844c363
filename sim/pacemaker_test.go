package sim

import (
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/gocorosync/gocorosync/pacemakerd/controller"
	"github.com/gocorosync/gocorosync/pacemakerd/xml"
	"github.com/gocorosync/gocorosync/totem"
	"github.com/gocorosync/gocorosync/votequorum"
)

// settleWithin is how long a whole cluster may take, once it is left in peace,
// until all agree and every resource runs once: an election after a restart of
// all alone takes dc-deadtime, 20 s.
const settleWithin = 3 * time.Minute

func pacemakerWorld(seed uint64, trace func(string)) (*World, *Pacemakers) {
	return pacemakerWorldOf(3+int(seed%3), seed, trace)
}

// pacemakerWorldOf is a cluster of so many nodes; two of them keep quorum alone.
func pacemakerWorldOf(nodes int, seed uint64, trace func(string)) (*World, *Pacemakers) {
	settings := votequorum.Settings{Votes: 1, Expected: uint32(nodes), Counted: true, TwoNode: nodes == 2, WaitForAll: nodes == 2}
	var p *Pacemakers
	cfg := Config{Seed: seed, Nodes: nodes, Generation: generation(seed), Trace: trace, Tunables: totem.Tunables{Token: time.Second}}
	cfg.Upper = func(w *World, n *Node) Upper {
		settings.Expected = uint32(len(n.InForce.List))
		return NewPacemaker(w, n, p, settings)
	}
	if trace != nil && *nodeLog {
		cfg.Log = logTo(trace)
	}
	w := NewWorld(cfg)
	p = NewPacemakers(w)
	p.TwoParts = settings.TwoNode
	return w, p
}

const simResources = `<resources><primitive id="vip" class="ocf" provider="sim" type="Dummy"><operations><op id="vip-m" name="monitor" interval="10s"/></operations></primitive>` +
	`<group id="web"><primitive id="fs" class="ocf" provider="sim" type="Dummy"/><primitive id="www" class="ocf" provider="sim" type="Dummy"/></group></resources>`

// TestWholeNodes runs whole clusters, pacemaker and all, through chaos: in peace
// they agree on one DC and one CIB, every resource runs exactly once, and no
// change that a client was told is written has got lost.
func TestWholeNodes(t *testing.T) {
	var worst time.Duration
	plans, ops, writes := 0, 0, 0
	forSomeSeeds(t, 8, func(seed uint64, trace func(string)) (time.Duration, error) {
		w, p := pacemakerWorld(seed, trace)
		w.vary()
		for _, n := range w.Nodes {
			n.Start()
		}
		w.RunUntil(settleWithin, func() bool { return haveDC(w) })
		first := w.Nodes[0].Up.(*Pacemaker)
		first.Ask("cib_modify", "crm_config", `<crm_config><cluster_property_set id="cib-bootstrap-options"><nvpair id="se" name="stonith-enabled" value="false"/></cluster_property_set></crm_config>`, nil)
		first.Ask("cib_replace", "resources", simResources, nil)
		w.Run(20 * time.Second)
		for range 6 {
			w.Chaos(2)
			p.run(time.Duration(1+w.Rand.IntN(18)) * time.Second)
			if w.Err() != nil {
				return w.Now, w.Err()
			}
		}
		w.Peace()
		w.SettleEdits()
		for _, n := range w.Nodes { // whoever was told to end starts again, as systemd would see to
			if u, ok := n.Up.(*Pacemaker); ok && u.Exit != 0 {
				n.Stop()
				n.Start()
			}
		}
		start := w.Now
		w.RunUntil(start+settleWithin, func() bool { return settled(w, p) == "" })
		worst = max(worst, w.Now-start)
		if why := settled(w, p); why != "" && w.Err() == nil {
			w.Failf("%v after peace: %s", settleWithin, why)
		}
		writeCIB(t, w)
		plans, ops, writes = plans+p.Plans, ops+p.AgentOps, writes+len(p.Acked)
		if err := w.Err(); err != nil {
			return w.Now, fmt.Errorf("%w (%d nodes, %v)", err, len(w.Nodes), w.cfg.Generation)
		}
		return w.Now, nil
	})
	t.Logf("%d plans, %d operations, %d acknowledged writes; settled after peace in at most %v", plans, ops, writes, worst)
}

// TestProcessesDie kills the process of pacemaker on nodes that live, the DC's
// too and several at a time, while resources are being started: nothing is
// started twice or stopped, two things never run on one resource at a time, and
// all agree again soon.
func TestProcessesDie(t *testing.T) {
	var worst time.Duration
	worstSeed, deaths, ops := uint64(0), 0, 0
	forSomeSeeds(t, 16, func(seed uint64, trace func(string)) (time.Duration, error) {
		w, p := pacemakerWorld(seed, trace)
		for _, n := range w.Nodes {
			n.Start()
			n.Up.(*Pacemaker).Strict = true
		}
		w.RunUntil(settleWithin, func() bool { return haveDC(w) })
		first := w.Nodes[0].Up.(*Pacemaker)
		first.Ask("cib_modify", "crm_config", `<crm_config><cluster_property_set id="cib-bootstrap-options"><nvpair id="se" name="stonith-enabled" value="false"/></cluster_property_set></crm_config>`, nil)
		w.Run(time.Second)
		first.Ask("cib_replace", "resources", simResources, nil)
		for i := range 8 {
			w.Run(time.Duration(w.Rand.IntN(3000)) * time.Millisecond)
			for k := 1 + w.Rand.IntN(3)/2; k > 0; k-- {
				deaths++
				w.Nodes[w.Rand.IntN(len(w.Nodes))].Up.(*Pacemaker).Replace()
			}
			u := w.Nodes[w.Rand.IntN(len(w.Nodes))].Up.(*Pacemaker)
			if w.Rand.IntN(2) == 0 {
				u.Ask("cib_modify", "resources", fmt.Sprintf(`<resources><primitive id="more-%d" class="ocf" provider="sim" type="Dummy"/></resources>`, i), nil)
			} else {
				u.Write(i + 1)
			}
			if w.Err() != nil {
				return w.Now, w.Err()
			}
		}
		start := w.Now
		w.RunUntil(start+time.Minute, func() bool { return settled(w, p) == "" })
		if w.Now-start > worst {
			worst, worstSeed = w.Now-start, seed
		}
		if why := settled(w, p); why != "" && w.Err() == nil {
			w.Failf("a minute after the last death: %s", why)
		}
		ops += p.AgentOps
		if err := w.Err(); err != nil {
			return w.Now, fmt.Errorf("%w (%d nodes, %v)", err, len(w.Nodes), w.cfg.Generation)
		}
		return w.Now, nil
	})
	t.Logf("%d deaths, %d operations; settled after the last in at most %v (seed %d)", deaths, ops, worst, worstSeed)
}

// writeCIB is for looking at what a seed came to.
func writeCIB(t *testing.T, w *World) {
	if *cibTo == "" || *seed == 0 {
		return
	}
	for _, n := range w.Nodes {
		if u, ok := n.Up.(*Pacemaker); ok && u.Node != nil && u.Node.IsDC() {
			if err := os.WriteFile(*cibTo, u.Node.CIB().Format(), 0o644); err != nil {
				t.Error(err)
			}
		}
	}
}

func haveDC(w *World) bool {
	for _, n := range w.Nodes {
		u := n.Up.(*Pacemaker)
		if u.Node == nil || u.Node.State() != controller.Idle && u.Node.State() != controller.NotDC {
			return false
		}
	}
	return true
}

// settled says what is not as it should be, "" if all is.
func settled(w *World, p *Pacemakers) string {
	dcs := 0
	digest := ""
	for _, n := range w.Nodes {
		u, ok := n.Up.(*Pacemaker)
		if !ok {
			return fmt.Sprintf("node %d is off", n.ID)
		}
		if u.Node == nil || u.Exit != 0 {
			return fmt.Sprintf("node %d does not run pacemaker (exit %d)", n.ID, u.Exit-1)
		}
		if u.Node.IsDC() {
			dcs++
		}
		if s := u.Node.State(); s != controller.Idle && s != controller.NotDC {
			return fmt.Sprintf("node %d is in %s", n.ID, s)
		}
		d := xml.Digest(u.Node.CIB())
		if digest == "" {
			digest = d
		}
		if d != digest {
			return fmt.Sprintf("node %d has another CIB", n.ID)
		}
		for _, e := range p.Acked {
			if !u.Wrote(e) {
				return fmt.Sprintf("node %d has lost acknowledged write %d", n.ID, e)
			}
		}
	}
	if dcs != 1 {
		return fmt.Sprintf("%d DCs", dcs)
	}
	on := Where(w)
	for _, r := range []string{"vip", "fs", "www"} {
		if len(on[r]) != 1 {
			return fmt.Sprintf("%s runs on %v", r, on[r])
		}
	}
	if on["fs"][0] != on["www"][0] {
		return fmt.Sprintf("the group is on %v and %v", on["fs"], on["www"])
	}
	return ""
}

// TestWholeNodesSameSeedSameStory runs a seed twice.
func TestWholeNodesSameSeedSameStory(t *testing.T) {
	story := func(seed uint64) (lines []string) {
		w, p := fencedWorld(seed, func(s string) { lines = append(lines, s) })
		w.cfg.Edits = true
		for _, n := range w.Nodes {
			n.Start()
		}
		w.Run(40 * time.Second)
		w.Nodes[0].Up.(*Pacemaker).Ask("cib_replace", "resources", fencedResources, nil)
		p.run(10 * time.Second)
		w.Chaos(3)
		p.run(10 * time.Second)
		lines = append(lines, fmt.Sprint(p.Plans, p.AgentOps))
		return lines
	}
	for seed := range uint64(4) {
		a, b := story(seed+1), story(seed+1)
		for i := range min(len(a), len(b)) {
			if a[i] != b[i] {
				t.Fatalf("two runs of seed %d differ at line %d:\n%s\n%s", seed+1, i, a[i], b[i])
			}
		}
		if len(a) != len(b) {
			t.Fatalf("two runs of seed %d differ in length: %d, %d", seed+1, len(a), len(b))
		}
	}
}

// forSomeSeeds is forSeeds for worlds that cost much: it takes every
// part-th of the seeds.
func forSomeSeeds(t *testing.T, part uint64, run func(seed uint64, trace func(string)) (time.Duration, error)) {
	all := *seeds
	*seeds = max(1, all/part)
	defer func() { *seeds = all }()
	forSeeds(t, run)
}

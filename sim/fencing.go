package sim

import (
	"time"

	"github.com/gocorosync/gocorosync/pacemakerd/lrmd"
	"github.com/gocorosync/gocorosync/pacemakerd/node"
	"github.com/gocorosync/gocorosync/totem"
)

// Power is the fence device of all hosts. Each share says how often it does not
// do what it should; what remains is done.
type Power struct {
	Fail float64 // says that it could not, and has done nothing
	Hang float64 // never answers; half of the time the power is gone
	Lie  float64 // says that it is done, and has done nothing
	// Stuck is Hang where not even the agent's timeout is answered: its process
	// cannot be killed.
	Stuck float64

	Cuts int // done
	Lies int
	// Lied are nodes that a lie was told of and that run on: nothing can be known
	// of them until their power is really gone.
	Lied map[string]bool
	wake map[totem.NodeID]time.Duration // when hosts are switched on again
}

// fence is a fence agent that a node runs.
func (u *Pacemaker) fence(r lrmd.Run) {
	var action, target string
	for _, p := range r.Op.Params {
		switch p.Name {
		case "action":
			action = p.Value
		case "port", "nodename":
			target = p.Value
		}
	}
	power := &u.p.Power
	f := lrmd.Finish{ID: r.ID}
	took := time.Duration(50+u.w.Rand.IntN(2000)) * time.Millisecond
	victim := u.w.nodeNamed(target)
	cut := victim != nil && (action == "off" || action == "reboot")
	switch {
	case !cut: // monitor, on
	case u.chance(power.Fail):
		cut, f.RC = false, lrmd.RCError
	case u.chance(power.Hang):
		took, f.RC, f.Status = max(r.Op.Timeout, time.Second), lrmd.RCError, lrmd.TimedOut
		cut = u.w.Rand.IntN(2) == 0
	case u.chance(power.Stuck):
		took, f.Status = never, lrmd.TimedOut
		cut = u.w.Rand.IntN(2) == 0
	case u.chance(power.Lie):
		cut = false
		power.Lies++
		if power.Lied == nil {
			power.Lied = map[string]bool{}
		}
		power.Lied[target] = victim.powered
	}
	u.w.trace("node %d: fence agent: %s %s, rc %d, after %v, done: %v", u.n.ID, action, target, f.RC, took, cut)
	if cut {
		at := took
		if f.Status == lrmd.TimedOut {
			at = time.Duration(u.w.Rand.Int64N(int64(min(took, 10*time.Second))))
		}
		u.timers = append(u.timers, timer{at: u.w.Now + at, life: anyLife, then: func() { u.p.cut(victim, action) }})
	}
	if took != never {
		u.later(took+time.Microsecond, node.FenceAgentDone{Finish: f})
	}
}

// cut takes the power of a host away; one that is rebooted has it again soon.
func (p *Pacemakers) cut(n *Node, action string) {
	p.Power.Cuts++
	delete(p.Power.Lied, n.name())
	n.Crash()
	if action == "reboot" {
		if p.Power.wake == nil {
			p.Power.wake = map[totem.NodeID]time.Duration{}
		}
		p.Power.wake[n.ID] = p.w.Now + time.Duration(2000+p.w.Rand.IntN(15000))*time.Millisecond
	}
}

// Boot starts what was rebooted and is up again.
func (p *Pacemakers) Boot() {
	for _, n := range p.w.Nodes {
		if at := p.Power.wake[n.ID]; at != 0 && at <= p.w.Now {
			delete(p.Power.wake, n.ID)
			n.Start()
		}
	}
}

// run lets d go by; hosts that were rebooted come up, and clients write.
func (p *Pacemakers) run(d time.Duration) {
	for end := p.w.Now + d; p.w.Now < end && p.w.Err() == nil; {
		p.w.Run(min(time.Second, end-p.w.Now))
		p.Boot()
		if p.w.Rand.IntN(4) == 0 {
			p.Write()
		}
	}
}

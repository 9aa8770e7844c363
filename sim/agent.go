package sim

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/gocorosync/gocorosync/pacemakerd/controller"
	"github.com/gocorosync/gocorosync/pacemakerd/lrmd"
	"github.com/gocorosync/gocorosync/pacemakerd/node"
)

// runAgent pretends an agent: it takes a while, and its resource is then
// running or not.
func (u *Pacemaker) runAgent(r lrmd.Run) {
	u.p.AgentOps++
	f := lrmd.Finish{ID: r.ID}
	if r.Resumed {
		u.resumeAgent(r)
		return
	}
	host := u.host()
	if until := host.agents[r.Op.Resource]; until > u.w.Now {
		u.w.Failf("node %d: %s of %s while something runs on it", u.n.ID, r.Op.Action, r.Op.Resource)
	}
	ticket := r.Op.Ticket
	if ticket == "" {
		ticket = fmt.Sprintf("run %d of %d.%d", r.ID, u.n.Life, u.life)
		host.undone = append(host.undone, controller.Held{Ticket: ticket})
	}
	for i := range host.undone {
		if h := &host.undone[i]; h.Ticket == ticket {
			h.Begun = &r.Op
		}
	}
	on := Where(u.w)[r.Op.Resource]
	if u.Strict && (r.Op.Action == "start" && len(on) > 0 || r.Op.Action == "stop") {
		u.w.Failf("node %d: %s of %s, which runs on %v", u.n.ID, r.Op.Action, r.Op.Resource, on)
	}
	took := u.act(r.Op, on, &f)
	if took == never {
		u.w.trace("node %d: %s %s never ends", u.n.ID, r.Op.Resource, r.Op.Action)
		host.agents[r.Op.Resource] = never
		if r.Op.Timeout > 0 {
			u.later(r.Op.Timeout+5*time.Second, node.AgentOverdue{ID: r.ID})
		}
		return
	}
	u.w.trace("node %d: %s %s, rc %d", u.n.ID, r.Op.Resource, r.Op.Action, f.RC)
	host.agents[r.Op.Resource] = u.w.Now + took
	u.agentEnds(r, took, ticket, f)
}

// agentEnds has an agent end after a while. What nobody waits for is forgotten
// then.
func (u *Pacemaker) agentEnds(r lrmd.Run, took time.Duration, ticket string, f lrmd.Finish) {
	u.timers = append(u.timers, timer{at: u.w.Now + took, life: u.life, run: r.ID, then: func() {
		if r.Op.Ticket == "" || r.Op.Interval > 0 && r.Resumed {
			u.settle(ticket)
		}
		u.host().agents[r.Op.Resource] = u.w.Now
		u.step(node.AgentDone{Finish: f})
	}})
}

// killAgent ends a run soon, unless it is one that cannot be killed.
func (u *Pacemaker) killAgent(run int) {
	for i := range u.timers {
		if t := &u.timers[i]; t.run == run && t.life == u.life {
			t.at = min(t.at, u.w.Now+time.Duration(1+u.w.Rand.IntN(5))*time.Millisecond)
		}
	}
}

func (u *Pacemaker) settle(ticket string) {
	h := u.host()
	h.undone = slices.DeleteFunc(h.undone, func(h controller.Held) bool { return h.Ticket == ticket })
}

// resumeAgent waits for what an earlier process has started; what it came to
// is found out by a monitor.
func (u *Pacemaker) resumeAgent(r lrmd.Run) {
	f := lrmd.Finish{ID: r.ID}
	host, on := u.host(), u.Active[r.Op.Resource]
	if host.agents[r.Op.Resource] == never {
		u.w.trace("node %d: %s %s is still waited for", u.n.ID, r.Op.Resource, r.Op.Action)
		return
	}
	switch {
	case r.Op.Action == "monitor" && !on:
		f.RC = lrmd.RCNotRunning
	case r.Op.Action == "start" && !on, r.Op.Action == "stop" && on:
		f.RC = lrmd.RCError
	}
	took := max(host.agents[r.Op.Resource]-u.w.Now, 0) + time.Millisecond
	host.agents[r.Op.Resource] = u.w.Now + took
	u.agentEnds(r, took, r.Op.Ticket, f)
}

// act pretends an agent. on is where its resource runs; f gets the result, which
// is there after a while, or never.
func (u *Pacemaker) act(op lrmd.Op, on []string, f *lrmd.Finish) (took time.Duration) {
	took = time.Duration(1+u.w.Rand.IntN(300)) * time.Millisecond
	rsc, bad := op.Resource, u.p.Faults
	fails, hangs := op.Action == bad.Broken || u.chance(bad.Fail), u.chance(bad.Hang)
	stuck := op.Action == bad.Endless || u.chance(bad.Stuck)
	switch hangs = hangs || stuck; {
	case stuck:
		took = never
	case hangs:
		took, f.Status, f.RC = max(op.Timeout, time.Second), lrmd.TimedOut, lrmd.RCError
	case fails:
		f.RC, f.Reason = lrmd.RCError, "the agent says no"
	}
	host := u.host()
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

package cpg

import (
	"slices"

	"github.com/gocorosync/gocorosync/service"
	"github.com/gocorosync/gocorosync/totem"
	"github.com/gocorosync/gocorosync/totem/wire"
)

// syncing is what the synchronisation under way will make true.
type syncing struct {
	members []totem.NodeID
	ring    totem.RingID
	down    []totem.NodeID // members so far that did not come along
}

func (m *Machine) syncInit(ev service.SyncInit) {
	m.joinlists = nil
	m.next = syncing{members: slices.Clone(ev.Members), ring: ev.Ring}
	for _, id := range m.members {
		if !slices.Contains(ev.Transitional, id) {
			m.next.down = append(m.next.down, id)
		}
	}
}

// syncProcess tells the others whom this node lost, for their logs, and which
// processes it has.
func (m *Machine) syncProcess() {
	msg, p := service.NewMessage(service.IDCPG, execDownlist, downlistSize)
	down := m.next.down[:min(len(m.next.down), downlistNodes)]
	le.PutUint32(p[16:], uint32(len(m.members)))
	le.PutUint32(p[24:], uint32(len(down)))
	for i, id := range down {
		le.PutUint32(p[32+4*i:], uint32(id))
	}
	m.send(msg)

	var local []process
	for _, pr := range m.procs {
		if pr.node == m.cfg.Self {
			local = append(local, pr)
		}
	}
	if len(local) > 0 {
		msg, p := service.NewMessage(service.IDCPG, execJoinlist, joinlistHead+joinlistEntry*len(local))
		for i, pr := range local {
			e := p[joinlistHead+joinlistEntry*i:]
			le.PutUint32(e, pr.pid)
			putName(e[8:], pr.group)
		}
		m.send(msg)
	}
	m.out = append(m.out, service.Processed{})
}

func (m *Machine) joinlist(ev *service.Exec) {
	if len(ev.Data) < joinlistHead {
		return
	}
	for e := ev.Data[joinlistHead:]; len(e) >= joinlistEntry; e = e[joinlistEntry:] {
		group, ok := readName(e[8:], ev.Order)
		if !ok {
			return
		}
		m.joinlists = append(m.joinlists, process{ev.From, ev.Order.Uint32(e), group})
	}
}

// syncActivate makes the new membership true: processes of lost nodes leave,
// those of new ones join, and those that nobody vouches for leave too.
func (m *Machine) syncActivate() {
	m.members, m.ring = m.next.members, m.next.ring
	m.changes++

	m.remove(func(p process) bool { return slices.Contains(m.next.down, p.node) }, NodeDown)

	lists := m.joinlists
	m.joinlists = nil
	slices.Reverse(lists) // newest first
	came := make(map[string][]Address)
	var groups []string
	for _, p := range lists {
		if p.node == m.cfg.Self || m.find(p) >= 0 {
			continue
		}
		m.insert(p)
		if m.cfg.Generation == wire.EL7 {
			m.notify(p.group, nil, []Address{{p.node, p.pid, NodeUp}})
			continue
		}
		if came[p.group] == nil {
			groups = append(groups, p.group)
		}
		came[p.group] = append(came[p.group], Address{p.node, p.pid, NodeUp})
	}
	slices.Sort(groups)
	for _, g := range groups {
		m.notify(g, nil, came[g])
	}

	for _, p := range slices.Clone(m.procs) {
		if p.node != m.cfg.Self && !slices.Contains(lists, p) {
			m.procleave(p, ProcDown)
		}
	}

	// A join that was under way when the ring changed, and came through before this
	// moment, is undone by the others just now: none of their lists has it. Whoever
	// knows it takes no notice of a second one.
	for _, c := range m.conns {
		self := process{m.cfg.Self, c.pid, c.group}
		if c.state == joined && m.find(self) >= 0 && !slices.Contains(lists, self) {
			m.sendJoinLeave(execProcjoin, c, Joined)
		}
	}

	var all []Conn
	for _, c := range m.conns {
		if !c.finalized {
			all = append(all, c.id)
		}
	}
	if len(all) > 0 {
		m.out = append(m.out, TotemConfchg{Conns: all, Ring: m.ring, Members: slices.Clone(m.members)})
	}
}

// remove lets processes leave, with one report for each group, in byte order
// of the groups.
func (m *Machine) remove(which func(process) bool, r Reason) {
	left := make(map[string][]Address)
	var groups []string
	for _, p := range m.procs {
		if which(p) {
			if left[p.group] == nil {
				groups = append(groups, p.group)
			}
			left[p.group] = append(left[p.group], Address{p.node, p.pid, r})
		}
	}
	slices.Sort(groups)
	for _, g := range groups {
		m.notify(g, left[g], nil)
		m.procs = slices.DeleteFunc(m.procs, func(p process) bool { return p.group == g && which(p) })
	}
}

package coro

import "net/netip"

// Requests of the service "cfg" (service id 1).
const (
	CFGReqRingStatus   = 0
	CFGReqRingReenable = 1
	CFGReqKillNode     = 2
	CFGReqTryShutdown  = 3
	CFGReqReply        = 4
	CFGReqNodeAddrs    = 5
	CFGReqLocalGet     = 6
	CFGReqReload       = 7
	CFGReqReopenLogs   = 8 // corosync 3 from here on
	CFGReqNodeStatus   = 9
	CFGReqTrackStart   = 10
	CFGReqTrackStop    = 11

	CFGResRingStatus   = 0
	CFGResRingReenable = 1
	CFGResTrackStart   = 2
	CFGResTrackStop    = 3
	CFGResKillNode     = 8
	CFGResTryShutdown  = 9
	CFGEvTestShutdown  = 10
	CFGResNodeAddrs    = 11
	CFGResLocalGet     = 12
	CFGResReply        = 13
	CFGResReload2      = 15 // corosync 2
	CFGResReload3      = 14 // corosync 3
	CFGResReopenLogs   = 15
	CFGResNodeStatus   = 16

	CFGShutdownRequest    = 0 // flags of try shutdown
	CFGShutdownRegardless = 1
	CFGShutdownImmediate  = 2
)

const (
	cfgMaxInterfaces = 16
	cfgNameSize      = 128
	cfgStatusSize    = 512
)

// RingStatus is the name and state of each interface of this node.
type RingStatus struct{ Name, Status []string }

func (*RingStatus) size() int { return 10272 }
func (m *RingStatus) fields(f *fields) {
	n := uint32(min(len(m.Name), cfgMaxInterfaces))
	f.u32(24, &n)
	if n > cfgMaxInterfaces {
		f.short = true
		return
	}
	if !f.write {
		m.Name, m.Status = make([]string, n), make([]string, n)
	}
	for i := range int(n) {
		f.text(32+cfgNameSize*i, cfgNameSize, &m.Name[i])
		f.text(2080+cfgStatusSize*i, cfgStatusSize, &m.Status[i])
	}
}

// NodeReq is a request about one node: its addresses.
type NodeReq struct{ Node uint32 }

func (*NodeReq) size() int          { return 24 }
func (m *NodeReq) fields(f *fields) { f.u32(16, &m.Node) }

// KillNode ends the daemon of a node.
type KillNode struct {
	Node   uint32
	Reason string
}

func (*KillNode) size() int { return 288 }
func (m *KillNode) fields(f *fields) {
	f.u32(16, &m.Node)
	f.csName(24, &m.Reason)
}

// CFGFlags is a request with a 32-bit word: try shutdown (flags) and reply to
// shutdown (0 no, 1 yes).
type CFGFlags struct{ Flags uint32 }

func (*CFGFlags) size() int          { return 24 }
func (m *CFGFlags) fields(f *fields) { f.u32(16, &m.Flags) }

// TestShutdown is the event that asks a tracker whether it agrees.
type TestShutdown struct{ Flags uint32 }

func (*TestShutdown) size() int          { return 32 }
func (m *TestShutdown) fields(f *fields) { f.u32(24, &m.Flags) }

// NodeAddrs are the addresses of a node, one for each interface.
type NodeAddrs struct {
	Family uint32 // 2 or 10
	Addrs  []netip.Addr
}

func (m *NodeAddrs) size() int { return 32 + 16*len(m.Addrs) }
func (m *NodeAddrs) fields(f *fields) {
	n := uint32(len(m.Addrs))
	if f.write && n > 0 {
		m.Family = 2
		if m.Addrs[0].Is6() {
			m.Family = 10
		}
	}
	f.u32(24, &m.Family)
	f.u32(28, &n)
	if !f.write {
		if uint64(n)*16 > uint64(len(f.b)) {
			f.short = true
			return
		}
		m.Addrs = make([]netip.Addr, n)
	}
	for i := range m.Addrs {
		b := f.at(32+16*i, 16)
		switch {
		case f.write:
			copy(b, m.Addrs[i].AsSlice())
		case m.Family == 2:
			m.Addrs[i] = netip.AddrFrom4([4]byte(b[:4]))
		default:
			m.Addrs[i] = netip.AddrFrom16([16]byte(b))
		}
	}
}

// NodeStatusReq asks for the state of a node; Version must be 1.
type NodeStatusReq struct{ Node, Version uint32 }

func (*NodeStatusReq) size() int { return 32 }
func (m *NodeStatusReq) fields(f *fields) {
	f.u32(16, &m.Node)
	f.u32(24, &m.Version)
}

// NodeStatus answers it. Spec: corosync-ipc.md, corosync_cfg_node_status_v1.
type NodeStatus struct {
	Version, Node               uint32
	Reachable, Remote, External uint8
	OnwireMin, OnwireMax        uint8
	OnwireVer                   uint8
	Links                       [8]LinkStatus
}

// LinkStatus is the state of one link to a node.
type LinkStatus struct {
	Enabled, Connected, DynConnected uint8
	MTU                              uint32
	Src, Dst                         string
}

func (*NodeStatus) size() int { return 4200 }
func (m *NodeStatus) fields(f *fields) {
	const at = 24
	f.u32(at, &m.Version)
	f.u32(at+4, &m.Node)
	for i, v := range []*uint8{&m.Reachable, &m.Remote, &m.External, &m.OnwireMin, &m.OnwireMax, &m.OnwireVer} {
		f.u8(at+8+i, v)
	}
	for i := range m.Links {
		l, off := &m.Links[i], at+16+520*i
		f.u8(off, &l.Enabled)
		f.u8(off+1, &l.Connected)
		f.u8(off+2, &l.DynConnected)
		f.u32(off+4, &l.MTU)
		f.text(off+8, 256, &l.Src)
		f.text(off+264, 256, &l.Dst)
	}
}

// NodeStatusVersion is the answer when there is no status.
type NodeStatusVersion struct{ Version uint32 }

func (*NodeStatusVersion) size() int          { return 32 }
func (m *NodeStatusVersion) fields(f *fields) { f.u32(24, &m.Version) }

// CFGTrackStart asks to be asked before a shutdown.
type CFGTrackStart struct{ Flags uint8 }

func (*CFGTrackStart) size() int          { return 24 }
func (m *CFGTrackStart) fields(f *fields) { f.u8(16, &m.Flags) }

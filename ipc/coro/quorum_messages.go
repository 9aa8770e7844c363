package coro

// Requests of the service "quorum" (service id 3).
const (
	QuorumReqGet        = 0
	QuorumReqTrackStart = 1
	QuorumReqTrackStop  = 2
	QuorumReqType       = 3
	QuorumReqModelType  = 4 // corosync 3

	QuorumResGet        = 0
	QuorumResTrackStart = 1
	QuorumResTrackStop  = 2
	QuorumEvNotify      = 3
	QuorumResType       = 4
	QuorumResModelType  = 5
	QuorumEvV1Quorum    = 6
	QuorumEvV1Nodes     = 7

	TrackCurrent     = 1 // tell now
	TrackChanges     = 2 // and whenever it changes
	TrackChangesOnly = 4 // only when it changes

	QuorumFree = 0 // no provider: always quorate
	QuorumSet  = 1
)

// Word is a response with one 32-bit word: quorate, the quorum type.
type Word struct{ Value uint32 }

func (*Word) size() int          { return 32 }
func (m *Word) fields(f *fields) { f.u32(24, &m.Value) }

// WordReq is a request with one: track flags, a model.
type WordReq struct{ Value uint32 }

func (*WordReq) size() int          { return 24 }
func (m *WordReq) fields(f *fields) { f.u32(16, &m.Value) }

// QuorumNotify is the event of a changed quorum or membership.
type QuorumNotify struct {
	Quorate int32
	RingSeq uint64
	Members []uint32
}

func (m *QuorumNotify) size() int { return 48 + 4*len(m.Members) }
func (m *QuorumNotify) fields(f *fields) {
	n := uint32(len(m.Members))
	f.i32(24, &m.Quorate)
	f.u64(32, &m.RingSeq)
	f.u32(40, &n)
	f.ids(44, n, &m.Members)
}

// QuorumV1Quorum is the event of a changed quorum for model 1.
type QuorumV1Quorum struct {
	Quorate int32
	Ring    RingID
	Members []uint32
}

func (m *QuorumV1Quorum) size() int { return 56 + 4*len(m.Members) }
func (m *QuorumV1Quorum) fields(f *fields) {
	n := uint32(len(m.Members))
	f.i32(24, &m.Quorate)
	f.ringID(32, &m.Ring)
	f.u32(48, &n)
	f.ids(52, n, &m.Members)
}

// QuorumV1Nodes is the event of a changed membership for model 1.
type QuorumV1Nodes struct {
	Ring                  RingID
	Members, Joined, Left []uint32
}

func (m *QuorumV1Nodes) size() int {
	return 64 + 4*(len(m.Members)+len(m.Joined)+len(m.Left))
}
func (m *QuorumV1Nodes) fields(f *fields) {
	nm, nj, nl := uint32(len(m.Members)), uint32(len(m.Joined)), uint32(len(m.Left))
	f.ringID(24, &m.Ring)
	f.u32(40, &nm)
	f.u32(48, &nj)
	f.u32(56, &nl)
	f.ids(60, nm, &m.Members)
	f.ids(60+4*len(m.Members), nj, &m.Joined)
	f.ids(60+4*(len(m.Members)+len(m.Joined)), nl, &m.Left)
}

// Requests of the service "votequorum" (service id 5).
const (
	VoteReqGetInfo           = 0
	VoteReqSetExpected       = 1
	VoteReqSetVotes          = 2
	VoteReqTrackStart        = 3
	VoteReqTrackStop         = 4
	VoteReqDeviceRegister    = 5
	VoteReqDeviceUnregister  = 6
	VoteReqDeviceUpdate      = 7
	VoteReqDevicePoll        = 8
	VoteReqDeviceMasterWins  = 9
	VoteResStatus            = 0
	VoteResGetInfo           = 1
	VoteEvQuorum             = 3
	VoteEvExpected           = 4
	VoteEvNodes              = 5
	VoteDeviceNameSize       = 255 // bytes, the NUL included
	VoteFlagTwoNode          = 0x1 // flags of VoteInfo
	VoteFlagQuorate          = 0x2
	VoteFlagWaitForAll       = 0x4
	VoteFlagLastManStanding  = 0x8
	VoteFlagAutoTieBreaker   = 0x10
	VoteFlagAllowDownscale   = 0x20
	VoteFlagDeviceRegistered = 0x40
	VoteFlagDeviceAlive      = 0x80
	VoteFlagDeviceCastVote   = 0x100
	VoteFlagDeviceMasterWins = 0x200

	VoteMember  = 1 // states of a node
	VoteDead    = 2
	VoteLeaving = 3
)

// VoteGetInfo asks about a node; 0 is this one.
type VoteGetInfo struct{ Node uint32 }

func (*VoteGetInfo) size() int          { return 24 }
func (m *VoteGetInfo) fields(f *fields) { f.u32(16, &m.Node) }

// VoteInfo answers it.
type VoteInfo struct {
	Node, State, Votes, Expected, HighestExpected, Total, Quorum, Flags, DeviceVotes uint32
	DeviceName                                                                       string
}

func (*VoteInfo) size() int { return 320 }
func (m *VoteInfo) fields(f *fields) {
	for i, v := range []*uint32{&m.Node, &m.State, &m.Votes, &m.Expected, &m.HighestExpected, &m.Total, &m.Quorum, &m.Flags, &m.DeviceVotes} {
		f.u32(24+4*i, v)
	}
	f.text(60, VoteDeviceNameSize, &m.DeviceName)
}

// VoteSetVotes changes the votes of a node.
type VoteSetVotes struct{ Votes, Node uint32 }

func (*VoteSetVotes) size() int { return 24 }
func (m *VoteSetVotes) fields(f *fields) {
	f.u32(16, &m.Votes)
	f.u32(20, &m.Node)
}

// VoteTrackStart asks for events; Context comes back in each.
type VoteTrackStart struct {
	Context uint64
	Flags   uint32
}

func (*VoteTrackStart) size() int { return 32 }
func (m *VoteTrackStart) fields(f *fields) {
	f.u64(16, &m.Context)
	f.u32(24, &m.Flags)
}

// VoteDevice is a request about a quorum device: register and unregister.
type VoteDevice struct{ Name string }

func (*VoteDevice) size() int          { return 272 }
func (m *VoteDevice) fields(f *fields) { f.text(16, VoteDeviceNameSize, &m.Name) }

// VoteDeviceUpdate renames it.
type VoteDeviceUpdate struct{ Old, New string }

func (*VoteDeviceUpdate) size() int { return 528 }
func (m *VoteDeviceUpdate) fields(f *fields) {
	f.text(16, VoteDeviceNameSize, &m.Old)
	f.text(271, VoteDeviceNameSize, &m.New)
}

// VoteDevicePoll says that it is alive, and how it votes on ring Ring.
type VoteDevicePoll struct {
	Name string
	Cast int32
	Ring RingID
}

func (*VoteDevicePoll) size() int { return 296 }
func (m *VoteDevicePoll) fields(f *fields) {
	f.text(16, VoteDeviceNameSize, &m.Name)
	f.i32(272, &m.Cast)
	f.ringID(280, &m.Ring)
}

// VoteDeviceMasterWins lets the partition with the device's master win.
type VoteDeviceMasterWins struct {
	Name  string
	Allow uint32
}

func (*VoteDeviceMasterWins) size() int { return 280 }
func (m *VoteDeviceMasterWins) fields(f *fields) {
	f.text(16, VoteDeviceNameSize, &m.Name)
	f.u32(272, &m.Allow)
}

// VoteNode is a node in an event.
type VoteNode struct{ Node, State uint32 }

// VoteQuorum is the event of a changed quorum.
type VoteQuorum struct {
	Quorate uint32
	Context uint64
	Nodes   []VoteNode
}

func (m *VoteQuorum) size() int { return 48 + 8*len(m.Nodes) }
func (m *VoteQuorum) fields(f *fields) {
	n := uint32(len(m.Nodes))
	f.u32(24, &m.Quorate)
	f.u64(32, &m.Context)
	f.u32(40, &n)
	if !f.write {
		if uint64(n)*8 > uint64(len(f.b)) {
			f.short = true
			return
		}
		m.Nodes = make([]VoteNode, n)
	}
	for i := range m.Nodes {
		f.u32(48+8*i, &m.Nodes[i].Node)
		f.u32(52+8*i, &m.Nodes[i].State)
	}
}

// VoteExpected is the event of changed expected votes.
type VoteExpected struct {
	Context  uint64
	Expected uint32
}

func (*VoteExpected) size() int { return 40 }
func (m *VoteExpected) fields(f *fields) {
	f.u64(24, &m.Context)
	f.u32(32, &m.Expected)
}

// VoteNodes is the event of a changed membership.
type VoteNodes struct {
	Context uint64
	Ring    RingID
	Nodes   []uint32
}

func (m *VoteNodes) size() int { return 56 + 4*len(m.Nodes) }
func (m *VoteNodes) fields(f *fields) {
	n := uint32(len(m.Nodes))
	f.u64(24, &m.Context)
	f.ringID(32, &m.Ring)
	f.u32(48, &n)
	f.ids(56, n, &m.Nodes)
}

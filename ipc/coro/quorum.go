package coro

import "context"

// Quorum is a client of the quorum service.
type Quorum struct {
	client
	typ uint32
}

// DialQuorum connects to the daemon.
func DialQuorum(ctx context.Context) (*Quorum, error) {
	c, err := dial(ctx, "quorum")
	if err != nil {
		return nil, err
	}
	q := &Quorum{client: c}
	var r Word
	if err := q.call(ctx, "type", QuorumReqType, Bare{}, &r); err != nil {
		c.Close()
		return nil, err
	}
	q.typ = r.Value
	return q, nil
}

// HasProvider reports whether anything decides about quorum. Without it
// everybody is always quorate.
func (q *Quorum) HasProvider() bool { return q.typ == QuorumSet }

// Quorate reports whether this node is in a quorate partition.
func (q *Quorum) Quorate(ctx context.Context) (bool, error) {
	var r Word
	err := q.call(ctx, "quorate", QuorumReqGet, Bare{}, &r)
	return r.Value != 0, err
}

// Track starts events: flags are TrackCurrent, TrackChanges.
func (q *Quorum) Track(ctx context.Context, flags uint32) error {
	return q.call(ctx, "track", QuorumReqTrackStart, &WordReq{flags}, &Empty{})
}

// Untrack ends them.
func (q *Quorum) Untrack(ctx context.Context) error {
	return q.call(ctx, "untrack", QuorumReqTrackStop, Bare{}, &Empty{})
}

// Next waits for the next event.
func (q *Quorum) Next(ctx context.Context) (*QuorumNotify, error) {
	for {
		id, b, err := q.event(ctx)
		if err != nil {
			return nil, err
		}
		if id == QuorumEvNotify {
			m := new(QuorumNotify)
			return m, Decode(b, m)
		}
	}
}

// Votequorum is a client of the votequorum service.
type Votequorum struct{ client }

// DialVotequorum connects to the daemon. It is refused when the daemon runs
// without votequorum.
func DialVotequorum(ctx context.Context) (*Votequorum, error) {
	c, err := dial(ctx, "votequorum")
	if err != nil {
		return nil, err
	}
	return &Votequorum{c}, nil
}

// Info returns what is known about a node; 0 is this one. For an unknown node
// it fails with [ErrNotExist], as does corosync, but fills in what it got.
func (v *Votequorum) Info(ctx context.Context, node uint32) (*VoteInfo, error) {
	b, err := v.c.Call(ctx, Request(VoteReqGetInfo, &VoteGetInfo{node}))
	if err != nil {
		return nil, wrap("votequorum: info", err)
	}
	m := new(VoteInfo)
	if err := Decode(b, m); err != nil {
		if status := check(int32(StatusOf(b))); status != nil {
			return nil, wrap("votequorum: info", status)
		}
		return nil, wrap("votequorum: info", err)
	}
	return m, wrap("votequorum: info", check(int32(StatusOf(b))))
}

// SetExpected changes the expected votes of the cluster.
func (v *Votequorum) SetExpected(ctx context.Context, votes uint32) error {
	return v.call(ctx, "set expected votes", VoteReqSetExpected, &WordReq{votes}, &Empty{})
}

// SetVotes changes the votes of a node.
func (v *Votequorum) SetVotes(ctx context.Context, node, votes uint32) error {
	return v.call(ctx, "set votes", VoteReqSetVotes, &VoteSetVotes{votes, node}, &Empty{})
}

// Track starts events: flags are TrackCurrent, TrackChanges.
func (v *Votequorum) Track(ctx context.Context, flags uint32) error {
	return v.call(ctx, "track", VoteReqTrackStart, &VoteTrackStart{Flags: flags}, &Empty{})
}

// Untrack ends them.
func (v *Votequorum) Untrack(ctx context.Context) error {
	return v.call(ctx, "untrack", VoteReqTrackStop, Bare{}, &Empty{})
}

// RegisterDevice registers a quorum device on this node, UnregisterDevice
// takes it back, PollDevice votes with it.
func (v *Votequorum) RegisterDevice(ctx context.Context, name string) error {
	return v.call(ctx, "register device", VoteReqDeviceRegister, &VoteDevice{name}, &Empty{})
}

func (v *Votequorum) UnregisterDevice(ctx context.Context, name string) error {
	return v.call(ctx, "unregister device", VoteReqDeviceUnregister, &VoteDevice{name}, &Empty{})
}

func (v *Votequorum) PollDevice(ctx context.Context, name string, cast bool, ring RingID) error {
	m := &VoteDevicePoll{Name: name, Ring: ring}
	if cast {
		m.Cast = 1
	}
	return v.call(ctx, "poll device", VoteReqDevicePoll, m, &Empty{})
}

// VoteEvent is what [Votequorum.Next] returns: *VoteQuorum, *VoteExpected or
// *VoteNodes.
type VoteEvent interface{ voteEvent() }

func (*VoteQuorum) voteEvent()   {}
func (*VoteExpected) voteEvent() {}
func (*VoteNodes) voteEvent()    {}

// Next waits for the next event.
func (v *Votequorum) Next(ctx context.Context) (VoteEvent, error) {
	for {
		id, b, err := v.event(ctx)
		if err != nil {
			return nil, err
		}
		switch id {
		case VoteEvQuorum:
			m := new(VoteQuorum)
			return m, Decode(b, m)
		case VoteEvExpected:
			m := new(VoteExpected)
			return m, Decode(b, m)
		case VoteEvNodes:
			m := new(VoteNodes)
			return m, Decode(b, m)
		}
	}
}

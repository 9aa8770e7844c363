package totem

import (
	"cmp"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/netip"
	"time"

	"github.com/gocorosync/gocorosync/totem/wire"
)

// A Node is a configured node: its id and its address on each interface.
type Node struct {
	ID    NodeID
	Addrs []netip.Addr
}

// Config sets up a Machine.
type Config struct {
	Self       NodeID          // required, one of Nodes
	Nodes      []Node          // required, all configured nodes, this one included
	Generation wire.Generation // required

	// RingSeq is the ring sequence number from stable storage, 0 the first
	// time. EL9 adds 1 to it, as corosync 3 does.
	RingSeq uint64

	// AllowUnlisted takes nodes into the ring that Nodes does not have, as
	// transport udp always does. Else whoever can send forged joins could fill
	// their lists with names that lead nowhere, and the names would go from
	// node to node long after that.
	AllowUnlisted bool

	// Multicast tells that a Send with Group set reaches everybody by one
	// datagram (transport udp). Otherwise (udpu) the Machine chooses who gets
	// a copy.
	Multicast bool

	// RRP says how the addresses of a node beyond the first are used. EL7 only.
	RRP RRPMode

	// Overhead is what the outer layer (wire.Envelope) adds to each message,
	// in bytes. It makes frames smaller.
	Overhead int

	Tunables Tunables

	Rand *rand.Rand   // for the delay before joins; required if SendJoin is set
	Log  *slog.Logger // nil discards
}

// Tunables are the timers and limits of the totem section of corosync.conf,
// under the same names. A zero field means its default. Spec: totem.md 4.
type Tunables struct {
	// Token is how long a node waits for the token before it calls it lost:
	// the value in force, with token_coefficient already added (see
	// EffectiveToken). Default 1 s in EL7, 3 s in EL9. Raised, a dead node is
	// noticed later; lowered, a busy node is taken for dead.
	Token time.Duration

	// TokenRetransmitsBeforeLoss is how often the token is sent again within
	// Token. Default 4.
	TokenRetransmitsBeforeLoss int

	// TokenRetransmit is the wait before a token is sent again. Default
	// Token / (TokenRetransmitsBeforeLoss + 0.2).
	TokenRetransmit time.Duration

	// Hold is how long the representative keeps the token of an idle ring.
	// Default 0.8 TokenRetransmit - 10 ms.
	Hold time.Duration

	// Consensus is how long to gather before those who do not agree are given
	// up. Default 1.2 Token. At least Join.
	Consensus time.Duration

	Join     time.Duration // between two joins while gathering; default 50 ms
	SendJoin time.Duration // upper bound of a random delay before a join; default 0
	Merge    time.Duration // before an idle ring calls for other rings; default 200 ms

	FailRecv       int // rotations without progress before a node gives itself up; default 2500
	SeqnoUnchanged int // rotations without a message before the token is held; default 30
	MissCount      int // tokens that a message is missed for before it is asked for; default 5
	WindowSize     int // messages per rotation on the whole ring; default 50
	MaxMessages    int // messages per visit of the token; default 17

	// NetMTU is the largest IP packet of the network, in bytes. Default 1500.
	NetMTU int

	// HeartbeatFailuresAllowed, if set, turns on a shorter token timeout of
	// that many TokenRetransmit plus MaxNetworkDelay. Default 0, off.
	HeartbeatFailuresAllowed int
	MaxNetworkDelay          time.Duration // default 50 ms

	// TokenWarning is the share of Token, in percent, after which a late token
	// is logged. Default 75 in EL9, 0 (off) in EL7. Negative is off.
	TokenWarning int

	// For redundant rings (RRP). A ring is faulty after so many tokens that
	// did not come by it (active; the count falls by one every
	// RRPProblemCountTimeout), or if it is so many tokens or other messages
	// behind (passive).
	RRPTokenExpired               time.Duration // to wait for the copies of a token, less in large rings; default TokenRetransmit
	RRPProblemCountTimeout        time.Duration // default 2 s
	RRPProblemCountThreshold      int           // default 10
	RRPProblemCountMcastThreshold int           // default 10 RRPProblemCountThreshold
	RRPAutorecoveryCheck          time.Duration // between tests of a faulty ring; default 1 s

	// CancelTokenHoldOnRetransmit lets an asked-for message wake an idle ring.
	// EL7 always does; default false in EL9.
	CancelTokenHoldOnRetransmit bool
}

// Limits of the protocol. Spec: totem.md 1.7.
const (
	// MaxMessage is the largest application message in bytes, group table
	// included: the size of the buffers that other nodes assemble it in.
	MaxMessage = 1 << 20

	// maxDatagram is the largest datagram that EL7 accepts, in bytes.
	maxDatagram = 10000

	// MaxMembers is the largest number of nodes on a ring.
	MaxMembers = 384
)

// EffectiveToken returns the token timeout of a cluster of n nodes: coefficient
// is added for each node above two.
func EffectiveToken(token, coefficient time.Duration, n int) time.Duration {
	return token + time.Duration(max(n-2, 0))*coefficient
}

// withDefaults returns t with all zero fields filled in.
func (t Tunables) withDefaults(g wire.Generation) Tunables {
	token, warning := time.Second, -1
	if g == wire.EL9 {
		token, warning = 3*time.Second, 75
	}
	t.Token = cmp.Or(t.Token, token)
	t.TokenRetransmitsBeforeLoss = cmp.Or(t.TokenRetransmitsBeforeLoss, 4)
	t.TokenRetransmit = cmp.Or(t.TokenRetransmit,
		(t.Token * 10 / time.Duration(10*t.TokenRetransmitsBeforeLoss+2)).Truncate(time.Millisecond))
	t.Hold = cmp.Or(t.Hold, (t.TokenRetransmit*8/10 - 10*time.Millisecond).Truncate(time.Millisecond))
	t.Consensus = cmp.Or(t.Consensus, (t.Token * 12 / 10).Truncate(time.Millisecond))
	t.Join = cmp.Or(t.Join, 50*time.Millisecond)
	t.Merge = cmp.Or(t.Merge, 200*time.Millisecond)
	t.FailRecv = cmp.Or(t.FailRecv, 2500)
	t.SeqnoUnchanged = cmp.Or(t.SeqnoUnchanged, 30)
	t.MissCount = cmp.Or(t.MissCount, 5)
	t.WindowSize = cmp.Or(t.WindowSize, 50)
	t.MaxMessages = cmp.Or(t.MaxMessages, 17)
	t.NetMTU = cmp.Or(t.NetMTU, 1500)
	t.MaxNetworkDelay = cmp.Or(t.MaxNetworkDelay, 50*time.Millisecond)
	t.TokenWarning = cmp.Or(t.TokenWarning, warning)
	t.RRPTokenExpired = cmp.Or(t.RRPTokenExpired, t.TokenRetransmit)
	t.RRPProblemCountTimeout = cmp.Or(t.RRPProblemCountTimeout, 2*time.Second)
	t.RRPProblemCountThreshold = cmp.Or(t.RRPProblemCountThreshold, 10)
	t.RRPProblemCountMcastThreshold = cmp.Or(t.RRPProblemCountMcastThreshold, 10*t.RRPProblemCountThreshold)
	t.RRPAutorecoveryCheck = cmp.Or(t.RRPAutorecoveryCheck, time.Second)
	if g == wire.EL7 {
		t.CancelTokenHoldOnRetransmit = true
	}
	return t
}

// WithDefaults returns t as a Machine of generation g uses it.
func (t Tunables) WithDefaults(g wire.Generation) Tunables { return t.withDefaults(g) }

// Check tells what is wrong with a Config, or nil. New panics on what Check
// refuses.
func (c *Config) Check() error {
	if c.Generation != wire.EL7 && c.Generation != wire.EL9 {
		return fmt.Errorf("totem: unknown %v", c.Generation)
	}
	if c.Self == 0 {
		return fmt.Errorf("totem: node id of this node is 0")
	}
	if len(c.Nodes) > MaxMembers {
		return fmt.Errorf("totem: %d nodes, at most %d", len(c.Nodes), MaxMembers)
	}
	if c.RRP != RRPNone && c.Generation != wire.EL7 {
		return fmt.Errorf("totem: redundant rings need corosync 2's protocol, or knet")
	}
	found := false
	for i, n := range c.Nodes {
		found = found || n.ID == c.Self
		if n.ID == 0 || len(n.Addrs) == 0 || !n.Addrs[0].IsValid() {
			return fmt.Errorf("totem: node %d without id or address", n.ID)
		}
		for _, o := range c.Nodes[:i] {
			if o.ID == n.ID {
				return fmt.Errorf("totem: node id %d appears twice", n.ID)
			}
		}
	}
	if !found {
		return fmt.Errorf("totem: node %d is not in the list of nodes", c.Self)
	}
	if c.Tunables.SendJoin > 0 && c.Rand == nil {
		return fmt.Errorf("totem: send_join needs a source of chance")
	}
	t := c.Tunables.withDefaults(c.Generation)
	if t.Consensus < t.Join {
		return fmt.Errorf("totem: consensus timeout %v is less than join timeout %v", t.Consensus, t.Join)
	}
	most := 65000
	if c.Generation == wire.EL7 { // with room for the headers, twice in recovery
		most = maxDatagram - c.Overhead - 2*wire.McastSize(wire.EL7)
	}
	if mtu := netMTU(c, t); mtu < 256 || mtu > most {
		return fmt.Errorf("totem: netmtu %d leaves %d bytes for messages", t.NetMTU, mtu)
	}
	return nil
}

// netMTU returns the largest payload of a multicast in bytes.
// Spec: totem.md 1.8.
func netMTU(c *Config, t Tunables) int {
	if c.Generation == wire.EL9 {
		return t.NetMTU - 2*wire.McastSize(wire.EL9)
	}
	mtu, rings, ip := t.NetMTU-wire.McastSize(wire.EL7), 1, 28
	for _, n := range c.Nodes {
		if n.ID == c.Self {
			if c.RRP != RRPNone {
				rings = min(len(n.Addrs), maxRings)
			}
			if n.Addrs[0].Unmap().Is6() {
				ip = 48
			}
		}
	}
	return mtu - (ip+c.Overhead)*rings
}

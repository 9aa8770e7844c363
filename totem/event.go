package totem

import (
	"net/netip"

	"github.com/gocorosync/gocorosync/totem/wire"
)

// Names from package wire that belong to this package's surface too.
type (
	NodeID = wire.NodeID
	RingID = wire.RingID
)

// An Event is one input of a Machine.
type Event interface{ isEvent() }

type (
	// *Received is one datagram from the network: a totem message with any
	// outer layer (wire.Envelope, which EL7 always has) already taken off. The
	// Machine keeps no reference to it or to Data. Datagrams that this node sent to
	// itself are not Received: the Machine loops them back inside.
	Received struct {
		Iface int
		From  netip.AddrPort
		Data  []byte
	}

	// Tick says only that time has passed.
	Tick struct{}

	// Submit hands over one application message, group table included. The
	// Machine copies Data. A message that is too large for what Room says, or
	// larger than MaxMessage, comes back as a Refused action.
	Submit struct {
		Data []byte

		// Sync marks the traffic of the sync engine itself: it goes out between
		// a change of members and Synced, when all other messages wait.
		Sync bool
	}

	// Synced says that services are in step on Ring after a change of members:
	// ordinary messages may go out again. It is ignored if Ring is not the
	// current ring any more. A Machine starts unsynced.
	Synced struct{ Ring RingID }

	// Leave makes the Machine say good-bye to the others. It does nothing
	// after that.
	Leave struct{}

	// SetNodes replaces the list of configured nodes.
	SetNodes struct{ Nodes []Node }

	// Retune replaces timers and tunables. Timers that run are not changed.
	Retune struct{ Tunables Tunables }

	// Unreachable says that nobody listens at a node's address: its host
	// answered that the port is closed. The node is given up at once, as if it
	// had left.
	Unreachable struct{ Addr netip.Addr }

	// GiveUp treats the token as lost: the members gather anew.
	GiveUp struct{}

	// Reenable takes rings that were marked faulty into use again.
	Reenable struct{}

	// SetAddress gives this node another address on one interface. It is
	// ignored unless the node is Alone.
	SetAddress struct {
		Iface int
		Addr  netip.Addr
	}

	// IfaceChange says that an interface of this node went down or came back.
	// While interface 0 is down nothing is sent and the node is alone.
	IfaceChange struct {
		Iface int
		Up    bool
	}
)

func (*Received) isEvent()   {}
func (Tick) isEvent()        {}
func (Submit) isEvent()      {}
func (Synced) isEvent()      {}
func (Leave) isEvent()       {}
func (SetNodes) isEvent()    {}
func (Retune) isEvent()      {}
func (Unreachable) isEvent() {}
func (GiveUp) isEvent()      {}
func (Reenable) isEvent()    {}
func (SetAddress) isEvent()  {}
func (IfaceChange) isEvent() {}

// An Action is one output of a Machine. The caller carries a slice of them out
// strictly in order. Bytes in an Action are valid until the next Step, and so are
// *Send and *Deliver, which the Machine uses again: there is no allocation per
// message.
type Action interface{ isAction() }

type (
	// Send transmits one totem message (without the outer layer).
	Send struct {
		Iface int

		// To are the addresses to send to, one datagram each; this node is
		// never among them. If Group is set the message goes to all who listen
		// and To is what that means where there is no multicast (udpu): with
		// multicast it goes to the group address once instead.
		To    []netip.Addr
		Group bool

		// Packet, if not 0, is the largest IP packet, in bytes, that seems to
		// get through: the datagram is to go in fragments of that size.
		Packet int

		Data []byte
	}

	// Save makes RingSeq durable. What follows it waits for that.
	Save struct{ RingSeq uint64 }

	// Deliver hands up one application message, group table included. Every
	// node of the ring gets the same ones in the same order, the sender too.
	Deliver struct {
		From NodeID
		Data []byte

		// BigEndian tells the byte order of the sender, in which the group
		// table and what follows it are written.
		BigEndian bool
	}

	// Members reports a change of membership. For each new ring there are two,
	// in this order, with the deliveries of the old ring before and between:
	//
	//   - Transitional: IDs are those that come from this node's old ring to
	//     the new one, Left those that do not, Joined is empty.
	//   - Regular: IDs are all on the new ring, Joined those that were not on
	//     this node's old ring, Left is empty.
	//
	// Ring is the new ring in both. The lists are in ring order (rising, by
	// address in EL7 and by node id in EL9) and belong to the receiver.
	Members struct {
		Kind              Kind
		Ring              RingID
		IDs, Left, Joined []NodeID
	}

	// Refused returns a submitted message that there was no room for.
	Refused struct {
		Data []byte
		Sync bool
		Err  error // ErrNoRoom or ErrTooLarge
	}

	// RingStatus says that one of several rings is troubled, was marked faulty
	// or works again. Text is corosync 2's description, as RingText gives it.
	RingStatus struct {
		Iface int
		State RingState
		Text  string
	}

	// Drain asks to throw away unread all datagrams that are waiting now: this
	// process was stopped for so long that they are of no use.
	Drain struct{}
)

func (*Send) isAction()      {}
func (Save) isAction()       {}
func (*Deliver) isAction()   {}
func (Members) isAction()    {}
func (Refused) isAction()    {}
func (RingStatus) isAction() {}
func (Drain) isAction()      {}

// Kind tells the two reports of a change of membership apart.
type Kind uint8

// The kinds of Members.
const (
	Transitional Kind = iota + 1
	Regular
)

func (k Kind) String() string {
	switch k {
	case Transitional:
		return "transitional"
	case Regular:
		return "regular"
	}
	return "?"
}

// RingState is how far a ring of several can be relied on.
type RingState uint8

// The states of a ring.
const (
	RingWorks    RingState = iota + 1
	RingTroubled           // still in use, but tokens do not come by it
	RingFaulty             // out of use until a test of it succeeds
)

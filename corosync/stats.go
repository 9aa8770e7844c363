package corosync

import "time"

// Stats count what a node has done since its start.
type Stats struct {
	// Rings is how many rings it was a member of, TokenLosses how often one ended
	// because the token did not come.
	Rings, TokenLosses uint64
	// SinceToken is the time since the last token came.
	SinceToken time.Duration
	// TokenRound is the smoothed time between two tokens.
	TokenRound time.Duration

	// Delivered counts messages of all services that came in the ring's order,
	// this node's too.
	Delivered uint64
	// FramesSent and FramesReceived count frames with messages, FramesResent those
	// that were sent again because a node had missed them.
	FramesSent, FramesReceived, FramesResent uint64

	// DatagramsSent and DatagramsReceived count UDP datagrams of all kinds,
	// BytesSent and BytesReceived what is in them.
	DatagramsSent, DatagramsReceived uint64
	BytesSent, BytesReceived         uint64
	// SendErrors counts datagrams that the system refused to send.
	SendErrors uint64
	// Unlisted counts datagrams from addresses that are no node's,
	// Unauthenticated those made with another key or none, Foreign those of
	// another generation or transport of corosync, and Malformed those that are
	// nothing of the kind. All were thrown away.
	Unlisted, Unauthenticated, Foreign, Malformed uint64
}

// Stats returns the counters; after the end of the node, the last ones.
func (n *Node) Stats() Stats {
	r, s, now := n.n.Counters()
	return Stats{
		Rings: r.OperationalEntered, TokenLosses: r.OperationalTokenLost,
		SinceToken: now - r.LastToken, TokenRound: r.MttRxToken,
		Delivered:  r.Delivered,
		FramesSent: r.McastTx, FramesReceived: r.McastRx, FramesResent: r.McastRetx,
		DatagramsSent: s.Tx, DatagramsReceived: s.Rx, BytesSent: s.TxBytes, BytesReceived: s.RxBytes, SendErrors: s.TxErrors,
		Unlisted: s.Unlisted, Unauthenticated: s.Auth, Foreign: s.ForeignEL7 + s.ForeignEL9 + s.ForeignKnet, Malformed: s.Malformed,
	}
}

package totem

import "time"

// Stats counts what a Machine did. Names are those of corosync's keys
// runtime.totem.pg.mrp.srp.* (EL7) and stats.srp.* (EL9), which are these in
// snake case.
type Stats struct {
	OrfTokenTx, OrfTokenRx               uint64
	MembMergeDetectTx, MembMergeDetectRx uint64
	MembJoinTx, MembJoinRx               uint64
	McastTx, McastRetx, McastRx          uint64
	MembCommitTokenTx, MembCommitTokenRx uint64
	TokenHoldCancelTx, TokenHoldCancelRx uint64

	OperationalEntered, OperationalTokenLost uint64
	GatherEntered, GatherTokenLost           uint64
	CommitEntered, CommitTokenLost           uint64
	RecoveryEntered, RecoveryTokenLost       uint64
	ConsensusTimeouts                        uint64

	// RxMsgDropped counts messages that were well formed but of no use in the
	// state they came in. Malformed ones are counted by reason below.
	RxMsgDropped uint64

	// PortClosed counts nodes given up because their host said so.
	PortClosed uint64

	// ContinuousGather counts entries into gather since the last operational
	// ring. Many of them mean a firewall or a broken network.
	ContinuousGather uint64

	// MttRxToken is the smoothed time between two tokens. AvgTokenWorkload is
	// the time from a token's arrival to its departure. Corosync counts whole
	// milliseconds of it and so always shows 0 (seen on 3.1.7 with both of two
	// nodes flooding, messages of 500 and of 100,000 bytes); a Machine does
	// that work in one Step, in no time of its own.
	MttRxToken, AvgTokenWorkload time.Duration
	AvgBacklogCalc               uint32

	MsgQueueAvail, MsgReserved uint32

	// LastToken is when the last token came, on the Machine's clock.
	LastToken time.Duration

	// Malformed messages, by reason.
	RxShort, RxLong, RxMagic, RxType, RxValue, RxForeign uint64

	TxTooLong uint64 // not sent: longer than others accept (EL7)

	// Delivered counts application messages, Fragments those thrown away
	// because their beginning was missed.
	Delivered, FragmentsLost uint64
}

// ClearStats sets the counters to zero, but for what the Machine itself, and who
// watches it, goes by.
func (m *Machine) ClearStats() {
	m.stats = Stats{
		ContinuousGather: m.stats.ContinuousGather, MttRxToken: m.stats.MttRxToken,
		AvgBacklogCalc: m.stats.AvgBacklogCalc, LastToken: m.stats.LastToken,
	}
}

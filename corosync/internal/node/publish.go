package node

import (
	"fmt"
	"strings"
	"time"

	"github.com/gocorosync/gocorosync/cmap"
	"github.com/gocorosync/gocorosync/ipc/coro"
	"github.com/gocorosync/gocorosync/totem"
	"github.com/gocorosync/gocorosync/totem/wire"
)

// publishStats brings the statistics in cmap up to date. It is called when a
// client asks cmap for anything, and regularly while somebody tracks keys, so
// nobody pays for them otherwise.
func (n *Node) publishStats() {
	if n.statsAt > 0 && n.now-n.statsAt < statsFresh {
		return
	}
	n.statsAt = n.now
	for _, e := range n.engines() {
		traffic := n.svc.Traffic(e.id)
		for fn := range e.functions {
			n.keys.Set(fmt.Sprintf("runtime.services.%s.%d.tx", e.short, fn), cmap.U64(traffic[fn].Tx))
			n.keys.Set(fmt.Sprintf("runtime.services.%s.%d.rx", e.short, fn), cmap.U64(traffic[fn].Rx))
		}
	}
	s := n.loop.Machine().Stats()
	if n.gen == wire.EL7 {
		n.totemStats(n.keys, "runtime.totem.pg.", "mrp.srp.", s)
		n.keys.Set("runtime.connections.active", cmap.U64(uint64(len(n.clients))))
		n.keys.Set("runtime.connections.closed", cmap.U64(n.closed))
	}
	n.totemStats(n.stats, "stats.pg.", "", s)
	n.stats.Set("stats.srp.time_since_token_last_received", cmap.U64(uint64((n.now - s.LastToken).Milliseconds())))
	n.stats.Set("stats.ipcs.global.active", cmap.U64(uint64(len(n.clients))))
	n.stats.Set("stats.ipcs.global.closed", cmap.U64(n.closed))
	n.udpStats()
	for _, cl := range n.clients {
		n.connStats(cl)
	}
}

// udpStats are ours alone: what came on the port and was of no use, by reason.
func (n *Node) udpStats() {
	u := n.loop.Stats()
	for _, c := range []struct {
		name string
		v    uint64
	}{
		{"rx", u.Rx}, {"tx", u.Tx}, {"rx_bytes", u.RxBytes}, {"tx_bytes", u.TxBytes}, {"tx_errors", u.TxErrors},
		{"rx_truncated", u.Truncated}, {"rx_oversized", u.Oversized}, {"rx_unlisted", u.Unlisted}, {"rx_auth", u.Auth},
		{"rx_malformed", u.Malformed}, {"rx_foreign_corosync2", u.ForeignEL7}, {"rx_foreign_corosync3", u.ForeignEL9},
		{"rx_foreign_knet", u.ForeignKnet}, {"rx_drained", u.Drained}, {"iface_down", u.IfaceDown},
	} {
		n.stats.Set("stats.udp."+c.name, cmap.U64(c.v))
	}
}

func (n *Node) totemStats(m *cmap.Map, pg, srp string, s totem.Stats) {
	u64 := func(name string, v uint64) { m.Set(srpPrefix(pg, srp)+name, cmap.U64(v)) }
	u32 := func(name string, v uint64) { m.Set(srpPrefix(pg, srp)+name, cmap.U32(uint32(v))) }
	m.Set(pg+"msg_queue_avail", cmap.U32(s.MsgQueueAvail))
	m.Set(pg+"msg_reserved", cmap.U32(s.MsgReserved))
	u64("orf_token_tx", s.OrfTokenTx)
	u64("orf_token_rx", s.OrfTokenRx)
	u64("memb_merge_detect_tx", s.MembMergeDetectTx)
	u64("memb_merge_detect_rx", s.MembMergeDetectRx)
	u64("memb_join_tx", s.MembJoinTx)
	u64("memb_join_rx", s.MembJoinRx)
	u64("mcast_tx", s.McastTx)
	u64("mcast_retx", s.McastRetx)
	u64("mcast_rx", s.McastRx)
	u64("memb_commit_token_tx", s.MembCommitTokenTx)
	u64("memb_commit_token_rx", s.MembCommitTokenRx)
	u64("token_hold_cancel_tx", s.TokenHoldCancelTx)
	u64("token_hold_cancel_rx", s.TokenHoldCancelRx)
	u64("operational_entered", s.OperationalEntered)
	u64("operational_token_lost", s.OperationalTokenLost)
	u64("gather_entered", s.GatherEntered)
	u64("gather_token_lost", s.GatherTokenLost)
	u64("commit_entered", s.CommitEntered)
	u64("commit_token_lost", s.CommitTokenLost)
	u64("recovery_entered", s.RecoveryEntered)
	u64("recovery_token_lost", s.RecoveryTokenLost)
	u64("consensus_timeouts", s.ConsensusTimeouts)
	u64("rx_msg_dropped", s.RxMsgDropped)
	u32("continuous_gather", s.ContinuousGather)
	u32("continuous_sendmsg_failures", 0)
	u32("mtt_rx_token", uint64(s.MttRxToken.Milliseconds()))
	u32("avg_token_workload", uint64(s.AvgTokenWorkload.Milliseconds()))
	u32("avg_backlog_calc", uint64(s.AvgBacklogCalc))
	m.Set(srpPrefix(pg, srp)+"firewall_enabled_or_nic_failure", cmap.Bool(s.ContinuousGather > maxContinuousGather))
}

// maxContinuousGather is how often a node may begin to gather without success
// before a firewall is to blame.
const maxContinuousGather = 50

func srpPrefix(pg, srp string) string {
	if srp == "" {
		return strings.TrimSuffix(pg, "pg.") + "srp."
	}
	return pg + srp
}

// How old statistics may be when they are read, and how often trackers are
// told.
const (
	statsFresh = 50 * time.Millisecond
	statsEvery = 1500 * time.Millisecond
)

// tracked reports whether a client tracks keys.
func (n *Node) tracked() bool {
	for _, cl := range n.clients {
		if len(cl.cmap.tracks) > 0 {
			return true
		}
	}
	return false
}

// openConnKeys and closeConnKeys keep the keys of one connection.
func (n *Node) openConnKeys(cl *client) {
	pid, id := cl.c.Peer().PID, n.serviceID(cl.service)
	handle := 0x1000*cl.serial + 0x550000000000
	if n.gen == wire.EL7 {
		cl.key = fmt.Sprintf("runtime.connections.%s:%d:0x%x.", cl.name, pid, handle)
		n.keys.Set(cl.key+"name", cmap.Str(cl.name))
		n.keys.Set(cl.key+"client_pid", cmap.U32(uint32(pid)))
		n.keys.Set(cl.key+"service_id", cmap.U32(uint32(id)))
	} else {
		cl.key = fmt.Sprintf("stats.ipcs.service%d.%d.0x%x.", id, pid, handle)
		n.stats.Set(cl.key+"procname", cmap.Str(cl.name))
	}
	n.connStats(cl)
}

func (n *Node) serviceID(name string) int {
	for _, e := range n.engines() {
		if e.short == name {
			return e.id
		}
	}
	return 0
}

func (n *Node) closeConnKeys(cl *client) {
	m := n.keys
	if n.gen == wire.EL9 {
		m = n.stats
	}
	for _, key := range m.Keys(cl.key) {
		m.Delete(key)
	}
}

func (n *Node) connStats(cl *client) {
	s := cl.c.Stats()
	m := n.keys
	if n.gen == wire.EL9 {
		m = n.stats
		m.Set(cl.key+"queued", cmap.U32(uint32(s.Queued)))
		m.Set(cl.key+"sent", cmap.U32(uint32(s.Dispatched)))
		m.Set(cl.key+"queueing", cmap.I32(int32(flag(s.Queued > 0))))
	} else {
		m.Set(cl.key+"queue_size", cmap.U32(uint32(s.Queued)))
	}
	m.Set(cl.key+"flow_control", cmap.U32(uint32(s.FlowControl)))
	c := cl.cleared
	for name, v := range map[string]uint64{
		"requests": s.Requests - c.Requests, "responses": s.Responses - c.Responses, "dispatched": s.Dispatched - c.Dispatched,
		"send_retries": s.SendRetries - c.SendRetries, "recv_retries": 0, "flow_control_count": s.FlowControlCount - c.FlowControlCount,
		"invalid_request": s.Invalid - c.Invalid, "overload": s.Overload - c.Overload,
	} {
		m.Set(cl.key+name, cmap.U64(v))
	}
}

func isClear(name string) bool { return strings.HasPrefix(name, "stats.clear.") }

// clearStats is what setting a stats.clear key asks for.
func (n *Node) clearStats(name string) coro.Error {
	what := strings.TrimPrefix(name, "stats.clear.")
	switch what {
	case "knet", "ipc", "totem", "schedmiss", "all":
	default:
		return coro.ErrNotSupported
	}
	clears := func(part string) bool { return what == part || what == "all" }
	if clears("totem") {
		n.loop.Machine().ClearStats()
	}
	if clears("ipc") {
		n.closed = 0
		for _, cl := range n.clients {
			cl.cleared = cl.c.Stats()
		}
	}
	if clears("schedmiss") {
		for _, key := range n.stats.Keys("stats.schedmiss.") {
			n.stats.Delete(key)
		}
	}
	n.statsAt = 0
	return coro.OK
}

// Statistics brings the statistics up to date and returns those that are in a map
// of their own. The loop alone may call it.
func (n *Node) Statistics() *cmap.Map {
	n.statsAt = 0
	n.publishStats()
	return n.stats
}

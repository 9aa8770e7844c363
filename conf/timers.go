package conf

import (
	"fmt"
	"slices"
)

func sortStrings(s []string) { slices.Sort(s) }

// number reads a u32 for which 0 means the default too, if zeroIsDefault.
func (r *totemReader) number(key string, def uint32, zeroIsDefault bool) uint32 {
	n := uint32(r.v.Uint("totem."+key, uint64(def)))
	if n == 0 && zeroIsDefault {
		return def
	}
	return n
}

// timers reads and checks all timers and limits.
func (r *totemReader) timers() error {
	t := r.t
	if v := r.v.Uint("totem.version", 0); v != 2 {
		return r.fail("This totem parser can only parse version 2 configurations.").about("version")
	}
	token := uint32(1000)
	mtu := uint32(1500)
	if r.el9() {
		token = 3000
		if t.Transport == "knet" {
			mtu = 65536
		}
	}
	t.Token = r.number("token", token, true)
	if n := len(t.Nodes); n > 2 {
		t.Token += uint32(n-2) * r.number("token_coefficient", 650, false)
	}
	t.TokenWarning = r.number("token_warning", 75, false)
	t.TokenRetransmitsBeforeLoss = r.number("token_retransmits_before_loss_const", 4, true)
	t.TokenRetransmit = r.number("token_retransmit", 0, false)
	t.retransmitGiven = t.TokenRetransmit != 0
	if !t.retransmitGiven {
		t.TokenRetransmit = uint32(float64(t.Token) / (float64(t.TokenRetransmitsBeforeLoss) + 0.2))
	}
	t.Hold = r.number("hold", 0, false)
	if t.Hold == 0 {
		t.Hold = uint32(max(float64(t.TokenRetransmit)*0.8-10, 0))
	}
	t.MaxNetworkDelay = r.number("max_network_delay", 50, true)
	t.Join = r.number("join", 50, true)
	t.SendJoin = r.number("send_join", 0, false)
	t.Consensus = r.number("consensus", 0, false)
	if t.Consensus == 0 {
		t.Consensus = uint32(float64(t.Token) * 1.2)
	}
	t.Merge = r.number("merge", 200, true)
	t.Downcheck = r.number("downcheck", 1000, true)
	t.FailRecv = r.number("fail_recv_const", 2500, true)
	t.SeqnoUnchanged = r.number("seqno_unchanged_const", 30, true)
	t.HeartbeatFailuresAllowed = r.number("heartbeat_failures_allowed", 0, false)
	t.WindowSize = r.number("window_size", 50, true)
	t.MaxMessages = r.number("max_messages", 17, true)
	t.MissCount = r.number("miss_count_const", 5, true)
	t.NetMTU = r.number("netmtu", mtu, true)
	return r.checkTimers()
}

func (r *totemReader) checkTimers() error {
	t := r.t
	least := func(what string, have, min uint32, keys ...string) error {
		if have >= min {
			return nil
		}
		return r.fail("The %s parameter (%d ms) may not be less than (%d ms).", what, have, min).about(keys...)
	}
	if r.el9() && t.TokenWarning > 100 {
		return r.fail("The token warning parameter (%d%%) must be between 0 (disabled) and 100.", t.TokenWarning).about("token")
	}
	if err := least("max_network_delay", t.MaxNetworkDelay, minTimer); err != nil {
		return err
	}
	if err := least("token timeout", t.Token, minTimer, "token"); err != nil {
		return err
	}
	if err := least("token retransmit timeout", t.TokenRetransmit, minTimer, "token_retransmit", "token"); err != nil {
		if r.el9() && !t.retransmitGiven {
			return r.fail("Not appropriate token or token_retransmits_before_loss_const value set").about("token_retransmit", "token")
		}
		return err
	}
	minHold := uint32(minTimer)
	if r.el9() {
		minHold = minHoldEL9
	}
	for _, c := range []struct {
		what      string
		have, min uint32
		keys      []string
	}{
		{"token hold timeout", t.Hold, minHold, []string{"token", "hold"}},
		{"join timeout", t.Join, minTimer, []string{"join"}},
		{"consensus timeout", t.Consensus, minTimer, []string{"consensus"}},
	} {
		if err := least(c.what, c.have, c.min, c.keys...); err != nil {
			return err
		}
	}
	if t.Consensus < t.Join {
		return r.fail("The consensus timeout parameter (%d ms) may not be less than join timeout (%d ms).", t.Consensus, t.Join).about("join", "consensus")
	}
	if err := least("merge timeout", t.Merge, minTimer, "merge"); err != nil {
		return err
	}
	return least("downcheck timeout", t.Downcheck, minTimer, "downcheck")
}

// rings checks rrp_mode, or knet's link_mode, against the interfaces.
func (r *totemReader) rings() error {
	t := r.t
	if r.el9() {
		mode := r.v.Text("totem.link_mode", "passive")
		if mode != "active" && mode != "passive" && mode != "rr" {
			return r.fail(`The Knet link mode "%s" specified is invalid.  It must be active, passive or rr.`, mode).about("link_mode")
		}
		if t.Transport != "knet" && len(t.Interfaces) > 1 {
			return r.fail("%d is too many configured interfaces for non-Knet transport.", len(t.Interfaces)).about("transport")
		}
		return nil
	}
	t.RRPMode = r.v.Text("totem.rrp_mode", "none")
	if t.RRPMode != "none" && t.RRPMode != "active" && t.RRPMode != "passive" {
		return r.fail(`The RRP mode "%s" specified is invalid.  It must be none, active, or passive.`, t.RRPMode).about("rrp_mode")
	}
	t.RRPTokenExpired = r.number("rrp_token_expired_timeout", t.TokenRetransmit, true)
	t.RRPProblemTimeout = r.number("rrp_problem_count_timeout", 2000, true)
	t.RRPProblemThreshold = r.number("rrp_problem_count_threshold", 10, true)
	t.RRPProblemMcastThreshold = r.number("rrp_problem_count_mcast_threshold", 10*t.RRPProblemThreshold, true)
	t.RRPAutorecoveryCheck = r.number("rrp_autorecovery_check_timeout", 1000, true)
	for _, c := range []struct {
		have, min  uint32
		what, unit string
	}{
		{t.RRPProblemTimeout, minTimer, "timeout parameter", "ms"},
		{t.RRPProblemThreshold, 2, "threshold", "problem count"},
		{t.RRPProblemMcastThreshold, 2, "multicast threshold", "problem count"},
	} {
		if c.have < c.min {
			return r.fail("The RRP problem count %s (%d %s) may not be less than (%d %s).", c.what, c.have, c.unit, c.min, c.unit)
		}
	}
	if t.RRPTokenExpired < minTimer {
		return r.fail("The RRP token expired timeout parameter (%d ms) may not be less than (%d ms).", t.RRPTokenExpired, minTimer).about("token")
	}
	if t.RRPMode == "none" && len(t.Interfaces) > 1 {
		return r.fail("%d is too many configured interfaces for the rrp_mode setting none.", len(t.Interfaces)).about("rrp_mode")
	}
	return nil
}

// RuntimeKeys are the runtime.config.totem.* keys: what is in force.
func (t *Totem) RuntimeKeys() []Key {
	var keys []Key
	u32 := func(name string, v uint32) {
		keys = append(keys, Key{Name: "runtime.config.totem." + name, Type: "u32", Value: fmt.Sprint(v)})
	}
	u32("token", t.Token)
	u32("token_retransmit", t.TokenRetransmit)
	u32("hold", t.Hold)
	u32("token_retransmits_before_loss_const", t.TokenRetransmitsBeforeLoss)
	u32("join", t.Join)
	u32("send_join", t.SendJoin)
	u32("consensus", t.Consensus)
	u32("merge", t.Merge)
	u32("downcheck", t.Downcheck)
	u32("fail_recv_const", t.FailRecv)
	u32("seqno_unchanged_const", t.SeqnoUnchanged)
	u32("heartbeat_failures_allowed", t.HeartbeatFailuresAllowed)
	u32("max_network_delay", t.MaxNetworkDelay)
	u32("window_size", t.WindowSize)
	u32("max_messages", t.MaxMessages)
	u32("miss_count_const", t.MissCount)
	u32("block_unlisted_ips", b2u(t.BlockUnlisted))
	if t.Profile == EL7 {
		u32("rrp_token_expired_timeout", t.RRPTokenExpired)
		u32("rrp_problem_count_timeout", t.RRPProblemTimeout)
		u32("rrp_problem_count_threshold", t.RRPProblemThreshold)
		u32("rrp_problem_count_mcast_threshold", t.RRPProblemMcastThreshold)
		u32("rrp_autorecovery_check_timeout", t.RRPAutorecoveryCheck)
		return keys
	}
	u32("token_warning", t.TokenWarning)
	u32("cancel_token_hold_on_retransmit", b2u(t.CancelHoldOnRetransmit))
	u32("knet_pmtud_interval", 30)
	u32("knet_mtu", 0)
	u32("knet_compression_threshold", 0)
	keys = append(keys,
		Key{Name: "runtime.config.totem.knet_compression_model", Type: "str", Value: "none"},
		Key{Name: "runtime.config.totem.knet_compression_level", Type: "i32", Value: "0"})
	for _, i := range t.Interfaces {
		u32(fmt.Sprintf("interface.%d.knet_ping_interval", i.Number), t.Token/4)
		u32(fmt.Sprintf("interface.%d.knet_ping_timeout", i.Number), t.Token/2)
	}
	return keys
}

func b2u(b bool) uint32 {
	if b {
		return 1
	}
	return 0
}

package node

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"net"
	"net/netip"
	"os"
	"os/user"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/gocorosync/gocorosync/cmap"
	"github.com/gocorosync/gocorosync/conf"
	"github.com/gocorosync/gocorosync/totem"
	"github.com/gocorosync/gocorosync/totem/udp"
	"github.com/gocorosync/gocorosync/totem/wire"
)

// HostNames looks users and groups up on this host.
type HostNames struct{}

func (HostNames) User(name string) (string, bool) {
	u, err := user.Lookup(name)
	if err != nil {
		return "", false
	}
	return u.Uid, true
}

func (HostNames) Group(name string) (string, bool) {
	g, err := user.LookupGroup(name)
	if err != nil {
		return "", false
	}
	return g.Gid, true
}

// SysText is what the system says about an error, as C programs print it.
func SysText(err error) string {
	var errno syscall.Errno
	if errors.As(err, &errno) {
		s := errno.Error()
		return strings.ToUpper(s[:1]) + s[1:]
	}
	return err.Error()
}

// SysReason adds the error number.
func SysReason(err error) string {
	var errno syscall.Errno
	if errors.As(err, &errno) {
		return fmt.Sprintf("%s (%d)", SysText(err), int(errno))
	}
	return err.Error()
}

// host is this machine as the node of this program.
// It looks names up until ctx ends.
func (n *Node) host(ctx context.Context) conf.Host {
	h := ThisHost(ctx)
	h.NodeID, h.ReadKey = n.cfg.NodeID, n.cfg.ReadKey
	if n.cfg.Lookup != nil {
		h.Resolve = func(name string) ([]netip.Addr, error) { return n.cfg.Lookup(ctx, name) }
	}
	return h
}

// ThisHost is what this machine is called and where it can be reached. It reads
// no key.
func ThisHost(ctx context.Context) conf.Host {
	h := conf.Host{Resolve: func(name string) ([]netip.Addr, error) { return resolve(ctx, name) }}
	h.Hostname, _ = os.Hostname()
	addrs, _ := net.InterfaceAddrs()
	for _, a := range addrs {
		if p, err := netip.ParsePrefix(a.String()); err == nil {
			h.Addrs = append(h.Addrs, p)
		}
	}
	return h
}

func resolve(ctx context.Context, name string) ([]netip.Addr, error) {
	ips, err := net.DefaultResolver.LookupIPAddr(ctx, name)
	if err != nil {
		return nil, err
	}
	var list []netip.Addr
	for _, ip := range ips {
		if a, ok := netip.AddrFromSlice(ip.IP); ok {
			list = append(list, a.Unmap())
		}
	}
	return list, nil
}

// ReadKey reads the authentication key in a file. One that others could read is
// none.
func ReadKey(path string) ([]byte, error) {
	st, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if st.Mode().Perm()&0o077 != 0 {
		return nil, &fs.PathError{Op: "open", Path: path, Err: fmt.Errorf("mode %04o lets others read it (chmod 0400)", st.Mode().Perm())}
	}
	return os.ReadFile(path)
}

// totemConfig is the ring's part of the configuration.
func (n *Node) totemConfig(seq uint64) (totem.Config, error) {
	t := n.conf
	cfg := totem.Config{
		Self: n.self, Generation: n.gen, RingSeq: seq,
		Multicast: t.Transport == "udp",
		Tunables:  tunables(t),
		Nodes:     nodes(t),
		Rand:      rand.New(rand.NewPCG(uint64(time.Now().UnixNano()), uint64(os.Getpid()))),
		Log:       n.log.Of(TOTEM),
	}
	switch t.RRPMode {
	case "active":
		cfg.RRP = totem.RRPActive
	case "passive":
		cfg.RRP = totem.RRPPassive
	}
	return cfg, nil
}

// broadcast is the group that everybody is in.
var broadcast = netip.AddrFrom4([4]byte{255, 255, 255, 255})

// multicast is how transport udp reaches everybody, nil for udpu.
func multicast(t *conf.Totem, i conf.Interface) (*udp.Multicast, error) {
	switch {
	case t.Transport != "udp":
		return nil, nil
	case i.Broadcast:
		return &udp.Multicast{Group: broadcast}, nil
	case !i.McastAddr.IsValid():
		return nil, &conf.Error{Text: "parse error in config: No multicast address specified",
			Remedy: "set cluster_name in section totem, or mcastaddr in totem.interface"}
	}
	return &udp.Multicast{Group: i.McastAddr, TTL: int(i.TTL)}, nil
}

func nodes(t *conf.Totem) (list []totem.Node) {
	for _, c := range t.Nodes {
		var addrs []netip.Addr
		for _, a := range c.Addrs {
			if a.IsValid() {
				addrs = append(addrs, a)
			}
		}
		if len(addrs) > 0 {
			if t.RRPMode != "active" && t.RRPMode != "passive" {
				addrs = addrs[:1]
			}
			list = append(list, totem.Node{ID: totem.NodeID(c.ID), Addrs: addrs})
		}
	}
	if len(list) == 0 {
		var addrs []netip.Addr
		for _, i := range t.Interfaces {
			addrs = append(addrs, i.Bind)
		}
		list = append(list, totem.Node{ID: totem.NodeID(t.NodeID), Addrs: addrs})
	}
	return list
}

func tunables(t *conf.Totem) totem.Tunables {
	ms := func(v uint32) time.Duration { return time.Duration(v) * time.Millisecond }
	warning := int(t.TokenWarning)
	if t.Profile == conf.EL7 || warning == 0 {
		warning = -1
	}
	return totem.Tunables{
		Token: ms(t.Token), TokenRetransmitsBeforeLoss: int(t.TokenRetransmitsBeforeLoss),
		TokenRetransmit: ms(t.TokenRetransmit), Hold: ms(t.Hold), Consensus: ms(t.Consensus),
		Join: ms(t.Join), SendJoin: ms(t.SendJoin), Merge: ms(t.Merge),
		FailRecv: int(t.FailRecv), SeqnoUnchanged: int(t.SeqnoUnchanged), MissCount: int(t.MissCount),
		WindowSize: int(t.WindowSize), MaxMessages: int(t.MaxMessages), NetMTU: int(t.NetMTU),
		HeartbeatFailuresAllowed: int(t.HeartbeatFailuresAllowed), MaxNetworkDelay: ms(t.MaxNetworkDelay),
		RRPTokenExpired: ms(t.RRPTokenExpired), RRPProblemCountTimeout: ms(t.RRPProblemTimeout),
		RRPProblemCountThreshold: int(t.RRPProblemThreshold), RRPProblemCountMcastThreshold: int(t.RRPProblemMcastThreshold),
		RRPAutorecoveryCheck: ms(t.RRPAutorecoveryCheck),
		TokenWarning:         warning, CancelTokenHoldOnRetransmit: t.CancelHoldOnRetransmit,
	}
}

// publishConfig puts what follows from the configuration into cmap, and makes
// read-only what clients must not change. Spec: cmap-keys.md.
func (n *Node) publishConfig() {
	for _, k := range n.conf.RuntimeKeys() {
		n.setConf(k)
	}
	for _, k := range n.conf.NodeIDKeys() {
		n.setConf(k)
	}
	if n.conf.LocalPos >= 0 {
		n.keys.Set("nodelist.local_node_pos", cmap.U32(uint32(n.conf.Nodes[n.conf.LocalPos].Pos)))
	}
	for _, i := range n.conf.Interfaces {
		prefix := fmt.Sprintf("totem.interface.%d.", i.Number)
		bind := i.Bind.String()
		if n.gen == wire.EL9 && n.conf.LocalPos >= 0 { // corosync 3 keeps a name
			bind = n.conf.Nodes[n.conf.LocalPos].Names[i.Number]
		}
		n.keys.Set(prefix+"bindnetaddr", cmap.Str(bind))
		if n.gen == wire.EL7 || n.conf.Transport == "udp" {
			group := i.McastAddr
			if n.gen == wire.EL9 && i.Broadcast {
				group = broadcast
			}
			if group.IsValid() {
				n.keys.Set(prefix+"mcastaddr", cmap.Str(group.String()))
			}
			n.keys.Set(prefix+"mcastport", cmap.U16(i.McastPort))
		}
	}
	n.keys.Set("runtime.blackbox.dump_flight_data", cmap.Str("no"))
	n.keys.Set("runtime.blackbox.dump_state", cmap.Str("no"))
	if n.gen == wire.EL7 {
		n.keys.Set("config.totemconfig_reload_in_progress", cmap.U8(0))
		for i := range n.conf.Interfaces {
			n.setFaulty(i, false)
		}
	} else {
		n.keys.Set("runtime.force_gather", cmap.Str("no"))
	}
	n.setReadOnly()
}

func (n *Node) setReadOnly() {
	for name := range strings.FieldsSeq(`internal_configuration. runtime.services. runtime.config. runtime.totem. uidgid.config.
		totem.crypto_cipher totem.crypto_hash totem.secauth totem.ip_version totem.rrp_mode totem.transport
		totem.cluster_name totem.netmtu totem.threads totem.version totem.nodeid totem.clear_node_high_bit
		config.reload_in_progress config.totemconfig_reload_in_progress nodelist.local_node_pos`) {
		n.keys.SetReadOnly(name)
	}
	if n.keys.Text("quorum.provider", "") != "" {
		for name := range strings.FieldsSeq(`allow_downscale wait_for_all last_man_standing last_man_standing_window
			expected_votes_tracking auto_tie_breaker auto_tie_breaker_node`) {
			n.keys.SetReadOnly("quorum." + name)
		}
	}
	if n.gen == wire.EL9 {
		for name := range strings.FieldsSeq("system. nodelist. totem.crypto_model totem.keyfile totem.key") {
			n.keys.SetReadOnly(name)
		}
		return
	}
	n.keys.SetReadOnly("runtime.connections.")
	n.keys.SetReadOnly("qb.ipc_type")
	if n.conf.LocalPos >= 0 {
		n.keys.SetReadOnly(fmt.Sprintf("nodelist.node.%d.ring0_addr", n.conf.Nodes[n.conf.LocalPos].Pos))
	}
}

// sameNodes tells whether two nodelists have the same nodes.
func sameNodes(a, b []totem.Node) bool {
	return slices.EqualFunc(a, b, func(x, y totem.Node) bool { return x.ID == y.ID && slices.Equal(x.Addrs, y.Addrs) })
}

// missingIn returns those of a that b does not have, under their address.
func missingIn(a, b []totem.Node) (list []totem.Node) {
	for _, x := range a {
		if !slices.ContainsFunc(b, func(y totem.Node) bool { return x.ID == y.ID && x.Addrs[0] == y.Addrs[0] }) {
			list = append(list, x)
		}
	}
	return list
}

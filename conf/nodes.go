package conf

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

const (
	maxRingsEL7 = 2
	maxLinksEL9 = 8
)

// ringNumbers refuses rings and links that the generation cannot have, and
// kinds of links that there are not.
func (r *totemReader) ringNumbers() error {
	limit := maxRingsEL7 - 1
	if r.el9() {
		limit = maxLinksEL9 - 1
	}
	for _, key := range r.v.Keys("nodelist.node.") {
		field := key[strings.LastIndexByte(key, '.')+1:]
		digits, isRing := strings.CutPrefix(field, "ring")
		digits, isAddr := strings.CutSuffix(digits, "_addr")
		if n, err := strconv.Atoi(digits); isRing && isAddr && err == nil && n > limit {
			return r.fail("interface ring number %d is bigger than allowed maximum %d", n, limit)
		}
	}
	for _, n := range r.interfaceSections() {
		t := r.v.Text(fmt.Sprintf("totem.interface.%d.knet_transport", n), "udp")
		if r.el9() && t != "udp" && t != "sctp" {
			return r.plain("Unrecognised knet_transport. expected 'udp' or 'sctp'", "write \"knet_transport: udp\"").about("transport")
		}
	}
	return nil
}

// nodelist reads the nodes and finds the one this is.
func (r *totemReader) nodelist() error {
	t := r.t
	t.ClearHighBit = r.v.Text("totem.clear_node_high_bit", "no") == "yes"
	maxRings := maxRingsEL7
	if r.el9() {
		maxRings = maxLinksEL9
	}
	var positions []int
	for _, key := range r.v.Keys("nodelist.node.") {
		num, _, _ := strings.Cut(strings.TrimPrefix(key, "nodelist.node."), ".")
		if pos, err := strconv.Atoi(num); err == nil && !slices.Contains(positions, pos) {
			positions = append(positions, pos)
		}
	}
	slices.Sort(positions)
	for _, pos := range positions {
		prefix := fmt.Sprintf("nodelist.node.%d.", pos)
		n := Node{Pos: pos, ID: uint32(r.v.Uint(prefix+"nodeid", 0)), Name: r.v.Text(prefix+"name", ""),
			Votes: uint32(r.v.Uint(prefix+"quorum_votes", 1))}
		for ring := range maxRings {
			name := r.v.Text(fmt.Sprintf("%sring%d_addr", prefix, ring), "")
			if name == "" {
				break
			}
			n.Names = append(n.Names, name)
			n.Addrs = append(n.Addrs, r.resolve(name))
		}
		if len(n.Names) == 0 && !r.el9() {
			continue
		}
		t.Nodes = append(t.Nodes, n)
	}
	for i, n := range t.Nodes {
		for _, o := range t.Nodes[:i] {
			if n.ID != 0 && o.ID == n.ID {
				return r.plain(fmt.Sprintf("Nodeid %d appears twice in corosync.conf", n.ID), "give each node a nodeid of its own")
			}
		}
	}
	t.LocalPos = r.findLocal()
	if len(t.Nodes) > 0 && t.LocalPos < 0 {
		if r.el9() {
			for i := range t.Nodes { // the own name may be one that does not resolve
				if n := &t.Nodes[i]; len(n.Names) > 0 && !n.Addrs[0].IsValid() {
					return r.plain("failed to parse node address '"+n.Names[0]+"'", "add it to /etc/hosts of every node, or write its address")
				}
			}
			return r.fail("No valid name found for local host")
		}
		return nil // the interfaces will be missing
	}
	if r.el9() {
		if err := r.checkNodes(); err != nil {
			return err
		}
	}
	for i := range t.Nodes {
		if n := &t.Nodes[i]; n.ID == 0 && len(n.Addrs) > 0 {
			if r.el9() && t.Transport == "knet" && i == t.LocalPos {
				return r.plain("Knet requires an explicit nodeid for the local node", "add a nodeid to each node")
			}
			n.ID, n.Auto = autoID(n.Addrs[0], t.ClearHighBit), true
		}
	}
	if t.LocalPos >= 0 {
		t.NodeID = t.Nodes[t.LocalPos].ID
	}
	return nil
}

// resolve returns the address of a name in the wanted family, or none.
func (r *totemReader) resolve(name string) netip.Addr {
	var found []netip.Addr
	if a, err := netip.ParseAddr(name); err == nil {
		found = []netip.Addr{a}
	} else if r.host.Resolve != nil {
		found, _ = r.host.Resolve(name)
	}
	want6 := func(a netip.Addr) bool { return a.Unmap().Is6() }
	version := r.v.Text("totem.ip_version", "")
	prefer6 := r.el9() && (version == "" || version == "ipv6-4") || version == "ipv6"
	only := version == "ipv4" || version == "ipv6" || !r.el9()
	for _, six := range []bool{prefer6, !prefer6} {
		if only && six != (version == "ipv6") {
			continue
		}
		for _, a := range found {
			if want6(a) == six {
				return a.Unmap()
			}
		}
	}
	return netip.Addr{}
}

// findLocal returns the index of this node in the nodelist, or -1.
func (r *totemReader) findLocal() int {
	t := r.t
	if r.host.NodeID != 0 {
		return slices.IndexFunc(t.Nodes, func(n Node) bool { return n.ID == r.host.NodeID })
	}
	local := func(a netip.Addr) bool {
		return slices.ContainsFunc(r.host.Addrs, func(p netip.Prefix) bool { return p.Addr() == a })
	}
	if !r.el9() {
		found := -1
		for i, n := range t.Nodes {
			if len(n.Addrs) > 0 && local(n.Addrs[0]) {
				found = i
			}
		}
		return found
	}
	matches := func(name string) int {
		for i, n := range t.Nodes {
			if n.Name == name || n.Name == "" && len(n.Names) > 0 && n.Names[0] == name {
				return i
			}
		}
		return -1
	}
	for name := r.host.Hostname; name != ""; {
		if i := matches(name); i >= 0 {
			return i
		}
		dot := strings.LastIndexByte(name, '.')
		if dot < 0 {
			break
		}
		name = name[:dot]
	}
	host, _, _ := strings.Cut(r.host.Hostname, ".")
	for i, n := range t.Nodes {
		for _, name := range append([]string{n.Name}, n.Names...) {
			short, _, dotted := strings.Cut(name, ".")
			if _, err := netip.ParseAddr(name); dotted && err != nil && host != "" && short == host {
				return i
			}
		}
	}
	for i, n := range t.Nodes {
		for _, a := range n.Addrs {
			if local(a) {
				return i
			}
		}
		if n.Name != "" && local(r.resolve(n.Name)) {
			return i
		}
	}
	return -1
}

// checkNodes is what corosync 3 demands of all nodes.
func (r *totemReader) checkNodes() error {
	t := r.t
	for _, n := range t.Nodes {
		for i, a := range n.Addrs {
			if !a.IsValid() {
				what := "node"
				if n.ID == t.Nodes[t.LocalPos].ID && n.Pos == t.Nodes[t.LocalPos].Pos {
					what = "bindnet"
				}
				return r.plain(fmt.Sprintf("failed to parse %s address '%s'", what, n.Names[i]), "the name must be known to the resolver, and have an address of the ip_version")
			}
		}
	}
	if len(t.Nodes) == 0 {
		return nil
	}
	if len(t.Nodes[t.LocalPos].Addrs) == 0 {
		return r.fail("No multicast port specified for interface 0")
	}
	links := len(t.Nodes[0].Addrs)
	for _, n := range t.Nodes {
		if len(n.Addrs) != links {
			return r.fail("Not all nodes have the same number of links")
		}
		if links > 1 && n.Name == "" && t.Transport == "knet" {
			return r.fail("for a multi-link configuration, all nodes must have a 'name' attribute")
		}
	}
	for link := range links {
		for _, n := range t.Nodes {
			if first := t.Nodes[0].Addrs[link]; n.Addrs[link].Is4() != first.Is4() {
				return r.fail("Nodes for link %d have different IP families (compared %s with %s)", link, n.Addrs[link], first)
			}
		}
	}
	return nil
}

// interfaces puts the nodelist and the interface sections together.
func (r *totemReader) interfaces() error {
	t := r.t
	sections := r.interfaceSections()
	warnMember := false
	for _, n := range sections {
		prefix := fmt.Sprintf("totem.interface.%d.", n)
		bind := r.v.Text(prefix+"bindnetaddr", "")
		if len(t.Nodes) > 0 && bind != "" {
			t.Warnings = append(t.Warnings,
				"interface section bindnetaddr is used together with nodelist. Nodelist one is going to be used.",
				"Please migrate config file to nodelist.")
		}
		warnMember = warnMember || len(r.v.Keys(prefix+"member.")) > 0
	}
	if warnMember {
		if len(t.Nodes) > 0 {
			t.Warnings = append(t.Warnings, "member section is used together with nodelist. Members ignored.")
		} else {
			t.Warnings = append(t.Warnings, "member section is deprecated.")
		}
		t.Warnings = append(t.Warnings, "Please migrate config file to nodelist.")
	}
	if len(t.Nodes) > 0 {
		if t.LocalPos < 0 {
			return r.fail("No interfaces defined")
		}
		for number, a := range t.Nodes[t.LocalPos].Addrs {
			if i, err := r.iface(number, a); err != nil {
				return err
			} else {
				t.Interfaces = append(t.Interfaces, i)
			}
		}
		for _, number := range sections { // an interface without a node's address
			if !r.el9() && number >= len(t.Interfaces) && r.v.Text(fmt.Sprintf("totem.interface.%d.bindnetaddr", number), "") != "" {
				t.Interfaces = append(t.Interfaces, Interface{Number: number})
			}
		}
		if r.v.Uint("totem.nodeid", 0) != 0 {
			text := "nodeid appears both in totem section and nodelist. Nodelist one is used."
			if r.el9() {
				text = "nodeid in totem section is deprecated and ignored. Nodelist (or autogenerated) nodeid is going to be used."
			}
			t.Warnings = append(t.Warnings, text, "Please migrate config file to nodelist.")
		}
	} else {
		for _, number := range sections {
			bind, err := netip.ParseAddr(r.v.Text(fmt.Sprintf("totem.interface.%d.bindnetaddr", number), ""))
			if err != nil {
				continue
			}
			local, ok := LocalIn(bind, r.host.Addrs)
			if !ok {
				continue
			}
			i, err := r.iface(number, local)
			if err != nil {
				return err
			}
			i.Net = bind
			t.Interfaces = append(t.Interfaces, i)
		}
		if r.el9() && len(t.Interfaces) > 0 {
			return r.fail("No valid name found for local host")
		}
		if len(t.Interfaces) > 0 {
			t.NodeID = uint32(r.v.Uint("totem.nodeid", 0))
			if t.NodeID == 0 {
				t.NodeID = autoID(t.Interfaces[0].Bind, t.ClearHighBit)
			}
		}
	}
	if len(t.Interfaces) == 0 || !t.Interfaces[0].Bind.IsValid() {
		return r.fail("No interfaces defined")
	}
	return nil
}

func (r *totemReader) interfaceSections() (numbers []int) {
	for _, key := range r.v.Keys("totem.interface.") {
		num, _, _ := strings.Cut(strings.TrimPrefix(key, "totem.interface."), ".")
		if n, err := strconv.Atoi(num); err == nil && !slices.Contains(numbers, n) {
			numbers = append(numbers, n)
		}
	}
	slices.Sort(numbers)
	return numbers
}

// LocalIn returns the local address that bindnetaddr stands for: the address
// itself, or else the first one whose network, by its own netmask, bind is in.
// Spec: totem.md 5.1.
func LocalIn(bind netip.Addr, local []netip.Prefix) (netip.Addr, bool) {
	for _, p := range local {
		if p.Addr() == bind {
			return bind, true
		}
	}
	for _, p := range local {
		if p.Contains(bind) {
			return p.Addr(), true
		}
	}
	return netip.Addr{}, false
}

func (r *totemReader) iface(number int, bind netip.Addr) (Interface, error) {
	prefix := fmt.Sprintf("totem.interface.%d.", number)
	suffix := ""
	if r.el9() {
		suffix = fmt.Sprintf(" for interface %d", number)
	}
	i := Interface{Number: number, Bind: bind, TTL: 1}
	port := r.v.Uint(prefix+"mcastport", defaultMcastPort)
	if port == 0 {
		if !r.el9() {
			return i, r.fail("No multicast port specified")
		}
		port = defaultMcastPort
	}
	i.McastPort = uint16(port)
	i.Broadcast = r.v.Text(prefix+"broadcast", "no") == "yes"
	if text := r.v.Text(prefix+"mcastaddr", ""); text != "" {
		a, err := netip.ParseAddr(text)
		if err != nil && r.el9() {
			return i, r.plain(fmt.Sprintf("failed to parse mcast address '%s'", text), "mcastaddr must be an address")
		}
		if err != nil && r.t.Transport == "udp" {
			return i, r.fail("No multicast address specified")
		}
		i.McastAddr = a
	} else if !i.Broadcast {
		i.McastAddr = autoMcast(r.t.ClusterName, number, bind.Is6())
	}
	if r.t.Transport == "udp" && i.McastAddr.IsValid() && !i.McastAddr.IsMulticast() && !i.Broadcast {
		end := "."
		if r.el9() {
			end = ""
		}
		return i, r.fail("mcastaddr is not a correct multicast address%s%s", suffix, end)
	}
	if len(r.v.Keys(prefix+"ttl")) > 0 {
		i.TTL = uint8(r.v.Uint(prefix+"ttl", 1))
		if r.t.Transport != "udp" && i.TTL != 1 {
			return i, r.fail("Can only set ttl on multicast transport types%s", suffix).about("transport")
		}
	}
	if r.el9() && r.t.Transport != "knet" && r.v.Uint(prefix+"knet_link_priority", 0) != 0 {
		return i, r.fail("Can only set link priority on knet transport type%s", suffix).about("transport")
	}
	return i, nil
}

// autoMcast is the multicast address that follows from the cluster's name.
func autoMcast(cluster string, number int, six bool) netip.Addr {
	if cluster == "" {
		return netip.Addr{}
	}
	var h uint32
	for i := range len(cluster) {
		h = 2*h + uint32(cluster[i])
	}
	h = h&0xffff + uint32(number)
	if six {
		a := [16]byte{0: 0xff, 1: 0x15, 14: byte(h >> 8), 15: byte(h)}
		return netip.AddrFrom16(a)
	}
	return netip.AddrFrom4([4]byte{239, 192, byte(h >> 8), byte(h % 255)})
}

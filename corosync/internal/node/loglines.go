package node

import (
	"fmt"

	"github.com/gocorosync/gocorosync/totem"
	"github.com/gocorosync/gocorosync/totem/wire"
)

// memberLines splits a list of node ids over lines as the quorum service does:
// "Members[n]: 1 2 3", with a backslash where it goes on.
func memberLines(what string, ids []totem.NodeID) (lines []string) {
	const width = 80
	line := fmt.Sprintf("%s[%d]:", what, len(ids))
	for _, id := range ids {
		word := fmt.Sprintf(" %d", id)
		if len(line)+len(word) > width {
			lines = append(lines, line+`\`)
			line = fmt.Sprintf("%s[%d]:", what, len(ids))
		}
		line += word
	}
	return append(lines, line)
}

// logTransport says what the ring runs on.
func (n *Node) logTransport() {
	t := n.conf
	kind := "Unicast"
	if t.Transport == "udp" {
		kind = "Multicast"
	}
	n.log.Log(LevelNotice, TOTEM, "Initializing transport (UDP/IP %s).", kind)
	if n.gen == wire.EL7 {
		n.log.Log(LevelNotice, TOTEM, "Initializing transmit/receive security (NSS) crypto: %s hash: %s", t.Cipher, t.Hash)
	}
	for _, i := range t.Interfaces {
		n.log.Log(LevelNotice, TOTEM, "The network interface [%v] is now up.", i.Bind)
	}
}

// logLinks says whom the ring is for.
func (n *Node) logLinks() {
	t := n.conf
	if n.gen == wire.EL9 {
		for _, i := range t.Interfaces {
			n.log.Log(LevelInfo, TOTEM, "Configuring link %d", i.Number)
		}
	}
	if t.Transport == "udp" {
		return
	}
	for _, c := range nodes(t) {
		for _, a := range c.Addrs {
			n.log.Log(LevelNotice, TOTEM, "adding new UDPU member {%v}", a)
		}
	}
}

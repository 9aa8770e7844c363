package conf

import (
	"fmt"
	"net/netip"
)

// autoID is the node id of a node that has none: its IPv4 address.
func autoID(a netip.Addr, clearHighBit bool) uint32 {
	if !a.Is4() {
		return 0
	}
	b := a.As4()
	id := uint32(b[0])<<24 | uint32(b[1])<<16 | uint32(b[2])<<8 | uint32(b[3])
	if clearHighBit {
		id &= 0x7fffffff
	}
	return id
}

// NodeIDKeys are the keys that corosync 3 adds to the nodelist: the ids of nodes
// to which the file gives none, or 0. Its clients find names and links by them.
func (t *Totem) NodeIDKeys() []Key {
	if t.Profile != EL9 {
		return nil
	}
	var keys []Key
	for _, n := range t.Nodes {
		if n.Auto {
			keys = append(keys, Key{Name: fmt.Sprintf("nodelist.node.%d.nodeid", n.Pos), Type: "u32", Value: fmt.Sprint(n.ID)})
		}
	}
	return keys
}

// KeepHighBit makes the ids that come from addresses as the running node has made
// its own: clear_node_high_bit counts at the start only.
func (t *Totem) KeepHighBit(clearHighBit bool) {
	t.ClearHighBit = clearHighBit
	for i := range t.Nodes {
		if n := &t.Nodes[i]; n.Auto {
			n.ID = autoID(n.Addrs[0], clearHighBit)
		}
	}
	if t.LocalPos >= 0 {
		t.NodeID = t.Nodes[t.LocalPos].ID
	}
}

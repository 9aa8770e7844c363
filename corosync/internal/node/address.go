package node

import (
	"fmt"
	"net/netip"
	"slices"

	"github.com/gocorosync/gocorosync/cmap"
	"github.com/gocorosync/gocorosync/conf"
)

// rebind chooses another address in the network that bindnetaddr names, as at
// the start. With a nodelist, and with bindnetaddr an address, there is none:
// the others know the node by the one that it had.
func rebind(interfaces []conf.Interface) func(ring int, local []netip.Prefix) netip.Addr {
	interfaces = slices.Clone(interfaces) // AddressChanged writes to the other
	return func(ring int, local []netip.Prefix) netip.Addr {
		if ring >= len(interfaces) || !interfaces[ring].Net.IsValid() {
			return netip.Addr{}
		}
		addr, _ := conf.LocalIn(interfaces[ring].Net, local)
		return addr
	}
}

// AddressChanged is called before this node goes by another address.
// Its node id stays, even one that was made of the old address; the number of its
// ring must be found under the new one after a restart.
func (c callbacks) AddressChanged(ring int, addr netip.Addr) error {
	n := c.n
	if ring >= len(n.conf.Interfaces) {
		return nil
	}
	i := &n.conf.Interfaces[ring]
	i.Bind = addr
	n.keys.Set(fmt.Sprintf("totem.interface.%d.bindnetaddr", i.Number), cmap.Str(addr.String()))
	n.log.Log(LevelNotice, TOTEM, "The network interface [%v] is now up.", addr)
	if ring > 0 {
		return nil
	}
	n.ringPath = n.ringFile()
	return c.Save(n.loop.Machine().Ring().Seq)
}

package node

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/gocorosync/gocorosync/cmap"
	"github.com/gocorosync/gocorosync/conf"
	"github.com/gocorosync/gocorosync/service"
	"github.com/gocorosync/gocorosync/totem/wire"
)

// An engine is a service as cmap and the log name it.
type engine struct {
	id                int
	short, lib, title string
	functions         int  // messages on the ring
	clients           bool // it has a socket
}

// engines are the services of this node in the order in which corosync loads
// them.
func (n *Node) engines() []engine {
	cfgFunctions := 4
	if n.gen == wire.EL9 {
		cfgFunctions = 5
	}
	list := []engine{
		{0, "cmap", "corosync_cmap", "corosync configuration map access", 1, true},
		{1, "cfg", "corosync_cfg", "corosync configuration service", cfgFunctions, true},
		{2, "cpg", "corosync_cpg", "corosync cluster closed process group service v1.01", 7, true},
		// A load test that nobody starts: its messages are ignored.
		{service.IDPload, "pload", "corosync_pload", "corosync profile loading service", 2, false},
	}
	if n.monitor != nil {
		list = append(list, engine{6, "mon", "corosync_mon", "corosync resource monitoring service", 0, false},
			engine{7, "wd", "corosync_wd", "corosync watchdog service", 0, false})
	}
	if n.vote != nil {
		list = append(list, engine{5, "votequorum", "corosync_votequorum", "corosync vote quorum service v1.0", 4, true})
	}
	return append(list, engine{3, "quorum", "corosync_quorum", "corosync cluster quorum service v0.1", 0, true})
}

// loadEngines tells cmap and the log of the services.
func (n *Node) loadEngines() {
	for _, e := range n.engines() {
		prefix := fmt.Sprintf("internal_configuration.service.%d.", e.id)
		n.keys.Set(prefix+"name", cmap.Str(e.lib))
		n.keys.Set(prefix+"ver", cmap.U32(0))
		prefix = "runtime.services." + e.short + "."
		n.keys.Set(prefix+"service_id", cmap.U16(uint16(e.id)))
		for fn := range e.functions {
			n.keys.Set(fmt.Sprintf("%s%d.tx", prefix, fn), cmap.U64(0))
			n.keys.Set(fmt.Sprintf("%s%d.rx", prefix, fn), cmap.U64(0))
		}
		switch e.short {
		case "mon":
			n.monitor.StartMonitor()
		case "wd":
			n.monitor.StartWatchdog()
		case "votequorum":
			n.log.Log(LevelNotice, QUORUM, "Using quorum provider %s", n.keys.Text("quorum.provider", ""))
		}
		n.log.Log(LevelNotice, SERV, "Service engine loaded: %s [%d]", e.title, e.id)
		if n.cfg.IPC && e.clients {
			n.log.Log(LevelInfo, QB, "server name: %s", e.short)
		}
	}
}

// unloadEngines tells the log of their end.
func (n *Node) unloadEngines() {
	list := n.engines()
	// Votequorum uses the others.
	rank := func(e engine) int {
		if e.short == "votequorum" {
			return -1
		}
		return e.id
	}
	slices.SortFunc(list, func(a, b engine) int { return cmp.Compare(rank(a), rank(b)) })
	n.log.Log(LevelNotice, SERV, "Unloading all Corosync service engines.")
	for _, e := range list {
		if n.cfg.IPC && e.clients {
			n.log.Log(LevelInfo, QB, "withdrawing server sockets")
		}
		n.log.Log(LevelNotice, SERV, "Service engine unloaded: %s", e.title)
	}
}

// Features are what the original says that it was built with, as far as it is
// here.
func Features(p conf.Profile) string {
	if p == conf.EL7 {
		return "dbus systemd snmp"
	}
	return "dbus monitoring watchdog systemd snmp"
}

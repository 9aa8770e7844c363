package corosync

import (
	"slices"
	"strings"
	"time"

	"github.com/gocorosync/gocorosync/cmap"
	"github.com/gocorosync/gocorosync/conf"
	"github.com/gocorosync/gocorosync/ipc/coro"
	"github.com/gocorosync/gocorosync/service"
	"github.com/gocorosync/gocorosync/totem"
	"github.com/gocorosync/gocorosync/totem/wire"
	"github.com/gocorosync/gocorosync/votequorum"
)

// reload reads the configuration again, because some node asked all to. The
// client that did gets its answer here. Spec: corosync-conf.md section 6.
func (n *Node) reload(a service.Reload) {
	n.log.log(levelNotice, "CFG", "Config reload requested by node %d", a.From)
	status := n.reloadFile()
	n.notify()
	if a.Source.Node != n.self {
		return
	}
	id := int32(coro.CFGResReload2)
	if n.gen == wire.EL9 {
		id = coro.CFGResReload3
	}
	if cl := n.cfgClient(a.Source.Conn); cl != nil {
		cl.status(id, status)
	}
}

func (n *Node) reloadFile() coro.Error {
	el9 := n.gen == wire.EL9
	if el9 {
		n.keys.Set("config.totemconfig_reload_in_progress", cmap.U8(1))
	}
	file, err := readFile(n.cfg.File, n.cfg.Profile)
	if err != nil {
		n.log.log(levelError, "CFG", "Unable to reload config file: %s", err)
		if el9 {
			return coro.ErrInvalidParam
		}
		return coro.ErrLibrary
	}
	fresh := conf.FromKeys(file.Keys)
	t, terr := conf.ReadTotem(fresh, n.cfg.Profile, n.host())
	if terr != nil && el9 {
		n.log.log(levelError, "CFG", "Configuration is not valid: %s", terr)
		n.keys.Set("config.reload_status", cmap.I32(int32(coro.ErrInvalidParam)))
		n.keys.Set("config.totemconfig_reload_in_progress", cmap.U8(0))
		return coro.ErrInvalidParam
	}
	n.keys.Set("config.totemconfig_reload_in_progress", cmap.U8(1))
	n.keys.Set("config.reload_in_progress", cmap.U8(1))
	n.file = file
	n.removeKeys(file)
	if el9 {
		n.applyTotem(t)
		n.changeKeys(file)
		n.keys.Set("config.reload_status", cmap.I32(int32(coro.OK)))
	} else {
		n.changeKeys(file)
		if terr != nil {
			n.log.log(levelError, "TOTEM", "%s", terr)
		} else {
			n.applyTotem(t)
		}
	}
	n.applyLogging()
	n.rereadVotes()
	n.keys.Set("config.totemconfig_reload_in_progress", cmap.U8(0))
	n.keys.Set("config.reload_in_progress", cmap.U8(0))
	n.feed(service.To{ID: service.IDCMAP, Event: service.VersionChanged{
		Version: n.keys.Uint("totem.config_version", 0), Known: len(n.keys.Keys("totem.config_version")) > 0,
	}})
	return coro.OK
}

// removeKeys deletes what the file no longer has.
func (n *Node) removeKeys(file *conf.File) {
	has := make(map[string]bool)
	for _, k := range file.Keys {
		has[k.Name] = true
	}
	prefixes := []string{"logging.", "totem.", "nodelist.", "quorum.", "uidgid.config."}
	if n.gen == wire.EL9 {
		prefixes = append(prefixes, "nozzle.")
	}
	for _, prefix := range prefixes {
		for _, key := range n.keys.Keys(prefix) {
			if !has[key] && !n.keptKey(key) {
				n.keys.Delete(key)
			}
		}
	}
}

// keptKey reports whether a key keeps its value until the daemon is started
// again.
func (n *Node) keptKey(key string) bool {
	return n.keys.ReadOnly(key) && !strings.HasPrefix(key, "nodelist.") && !strings.HasPrefix(key, "uidgid.")
}

func (n *Node) changeKeys(file *conf.File) {
	for _, k := range file.Keys {
		if n.keptKey(k.Name) {
			old, _ := n.keys.Get(k.Name)
			if old.String() != k.Value {
				n.log.log(levelNotice, "CFG", "Modified entry '%s' in corosync.conf cannot be changed at run-time", k.Name)
			}
			continue
		}
		if err := n.setConf(k); err != nil {
			n.log.log(levelWarning, "CFG", "%s", err)
		}
	}
}

// applyTotem puts timers and nodes in force that may change while the ring
// runs.
func (n *Node) applyTotem(t *conf.Totem) {
	old := n.conf
	// These cannot change while the ring runs.
	t.Transport, t.Cipher, t.Hash, t.Key = old.Transport, old.Cipher, old.Hash, old.Key
	t.Interfaces, t.NodeID, t.NetMTU = old.Interfaces, old.NodeID, old.NetMTU
	self := slices.ContainsFunc(t.Nodes, func(c conf.Node) bool { return c.ID == old.NodeID })
	if !self {
		t.Nodes, t.LocalPos = old.Nodes, old.LocalPos
	}
	n.conf = t
	if t.LocalPos >= 0 {
		n.keys.Set("nodelist.local_node_pos", cmap.U32(uint32(t.Nodes[t.LocalPos].Pos)))
	}
	for _, k := range t.RuntimeKeys() {
		n.setConf(k)
	}
	n.toRing = append(n.toRing, totem.Retune{Tunables: tunables(t)})
	if before, after := nodes(old), nodes(t); !sameNodes(before, after) {
		for _, c := range after {
			if !slices.ContainsFunc(before, func(o totem.Node) bool { return o.ID == c.ID }) {
				n.log.log(levelNotice, "TOTEM", "adding new UDPU member {%v}", c.Addrs[0])
			}
		}
		for _, c := range before {
			if !slices.ContainsFunc(after, func(o totem.Node) bool { return o.ID == c.ID }) {
				n.log.log(levelNotice, "TOTEM", "removing UDPU member {%v}", c.Addrs[0])
			}
		}
		n.toRing = append(n.toRing, totem.SetNodes{Nodes: after})
	}
}

func (n *Node) applyLogging() {
	l, err := conf.ReadLogging(n.keys, n.cfg.Profile)
	if err != nil {
		n.log.log(levelError, "MAIN", "%s", err)
		return
	}
	if n.cfg.Quiet {
		l.Stderr = false
	}
	if err := n.log.configure(l); err != nil {
		n.log.log(levelError, "MAIN", "%s", err)
	}
}

// rereadVotes puts a changed quorum section or nodelist in force.
func (n *Node) rereadVotes() {
	if n.vote == nil {
		return
	}
	set, err := votequorum.Read(n.keys, n.voteSet, n.gen == wire.EL9)
	if err != nil {
		n.log.log(levelCrit, "VOTEQ", "%s", err)
		return
	}
	n.voteSet = set
	n.feed(service.To{ID: service.IDVotequorum, Event: votequorum.Configure{Settings: set}})
}

// trackConfig makes keys that clients may write take effect.
func (n *Node) trackConfig() {
	const all = cmap.Add | cmap.Modify | cmap.Delete
	busy := func() bool { return n.keys.Uint("config.reload_in_progress", 0) != 0 }
	n.keys.Track("quorum.", all|cmap.Prefix, func(note cmap.Note) {
		switch {
		case busy():
			return
		case note.Name == "quorum.cancel_wait_for_all":
			if v, ok := note.New.Uint(); ok && v >= 1 {
				n.keys.Set("quorum.cancel_wait_for_all", cmap.U8(0))
				if n.vote != nil {
					n.feed(service.To{ID: service.IDVotequorum, Event: votequorum.CancelWaitForAll{}})
				}
			}
		}
		n.rereadVotes()
	})
	n.keys.Track("nodelist.", all|cmap.Prefix, func(note cmap.Note) {
		if !busy() && note.Name != "nodelist.local_node_pos" {
			n.rereadTotem()
			n.rereadVotes()
		}
	})
	n.keys.Track("totem.", all|cmap.Prefix, func(cmap.Note) {
		if !busy() {
			n.rereadTotem()
		}
	})
	n.keys.Track("logging.", all|cmap.Prefix, func(cmap.Note) {
		if !busy() {
			n.applyLogging()
		}
	})
	n.keys.Track("runtime.force_gather", cmap.Modify, func(note cmap.Note) {
		if note.New.Text() == "yes" {
			n.keys.Set(note.Name, cmap.Str("no"))
			n.log.log(levelError, "MAIN", "Forcing into GATHER state")
			n.toRing = append(n.toRing, totem.GiveUp{})
		}
	})
	// Any change asks for it: corosync-blackbox sets the time.
	n.keys.Track("runtime.blackbox.", cmap.Modify|cmap.Prefix, func(note cmap.Note) {
		switch note.Name {
		case "runtime.blackbox.dump_state":
			n.dumpState()
		case "runtime.blackbox.dump_flight_data":
			if err := n.dumpFlight(); err != nil {
				n.log.log(levelError, "MAIN", "Could not write the flight recorder: %s", sysText(err))
			}
		}
	})
}

func (n *Node) rereadTotem() {
	t, err := conf.ReadTotem(n.keys, n.cfg.Profile, n.host())
	if err != nil {
		n.log.log(levelError, "TOTEM", "%s", err)
		return
	}
	n.applyTotem(t)
}

// dumpState writes what the machines know to the log.
func (n *Node) dumpState() {
	n.log.log(levelNotice, "MAIN", "state: ring %v, members %v, syncing %v, up %v, clients %d",
		n.loop.Machine().Ring(), n.members, n.svc.Syncing(), n.now.Truncate(time.Second), len(n.clients))
	for _, p := range n.cpg.Processes(false, nil) {
		n.log.log(levelNotice, "CPG", "group %q node %d pid %d", p.Group, p.Node, p.PID)
	}
}

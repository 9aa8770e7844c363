package node

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"net/netip"
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
// client that did gets its answer when what was read is in force, or refused.
// Spec: corosync-conf.md 6.
func (n *Node) reload(a service.Reload) {
	n.log.Log(LevelNotice, CFG, "Config reload requested by node %d", a.From)
	n.reloadFile(func(status coro.Error) {
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
	})
}

// Reload reads the configuration of this node again and puts it in force. An error
// says why that is refused.
func (n *Node) Reload(ctx context.Context) error {
	result := make(chan error, 1)
	if !n.Do(func() { n.reloadFile(func(coro.Error) { result <- n.reloading.err }) }) {
		return ErrEnded
	}
	select {
	case err := <-result:
		return err
	case <-n.done:
		return ErrEnded
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// reloading is the reload under way, and those that were asked for meanwhile:
// they become one, since the file may have changed after it was read.
type reloading struct {
	underWay bool
	err      error // why the one before was refused, or a part of it
	next     []func(coro.Error)
}

// readTime is what reading the configuration may take, looking up names above
// all. It is the time after which clients give up.
const readTime = 30 * time.Second

// fresh is a configuration that was read and checked, of which nothing is in
// force yet.
type fresh struct {
	file  *conf.File
	totem *conf.Totem
	// totemErr is why the settings of the ring cannot be used, in EL7, where
	// all others are.
	totemErr error
}

// A refusal is why a reload changes nothing.
type refusal struct {
	status coro.Error
	lines  []logLine
	// valid says that the file could be read; what it says cannot be used.
	valid bool
}

// Error is all that the log says of it.
func (r *refusal) Error() string {
	var s []string
	for _, l := range r.lines {
		s = append(s, l.text)
	}
	return strings.Join(s, "; ")
}

type logLine struct {
	subsystem Subsystem
	text      string
}

// reloadFile reads the configuration beside the loop, puts it in force in the
// loop and tells done, there too.
func (n *Node) reloadFile(done func(coro.Error)) {
	n.reloading.next = append(n.reloading.next, done)
	if n.reloading.underWay {
		return
	}
	asked := n.reloading.next
	n.reloading = reloading{underWay: true}
	if n.gen == wire.EL9 {
		n.keys.Set("config.totemconfig_reload_in_progress", cmap.U8(1))
	}
	var r *fresh
	var no *refusal
	n.aside(func(ctx context.Context) {
		ctx, cancel := context.WithTimeout(ctx, cmp.Or(n.cfg.ReadTime, readTime))
		defer cancel()
		r, no = n.readAgain(ctx)
	}, func() {
		status := n.use(r, no)
		for _, f := range asked {
			f(status)
		}
		n.reloading.underWay = false
		if next := n.reloading.next; len(next) > 0 {
			n.reloading.next = nil
			n.reloadFile(func(s coro.Error) {
				for _, f := range next {
					f(s)
				}
			})
		}
	})
}

// use puts what was read in force, unless something is wrong with it.
func (n *Node) use(r *fresh, no *refusal) coro.Error {
	el9 := n.gen == wire.EL9
	if no == nil && r.totemErr == nil {
		r.totem.KeepHighBit(n.conf.ClearHighBit)
	}
	if no == nil && el9 {
		no = refuseMoved(n.conf, r.totem)
	}
	if no == nil {
		n.reloading.err = r.totemErr
	} else {
		n.reloading.err = no
		for _, l := range no.lines {
			n.log.Log(LevelError, l.subsystem, "%s", l.text)
		}
		if no.valid && el9 {
			n.keys.Set("config.reload_status", cmap.I32(int32(no.status)))
			n.keys.Set("config.totemconfig_reload_in_progress", cmap.U8(0))
		}
		return no.status
	}
	n.putInForce(r)
	return coro.OK
}

// readAgain reads the configuration and looks at whether it can be put in force.
// It changes nothing, and touches nothing of the loop's. All addresses come from
// here.
func (n *Node) readAgain(ctx context.Context) (*fresh, *refusal) {
	el9 := n.gen == wire.EL9
	status := coro.ErrLibrary
	if el9 {
		status = coro.ErrInvalidParam
	}
	file, err := n.cfg.Read()
	if err != nil {
		return nil, &refusal{status: status, lines: []logLine{{CFG, fmt.Sprintf("Unable to reload config file: %s", err)}}}
	}
	r := &fresh{file: file}
	r.totem, r.totemErr = conf.ReadTotem(conf.FromKeys(file.Keys), n.cfg.Profile, n.host(ctx))
	no := &refusal{status: status, valid: true}
	switch {
	case r.totemErr != nil && el9:
		no.lines = []logLine{{CFG, fmt.Sprintf("Configuration is not valid: %s", r.totemErr)}}
		return nil, no
	case r.totemErr != nil:
		return r, nil
	}
	if err := unresolved(r.totem); err != nil {
		no.lines = []logLine{{CFG, fmt.Sprintf("Unable to reload config file: %s", err)}}
		return nil, no
	}
	return r, nil
}

// refuseMoved refuses a configuration in which a node has another address.
func refuseMoved(old, t *conf.Totem) *refusal {
	moved := movedNodes(old, t)
	if len(moved) == 0 {
		return nil
	}
	no := &refusal{status: coro.ErrInvalidParam, valid: true}
	for _, text := range moved {
		no.lines = append(no.lines, logLine{TOTEM, text})
	}
	no.lines = append(no.lines, logLine{CFG, "Cannot configure new interface definitions: To reconfigure an interface it must be deleted and recreated." +
		" A working interface needs to be available to corosync at all times"})
	return no
}

// unresolved tells which name has no address. A node without one is not a node
// that was removed: with the resolver silent for a moment, that would cut off
// members that are in good health.
func unresolved(t *conf.Totem) error {
	for _, c := range t.Nodes {
		for i, a := range c.Addrs {
			if !a.IsValid() {
				return fmt.Errorf("no address found for '%s' of node %d: the addresses in force stay, nothing was changed (the resolver must know the name)", c.Names[i], c.ID)
			}
		}
	}
	return nil
}

// movedNodes tells which nodes have another address than the one in force, which
// corosync 3 refuses.
func movedNodes(old, t *conf.Totem) (lines []string) {
	for _, c := range t.Nodes {
		i := slices.IndexFunc(old.Nodes, func(o conf.Node) bool { return o.ID == c.ID })
		if i < 0 {
			continue
		}
		for link, a := range c.Addrs {
			if was := old.Nodes[i].Addrs; link < len(was) && was[link] != a {
				lines = append(lines, fmt.Sprintf("new config has different address for link %d (addr changed from %v to %v). Internal value was NOT changed.", link, was[link], a))
			}
		}
	}
	return lines
}

// putInForce changes keys, ring and services to what was read.
func (n *Node) putInForce(r *fresh) {
	n.keys.Set("config.totemconfig_reload_in_progress", cmap.U8(1))
	n.keys.Set("config.reload_in_progress", cmap.U8(1))
	n.file = r.file
	n.removeKeys(r.file)
	if n.gen == wire.EL9 {
		keys := withNodeIDs(r.file.Keys, r.totem)
		n.applyTotem(r.totem)
		n.changeKeys(keys)
		n.keys.Set("config.reload_status", cmap.I32(int32(coro.OK)))
	} else {
		n.changeKeys(inOrder(r.file.Keys))
		if r.totemErr != nil {
			n.log.Log(LevelError, TOTEM, "%s", r.totemErr)
		} else {
			n.applyTotem(r.totem)
		}
	}
	n.applyLogging()
	n.rereadVotes()
	n.keys.Set("config.totemconfig_reload_in_progress", cmap.U8(0))
	n.keys.Set("config.reload_in_progress", cmap.U8(0))
	n.feed(service.To{ID: service.IDCMAP, Event: service.VersionChanged{
		Version: n.keys.Uint("totem.config_version", 0), Known: len(n.keys.Keys("totem.config_version")) > 0,
	}})
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
			if !has[key] && (prefix != "quorum." || !n.keptKey(key)) {
				n.keys.Delete(key)
			}
		}
	}
}

// keptKey reports whether a key keeps its value until the daemon is started
// again. Corosync 3 shows what the file says of clear_node_high_bit, and goes by
// what it said at the start.
func (n *Node) keptKey(key string) bool {
	return n.keys.ReadOnly(key) && !strings.HasPrefix(key, "nodelist.") && !strings.HasPrefix(key, "uidgid.") &&
		(n.gen != wire.EL9 || key != "totem.clear_node_high_bit")
}

// inOrder returns keys as cmap orders them, which is how the originals, which read
// the file into a map of its own, tell trackers of them.
func inOrder(keys []conf.Key) []conf.Key {
	keys = slices.Clone(keys)
	slices.SortStableFunc(keys, func(a, b conf.Key) int { return cmp.Compare(a.Name, b.Name) })
	return keys
}

// withNodeIDs returns the keys of a file in order, with the ids of the nodes that
// have none there.
func withNodeIDs(keys []conf.Key, t *conf.Totem) []conf.Key {
	made := t.NodeIDKeys()
	keys = slices.DeleteFunc(slices.Clone(keys), func(k conf.Key) bool {
		return slices.ContainsFunc(made, func(m conf.Key) bool { return m.Name == k.Name })
	})
	return inOrder(append(keys, made...))
}

func (n *Node) changeKeys(keys []conf.Key) {
	for _, k := range keys {
		if n.keptKey(k.Name) {
			old, _ := n.keys.Get(k.Name)
			if old.String() != k.Value {
				n.log.Log(LevelNotice, CFG, "Modified entry '%s' in corosync.conf cannot be changed at run-time", k.Name)
			}
			continue
		}
		if err := n.setConf(k); err != nil {
			n.log.Log(LevelWarning, CFG, "%s", err)
		}
	}
}

// applyTotem puts timers and nodes in force that may change while the ring
// runs.
func (n *Node) applyTotem(t *conf.Totem) {
	old := n.conf
	// These cannot change while the ring runs.
	t.Transport, t.Cipher, t.Hash, t.Key = old.Transport, old.Cipher, old.Hash, old.Key
	t.Interfaces, t.NodeID, t.NetMTU, t.ClearHighBit = old.Interfaces, old.NodeID, old.NetMTU, old.ClearHighBit
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
		for _, c := range missingIn(before, after) {
			n.log.Log(LevelNotice, TOTEM, "removing UDPU member {%v}", c.Addrs[0])
		}
		for _, c := range missingIn(after, before) {
			n.log.Log(LevelNotice, TOTEM, "adding new UDPU member {%v}", c.Addrs[0])
		}
		n.toRing = append(n.toRing, totem.SetNodes{Nodes: after})
	}
}

func (n *Node) applyLogging() {
	if n.cfg.Places == nil {
		return
	}
	l, err := conf.ReadLogging(n.keys, n.cfg.Profile)
	if err != nil {
		n.log.Log(LevelError, MAIN, "%s", err)
		return
	}
	if n.cfg.Places.Adopt(l) {
		return
	}
	n.aside(func(context.Context) {
		if err := n.cfg.Places.Move(); err != nil {
			n.log.Log(LevelError, MAIN, "%s", err)
		}
	}, nil)
}

// rereadVotes puts a changed quorum section or nodelist in force.
func (n *Node) rereadVotes() {
	if n.vote == nil {
		return
	}
	set, err := votequorum.Read(n.keys, n.voteSet, n.gen == wire.EL9)
	if err != nil {
		n.log.Log(LevelCrit, VOTEQ, "%s", err)
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
			n.rereadTotem(nil)
			n.rereadVotes()
		}
	})
	n.keys.Track("totem.", all|cmap.Prefix, func(cmap.Note) {
		if !busy() {
			n.rereadTotem(nil)
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
			n.log.Log(LevelError, MAIN, "Forcing into GATHER state")
			n.toRing = append(n.toRing, totem.GiveUp{})
		}
	})
	// Any change asks for it: corosync-blackbox sets the time.
	n.keys.Track("runtime.blackbox.", cmap.Modify|cmap.Prefix, func(note cmap.Note) {
		switch note.Name {
		case "runtime.blackbox.dump_state":
			n.dumpState()
		case dumpFlightKey:
			n.dumpFlight()
		}
	})
}

// rereadTotem puts keys in force that a client has changed. Names that are in
// force keep their addresses, as does the key; only names that are neither there
// nor in found are looked up, beside the loop.
func (n *Node) rereadTotem(found map[string][]netip.Addr) {
	var unknown []string
	h := n.host(context.Background())
	h.ReadKey = func(string) ([]byte, error) { return n.conf.Key, nil }
	h.Resolve = func(name string) ([]netip.Addr, error) {
		for _, c := range n.conf.Nodes {
			for i, known := range c.Names {
				if known == name && c.Addrs[i].IsValid() {
					return c.Addrs[i : i+1], nil
				}
			}
		}
		if _, ok := found[name]; !ok {
			unknown = append(unknown, name)
		}
		return found[name], nil
	}
	t, err := conf.ReadTotem(n.keys, n.cfg.Profile, h)
	if len(unknown) > 0 {
		n.lookUp(unknown, found)
		return
	}
	if err == nil {
		err = unresolved(t)
	}
	if err != nil {
		n.log.Log(LevelError, TOTEM, "%s", err)
		return
	}
	n.applyTotem(t)
}

// lookUp finds the addresses of names beside the loop, and then the keys are
// read again, with those and with what was found before.
func (n *Node) lookUp(names []string, found map[string][]netip.Addr) {
	if n.lookingUp {
		return // all keys are read again when that is over
	}
	n.lookingUp = true
	all := make(map[string][]netip.Addr)
	maps.Copy(all, found)
	n.aside(func(ctx context.Context) {
		ctx, cancel := context.WithTimeout(ctx, cmp.Or(n.cfg.ReadTime, readTime))
		defer cancel()
		resolve := n.host(ctx).Resolve
		for _, name := range names {
			all[name], _ = resolve(name) // none is what matters, not why
		}
	}, func() {
		n.lookingUp = false
		n.rereadTotem(all)
	})
}

// dumpState writes what the machines know to the log.
func (n *Node) dumpState() {
	n.log.Log(LevelNotice, MAIN, "state: ring %v, members %v, syncing %v, up %v, clients %d",
		n.loop.Machine().Ring(), n.members, n.svc.Syncing(), n.now.Truncate(time.Second), len(n.clients))
	for _, p := range n.cpg.Processes(false, nil) {
		n.log.Log(LevelNotice, CPG, "group %q node %d pid %d", p.Group, p.Node, p.PID)
	}
}

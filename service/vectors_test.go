package service_test

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/gocorosync/gocorosync/captures"
	"github.com/gocorosync/gocorosync/cpg"
	"github.com/gocorosync/gocorosync/service"
	"github.com/gocorosync/gocorosync/totem"
	"github.com/gocorosync/gocorosync/totem/wire"
	"github.com/gocorosync/gocorosync/votequorum"
)

type capture struct {
	Events []struct {
		From    uint32 `json:"from_nodeid"`
		Service string
		Message string
		Decoded [][]any
		Hex     string
		HexRLE  []any `json:"hex_rle"`
	}
}

func expand(t *testing.T, hexText string, rle []any) []byte {
	b, err := hex.DecodeString(hexText)
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range rle {
		switch p := part.(type) {
		case string:
			more, err := hex.DecodeString(p)
			if err != nil {
				t.Fatal(err)
			}
			b = append(b, more...)
		case map[string]any:
			fill, _ := hex.DecodeString(p["fill"].(string))
			b = append(b, bytes.Repeat(fill, int(p["count"].(float64)))...)
		}
	}
	return b
}

var le = binary.LittleEndian

// u32 and name read fields of a captured message.
func u32(b []byte, off int) uint32      { return le.Uint32(b[off:]) }
func name(b []byte, off int) string     { return string(b[off+8 : off+8+int(u32(b, off))]) }
func cstr(b []byte) string              { s, _, _ := strings.Cut(string(b), "\x00"); return s }
func id(b []byte, off int) totem.NodeID { return totem.NodeID(u32(b, off)) }

// ours makes the message that was captured with our services, from what it
// says, and returns its bytes behind the group table; nil if it is one that we
// never send.
func ours(g wire.Generation, from totem.NodeID, msg string, b []byte) []byte {
	scfg := service.Config{Self: from, Generation: g}
	sent := func(m *service.Machine, events ...service.Event) [][]byte {
		var out [][]byte
		for _, ev := range events {
			for _, a := range m.Step(0, ev) {
				if s, ok := a.(totem.Submit); ok {
					_, p, _ := wire.SplitGroups(s.Data, false)
					out = append(out, slices.Clone(p))
				}
			}
		}
		return out
	}
	last := func(list [][]byte) []byte {
		if len(list) == 0 {
			return nil
		}
		return list[len(list)-1]
	}
	group := cpg.New(cpg.Config{Self: from, Generation: g})
	groups := service.New(scfg, group)
	to := func(ev service.Event) service.Event { return service.To{ID: service.IDCPG, Event: ev} }
	deliver := func(p []byte) service.Event {
		return &totem.Deliver{From: from, Data: append(wire.AppendGroup(nil, "a"), p...)}
	}
	regular := func(ring totem.RingID) service.Event {
		return totem.Members{Kind: totem.Regular, Ring: ring, IDs: []totem.NodeID{from}}
	}
	switch msg {
	case "req_exec_service_build_message", "req_exec_barrier_message":
		ring, _ := wire.ParseRingID(b[16:], g, false)
		vote, _ := votequorum.Read(keys{}, nil, true)
		m := service.New(scfg, service.NewConfigVersion(scfg, 0, false), &service.CFG{}, cpg.New(cpg.Config{Self: from, Generation: g}),
			service.NewQuorum(true), votequorum.New(votequorum.Config{Self: from, Settings: vote}))
		build := sent(m, regular(ring))[0]
		if msg == "req_exec_service_build_message" {
			return build
		}
		return last(sent(m, &totem.Deliver{From: from, Data: append(wire.AppendGroup(nil, "sync"), build...)}))
	case "req_exec_cmap_mcast":
		version, known := uint64(0), len(b) >= 336
		if known {
			version = le.Uint64(b[328:])
		}
		if b[16] == 1 { // a new version
			m := service.New(scfg, service.NewConfigVersion(scfg, version+1, true))
			return last(sent(m, service.To{ID: service.IDCMAP, Event: service.VersionChanged{Version: version, Known: known}}))
		}
		m := service.New(scfg, service.NewConfigVersion(scfg, version, known))
		return last(sent(m, service.To{ID: service.IDCMAP, Event: service.SyncProcess{}}))
	case "procjoin", "procleave":
		join := to(cpg.Join{Conn: 7, Group: name(b, 16), PID: u32(b, 152)})
		p := last(sent(groups, to(cpg.Open{Conn: 7}), join))
		switch {
		case msg == "procjoin":
			return p
		case u32(b, 160) == uint32(cpg.ProcDown):
			return last(sent(groups, deliver(p), to(cpg.Closed{Conn: 7})))
		}
		return last(sent(groups, deliver(p), to(cpg.Leave{Conn: 7})))
	case "req_exec_cpg_mcast":
		return last(sent(groups, to(cpg.Open{Conn: 7}), to(cpg.Join{Conn: 7, Group: name(b, 16), PID: u32(b, 160)}),
			to(cpg.Mcast{Conn: 7, Data: b[184:]})))
	case "req_exec_cpg_partial_mcast":
		join := to(cpg.Join{Conn: 7, Group: name(b, 16), PID: u32(b, 168)})
		return last(sent(groups, to(cpg.Open{Conn: 7}), join, to(cpg.PartialMcast{Conn: 7, Total: u32(b, 152), Type: u32(b, 176), Data: b[200:]})))
	case "joinlist":
		var events []service.Event
		for e, conn := b[24:], cpg.Conn(1); len(e) >= 144; e, conn = e[144:], conn+1 {
			p := last(sent(groups, to(cpg.Open{Conn: conn}), to(cpg.Join{Conn: conn, Group: name(e, 8), PID: u32(e, 0)})))
			events = append(events, deliver(p))
		}
		sent(groups, events...)
		return last(sent(groups, to(service.SyncInit{Members: []totem.NodeID{from}}), to(service.SyncProcess{})))
	case "req_exec_cpg_downlist":
		var old, left []totem.NodeID
		for i := range u32(b, 24) {
			left = append(left, id(b, 32+4*int(i)))
		}
		for i := uint32(len(left)); i < u32(b, 16); i++ {
			old = append(old, totem.NodeID(1000+i))
		}
		return last(sent(groups, to(service.SyncInit{Members: append(slices.Clone(left), old...)}), to(service.SyncActivate{}),
			to(service.SyncInit{Transitional: old, Members: old}), to(service.SyncProcess{})))
	case "req_exec_cfg_killnode":
		return last(sent(service.New(scfg, &service.CFG{}), service.To{ID: service.IDCFG, Event: service.Kill{Node: id(b, 16), Reason: cstr(b[32:])}}))
	case "req_exec_cfg_shutdown":
		return last(sent(service.New(scfg, &service.CFG{}), service.To{ID: service.IDCFG, Event: service.Shutdown{}}))
	case "req_exec_cfg_reload_config":
		return last(sent(service.New(scfg, &service.CFG{}), service.To{ID: service.IDCFG, Event: service.Reload{Source: service.Source{Node: id(b, 16), Conn: le.Uint64(b[24:])}}}))
	case "req_exec_cfg_ringreenable":
		return last(sent(service.New(scfg, &service.CFG{}), service.To{ID: service.IDCFG, Event: service.Reenable{Source: service.Source{Node: id(b, 16), Conn: le.Uint64(b[24:])}}}))
	case "req_exec_quorum_nodeinfo":
		if id(b, 16) != from || u32(b, 28) != 12 {
			return nil // depends on what happened before
		}
		set, err := votequorum.Read(keys{"quorum.expected_votes": uint64(u32(b, 24)), "quorum.votes": uint64(u32(b, 20)), "quorum.two_node": 1}, nil, true)
		if err != nil {
			return nil
		}
		m := service.New(scfg, votequorum.New(votequorum.Config{Self: from, Settings: set}))
		return last(sent(m, service.To{ID: service.IDVotequorum, Event: votequorum.Start{}}))
	case "req_exec_quorum_reconfigure", "req_exec_quorum_qdevice_reg", "req_exec_quorum_qdevice_reconfigure":
		set, _ := votequorum.Read(keys{"quorum.expected_votes": 2}, nil, true)
		m := service.New(scfg, votequorum.New(votequorum.Config{Self: from, Settings: set, Lenient: true}))
		vote := func(ev service.Event) [][]byte { return sent(m, service.To{ID: service.IDVotequorum, Event: ev}) }
		switch {
		case msg == "req_exec_quorum_qdevice_reg" && u32(b, 16) == 1:
			return last(vote(votequorum.DeviceRegister{Name: cstr(b[20:])}))
		case msg != "req_exec_quorum_reconfigure":
			reg := last(vote(votequorum.DeviceRegister{Name: "Qdev"}))
			sent(m, deliver(reg))
			if msg == "req_exec_quorum_qdevice_reconfigure" {
				return last(vote(votequorum.DeviceUpdate{Old: cstr(b[16:271]), New: cstr(b[271:])}))
			}
			p := last(vote(votequorum.DeviceUnregister{Name: "Qdev"}))
			copy(p[20:], make([]byte, 255))
			copy(p[20:], cstr(b[20:275]))
			return p
		case b[24] == 3:
			return last(vote(votequorum.CancelWaitForAll{}))
		case b[24] == 1 && u32(b, 20) <= 1:
			return last(vote(votequorum.SetExpected{Votes: u32(b, 20)}))
		}
		return nil
	}
	return nil
}

// keys is a configuration of numbers.
type keys map[string]uint64

func (k keys) Uint(name string, def uint64) uint64 {
	if v, ok := k[name]; ok {
		return v
	}
	if name == "quorum.expected_votes" {
		return 2
	}
	return def
}
func (k keys) Text(_, def string) string { return def }
func (k keys) Keys(string) []string      { return nil }

// TestVectors makes what was captured on rings of both generations anew: every
// field that means something has the same bytes.
func TestVectors(t *testing.T) {
	for g, version := range map[wire.Generation]string{wire.EL7: "2.4.5", wire.EL9: "3.1.7"} {
		t.Run(version, func(t *testing.T) {
			var c capture
			if err := json.Unmarshal(captures.Read(t, "ipc", "exec-"+version+".json"), &c); err != nil {
				t.Fatal(err)
			}
			made := make(map[string]int)
			for i, e := range c.Events {
				if e.Message == "" {
					continue
				}
				want := expand(t, e.Hex, e.HexRLE)
				if len(want) < 16 {
					continue // too large to be in the capture as a whole
				}
				got := ours(g, totem.NodeID(e.From), e.Message, want)
				if got == nil {
					continue
				}
				made[e.Message]++
				if len(got) != len(want) {
					t.Errorf("event %d: %s: %d bytes, want %d", i, e.Message, len(got), len(want))
					continue
				}
				for _, row := range e.Decoded {
					off, n, field := int(row[0].(float64)), int(row[1].(float64)), row[2].(string)
					if strings.Contains(field, "conn") || n > 16 || off+n > len(want) {
						continue
					}
					if !bytes.Equal(got[off:off+n], want[off:off+n]) {
						t.Errorf("event %d: %s: %s at %d: % x, want % x", i, e.Message, field, off, got[off:off+n], want[off:off+n])
					}
				}
			}
			t.Log(fmt.Sprint(made))
			for _, m := range []string{"req_exec_service_build_message", "req_exec_barrier_message", "req_exec_cmap_mcast", "procjoin", "procleave",
				"joinlist", "req_exec_cpg_mcast", "req_exec_cpg_downlist", "req_exec_cfg_killnode", "req_exec_cfg_shutdown",
				"req_exec_cfg_reload_config", "req_exec_quorum_nodeinfo", "req_exec_quorum_qdevice_reg"} {
				if made[m] == 0 {
					t.Errorf("no %s made", m)
				}
			}
		})
	}
}

// FuzzDeliver: nothing that a member sends makes the services panic.
func FuzzDeliver(f *testing.F) {
	f.Add([]byte("\x01\x00\x01\x00a\x00\x00\x02\x00\x00\x00\x00\x00\x10\x00\x00\x00\x00\x00\x00\x00"), false, true)
	f.Fuzz(func(t *testing.T, b []byte, big, el9 bool) {
		g := wire.EL7
		if el9 {
			g = wire.EL9
		}
		scfg := service.Config{Self: 1, Generation: g}
		set, _ := votequorum.Read(keys{}, nil, true)
		m := service.New(scfg, service.NewConfigVersion(scfg, 1, true), &service.CFG{}, cpg.New(cpg.Config{Self: 1, Generation: g}),
			service.NewQuorum(true), votequorum.New(votequorum.Config{Self: 1, Settings: set}))
		m.Step(0, totem.Members{Kind: totem.Regular, Ring: totem.RingID{Rep: 1, Seq: 4}, IDs: []totem.NodeID{1, 2}})
		for range 3 {
			m.Step(0, &totem.Deliver{From: 2, Data: b, BigEndian: big})
			if len(b) > 21 { // what is behind the group table, as each function of each service
				for id := range uint32(6) {
					for fn := range uint32(8) {
						c := append(wire.AppendGroup(nil, "a"), b...)
						le.PutUint32(c[5:], id<<16|fn)
						le.PutUint32(c[13:], uint32(len(b)))
						m.Step(0, &totem.Deliver{From: 2, Data: c})
					}
				}
			}
		}
	})
}

package service

import (
	"bytes"
	"encoding/binary"
	"time"

	"github.com/gocorosync/gocorosync/totem"
)

// CFG is the configuration service as the ring sees it. It keeps no state: its
// events are multicast, and what is delivered comes out as an action of the
// same name with the sender. Spec: services.md 6.
type CFG struct{ out []Action }

// Events and actions of CFG. From is set in actions only.
type (
	// Reenable takes faulty rings into use again (EL7 only).
	Reenable struct {
		From   totem.NodeID
		Source Source
	}
	// Kill ends a node's daemon at once.
	Kill struct {
		From, Node totem.NodeID
		Reason     string
	}
	// Shutdown is a node's announcement that it ends in an orderly way.
	Shutdown struct{ From totem.NodeID }
	// Reload makes all nodes read their configuration again.
	Reload struct {
		From   totem.NodeID
		Source Source
	}
)

// A Source is a client's connection as messages carry it.
type Source struct {
	Node totem.NodeID
	Conn uint64
}

func (s Source) put(b []byte) {
	binary.LittleEndian.PutUint32(b, uint32(s.Node))
	binary.LittleEndian.PutUint64(b[8:], s.Conn)
}

func readSource(b []byte, o binary.ByteOrder) Source {
	return Source{totem.NodeID(o.Uint32(b)), o.Uint64(b[8:])}
}

// Functions of the service.
const (
	cfgReenable = 0
	cfgKill     = 1
	cfgShutdown = 2
	cfgReload   = 3
)

func (c *CFG) ID() int             { return IDCFG }
func (c *CFG) Next() time.Duration { return -1 }

func (c *CFG) Step(_ time.Duration, ev Event) []Action {
	c.out = c.out[:0]
	switch ev := ev.(type) {
	case Reenable:
		msg, p := NewMessage(IDCFG, cfgReenable, 32)
		ev.Source.put(p[16:])
		c.out = append(c.out, Multicast{Message: msg})
	case Kill:
		// node u32 @16, reason: length u16 @24 (its NUL included), text @32
		msg, p := NewMessage(IDCFG, cfgKill, 288)
		binary.LittleEndian.PutUint32(p[16:], uint32(ev.Node))
		n := copy(p[32:32+255], ev.Reason)
		binary.LittleEndian.PutUint16(p[24:], uint16(n+1))
		c.out = append(c.out, Multicast{Message: msg})
	case Shutdown:
		msg, _ := NewMessage(IDCFG, cfgShutdown, 16)
		c.out = append(c.out, Multicast{Message: msg})
	case Reload:
		msg, p := NewMessage(IDCFG, cfgReload, 32)
		ev.Source.put(p[16:])
		c.out = append(c.out, Multicast{Message: msg})
	case *Exec:
		c.receive(ev)
	}
	return c.out
}

func (c *CFG) receive(ev *Exec) {
	switch {
	case ev.Func == cfgReenable && len(ev.Data) >= 32:
		c.out = append(c.out, Reenable{ev.From, readSource(ev.Data[16:], ev.Order)})
	case ev.Func == cfgKill && len(ev.Data) >= 288:
		reason := ev.Data[32 : 32+min(int(ev.Order.Uint16(ev.Data[24:])), 256)]
		if i := bytes.IndexByte(reason, 0); i >= 0 {
			reason = reason[:i]
		}
		c.out = append(c.out, Kill{ev.From, totem.NodeID(ev.Order.Uint32(ev.Data[16:])), string(reason)})
	case ev.Func == cfgShutdown:
		c.out = append(c.out, Shutdown{ev.From})
	case ev.Func == cfgReload && len(ev.Data) >= 32:
		c.out = append(c.out, Reload{ev.From, readSource(ev.Data[16:], ev.Order)})
	}
}

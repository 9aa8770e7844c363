package wire

import "fmt"

// An Mcast carries application messages, or in recovery one Mcast of an old
// ring. Wire size: 99 bytes in EL7, 45 in EL9, and the payload.
//
//	EL7 EL9 size
//	  8  13       originator
//	 53  17    4  seq
//	 57  21    4  this_seqno
//	 61  25       ring id
//	 91  37    4  node_id, 0 or garbage
//	 95  41    4  guarantee, 0 or garbage
//	 99  45       payload: a Frame, or an Mcast from its header on
//
// Spec: totem.md 1.5.
type Mcast struct {
	Header
	From      SRP
	Seq       uint32 // place in the order of this ring
	ThisSeqno uint32 // the sender's own count since it started; nobody looks
	Ring      RingID
	NodeID    uint32 // ignored
	Guarantee uint32 // ignored
	Payload   []byte
}

// McastSize returns the size of an mcast before its payload, in bytes.
func McastSize(g Generation) int {
	if g == EL9 {
		return 45
	}
	return 99
}

// Head returns the header.
func (m *Mcast) Head() *Header { return &m.Header }

func (m *Mcast) decode(r *reader) error {
	m.From = r.srp()
	m.Seq, m.ThisSeqno = r.u32(), r.u32()
	m.Ring = r.ring()
	m.NodeID, m.Guarantee = r.u32(), r.u32()
	if r.short {
		return nil
	}
	m.Payload, r.b = r.b, nil
	if err := r.checkSRP(&m.From); err != nil {
		return err
	}
	if err := r.checkRing(&m.Ring); err != nil {
		return err
	}
	if m.Encapsulated == Encapsulated && len(m.Payload) < McastSize(r.gen) {
		return fmt.Errorf("encapsulated message: %w (%d bytes)", ErrShort, len(m.Payload))
	}
	return nil
}

// Append appends the wire form of m.
func (m *Mcast) Append(b []byte, g Generation) []byte {
	return append(m.AppendHead(b, g), m.Payload...)
}

// AppendHead appends the wire form of m up to its payload: McastSize bytes.
func (m *Mcast) AppendHead(b []byte, g Generation) []byte {
	h := m.Header
	h.Type = TypeMcast
	return newWriter(b, g, h).
		srp(m.From).u32(m.Seq).u32(m.ThisSeqno).ring(m.Ring).u32(m.NodeID).u32(m.Guarantee).b
}

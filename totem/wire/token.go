package wire

import "fmt"

// MaxRTR is the largest number of messages that one token asks for.
const MaxRTR = 30

// A Token goes round the ring; who has it may send. Wire size: 70 bytes in EL7,
// 57 in EL9, and 34 or 16 for each entry of RTR.
//
//	EL7 EL9 size
//	  8  13    4  seq
//	 12  17    4  token_seq
//	 16  21    4  aru
//	 20  25    4  aru_addr
//	 24  29       ring id
//	 54  41    4  backlog
//	 58  45    4  fcc
//	 62  49    4  retrans_flg
//	 66  53    4  number of entries, 0 to 30
//	 70  57       entries: ring id, seq
//
// Spec: totem.md 1.5.
type Token struct {
	Header
	Seq        uint32 // highest message number given out on this ring
	TokenSeq   uint32 // one more at every hop
	Aru        uint32 // all nodes have everything up to here
	AruAddr    NodeID // who lowered Aru, 0 for nobody
	Ring       RingID
	Backlog    uint32 // messages that wait to be sent, on all nodes
	Fcc        uint32 // messages sent in the last rotation
	RetransFlg int32  // recovery: someone still has old messages to send
	RTR        []RTR  // messages that someone misses
}

// An RTR asks for one message of a ring.
type RTR struct {
	Ring RingID
	Seq  uint32
}

// Head returns the header.
func (t *Token) Head() *Header { return &t.Header }

func (t *Token) decode(r *reader) error {
	t.Seq, t.TokenSeq, t.Aru, t.AruAddr = r.u32(), r.u32(), r.u32(), r.node()
	t.Ring = r.ring()
	t.Backlog, t.Fcc, t.RetransFlg = r.u32(), r.u32(), int32(r.u32())
	n := r.u32()
	t.RTR = t.RTR[:0]
	if n > MaxRTR {
		return fmt.Errorf("%d entries to retransmit: %w", n, ErrValue)
	}
	if int(n)*(RingIDSize(r.gen)+4) > len(r.b) {
		r.short = true
		return nil
	}
	if err := r.checkRing(&t.Ring); err != nil {
		return err
	}
	for range n {
		e := RTR{Ring: r.ring(), Seq: r.u32()}
		if err := r.checkRing(&e.Ring); err != nil {
			return err
		}
		t.RTR = append(t.RTR, e)
	}
	return nil
}

// Append appends the wire form of t.
func (t *Token) Append(b []byte, g Generation) []byte {
	h := t.Header
	h.Type = TypeToken
	w := newWriter(b, g, h).
		u32(t.Seq).u32(t.TokenSeq).u32(t.Aru).node(t.AruAddr).ring(t.Ring).
		u32(t.Backlog).u32(t.Fcc).u32(uint32(t.RetransFlg)).u32(uint32(len(t.RTR)))
	for _, e := range t.RTR {
		w = w.ring(e.Ring).u32(e.Seq)
	}
	return w.b
}

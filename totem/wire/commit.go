package wire

import "fmt"

// A CommitToken goes twice round a ring that is to be. Wire size: 54 bytes in
// EL7, 41 in EL9, and 87 or 28 for each member.
//
//	EL7 EL9 size
//	  8  13    4  token_seq
//	 12  17       ring id of the ring to be
//	 42  29    4  retrans_flg, 0
//	 46  33    4  memb_index
//	 50  37    4  number of members, n
//	 54  41       n names in ring order
//	  .   .       n entries
//
// An entry has 42 bytes in EL7 and 24 in EL9:
//
//	 0   0       ring id of the member's old ring
//	30  12    4  aru
//	34  16    4  high_delivered
//	38  20    4  received_flg
//
// Spec: totem.md 1.5.
type CommitToken struct {
	Header
	TokenSeq   uint32
	Ring       RingID
	RetransFlg uint32
	MembIndex  int // how many members have filled in their entry
	Members    []SRP
	Entries    []CommitEntry // as many as Members
}

// A CommitEntry is what a member has of its old ring; all zero until the member
// filled it in.
type CommitEntry struct {
	Ring          RingID
	Aru           uint32
	HighDelivered uint32
	ReceivedFlg   uint32
}

// Head returns the header.
func (c *CommitToken) Head() *Header { return &c.Header }

func (c *CommitToken) decode(r *reader) error {
	c.TokenSeq = r.u32()
	c.Ring = r.ring()
	c.RetransFlg = r.u32()
	index, n := r.u32(), r.u32()
	if err := r.checkRing(&c.Ring); r.short || err != nil {
		return err
	}
	if n == 0 || n > MaxNodes || index > n {
		return fmt.Errorf("member %d of %d: %w", index, n, ErrValue)
	}
	c.MembIndex = int(index)
	var err error
	if c.Members, err = r.srps(c.Members, n); r.short || err != nil {
		return err
	}
	for i := range c.Members {
		for j := range i {
			if c.Members[i].Identity(r.gen) == c.Members[j].Identity(r.gen) {
				return fmt.Errorf("node %d listed twice: %w", c.Members[i].Node(), ErrValue)
			}
		}
	}
	c.Entries = c.Entries[:0]
	if int(n)*(RingIDSize(r.gen)+12) > len(r.b) {
		r.short = true
		return nil
	}
	for range n {
		c.Entries = append(c.Entries, CommitEntry{r.ring(), r.u32(), r.u32(), r.u32()})
	}
	return nil
}

// Append appends the wire form of c.
func (c *CommitToken) Append(b []byte, g Generation) []byte {
	h := c.Header
	h.Type = TypeCommitToken
	w := newWriter(b, g, h).u32(c.TokenSeq).ring(c.Ring).u32(c.RetransFlg).
		u32(uint32(c.MembIndex)).u32(uint32(len(c.Members)))
	for _, s := range c.Members {
		w = w.srp(s)
	}
	for _, e := range c.Entries {
		w = w.ring(e.Ring).u32(e.Aru).u32(e.HighDelivered).u32(e.ReceivedFlg)
	}
	return w.b
}

package wire

// A Join says who its sender would be on a ring with, and whom it has given up.
// With sender 0 in the header it is a leave: Failed ends with the node that
// goes. Wire size: 69 bytes in EL7, 33 in EL9, and 45 or 4 for each node.
//
//	EL7 EL9 size
//	  8  13       originator
//	 53  17    4  length of the proc list
//	 57  21    4  length of the failed list
//	 61  25    8  ring_seq
//	 69  33       the proc list, then the failed list
//
// Spec: totem.md 1.5.
type Join struct {
	Header
	From    SRP
	RingSeq uint64 // of the sender's ring
	Proc    []SRP  // candidates
	Failed  []SRP  // those given up
}

// Head returns the header.
func (j *Join) Head() *Header { return &j.Header }

// Leave reports whether j says good-bye.
func (j *Join) Leave() bool { return j.Sender == 0 }

func (j *Join) decode(r *reader) error {
	j.From = r.srp()
	p, f := r.u32(), r.u32()
	j.RingSeq = r.u64()
	if err := r.checkSRP(&j.From); err != nil {
		return err
	}
	var err error
	if j.Proc, err = r.srps(j.Proc, p); err != nil {
		return err
	}
	j.Failed, err = r.srps(j.Failed, f)
	return err
}

// Append appends the wire form of j.
func (j *Join) Append(b []byte, g Generation) []byte {
	h := j.Header
	h.Type = TypeJoin
	w := newWriter(b, g, h).srp(j.From).u32(uint32(len(j.Proc))).u32(uint32(len(j.Failed))).u64(j.RingSeq)
	for _, s := range j.Proc {
		w = w.srp(s)
	}
	for _, s := range j.Failed {
		w = w.srp(s)
	}
	return w.b
}

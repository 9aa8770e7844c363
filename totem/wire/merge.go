package wire

// A MergeDetect tells nodes on other rings that this ring exists. Wire size: 83
// bytes in EL7, 29 in EL9.
//
//	EL7 EL9 size
//	  8  13       originator
//	 53  17       ring id
type MergeDetect struct {
	Header
	From SRP
	Ring RingID
}

// Head returns the header.
func (m *MergeDetect) Head() *Header { return &m.Header }

func (m *MergeDetect) decode(r *reader) error {
	m.From, m.Ring = r.srp(), r.ring()
	if err := r.checkSRP(&m.From); err != nil {
		return err
	}
	return r.checkRing(&m.Ring)
}

// Append appends the wire form of m.
func (m *MergeDetect) Append(b []byte, g Generation) []byte {
	h := m.Header
	h.Type = TypeMergeDetect
	return newWriter(b, g, h).srp(m.From).ring(m.Ring).b
}

// A HoldCancel asks the representative to let go of the token of an idle ring.
// Wire size: 38 bytes in EL7, 25 in EL9.
//
//	EL7 EL9 size
//	  8  13       ring id
type HoldCancel struct {
	Header
	Ring RingID
}

// Head returns the header.
func (c *HoldCancel) Head() *Header { return &c.Header }

func (c *HoldCancel) decode(r *reader) error {
	c.Ring = r.ring()
	return r.checkRing(&c.Ring)
}

// Append appends the wire form of c.
func (c *HoldCancel) Append(b []byte, g Generation) []byte {
	h := c.Header
	h.Type = TypeHoldCancel
	return newWriter(b, g, h).ring(c.Ring).b
}

// A RingTest goes round a redundant ring that was marked faulty, first with
// TypeRingTest to see whether it works again, then with TypeRingActivate. Wire
// size: 12 bytes, EL7 only.
//
//	offset size
//	     0    4  type, encapsulated, endian detector: there is no sender
//	     4    4  ring number
//	     8    4  node that tests
//
// Spec: totem.md 1.6.
type RingTest struct {
	Header
	Ring      int32
	Activator NodeID
}

// Head returns the header.
func (t *RingTest) Head() *Header { return &t.Header }

func (t *RingTest) decode(r *reader) error {
	t.Ring, t.Activator = int32(r.u32()), r.node()
	return nil
}

// Append appends the wire form of t.
func (t *RingTest) Append(b []byte, g Generation) []byte {
	return newWriter(b, g, t.Header).u32(uint32(t.Ring)).node(t.Activator).b
}

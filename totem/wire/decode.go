package wire

import "fmt"

// A Message is one decoded totem message: *[Token], *[Mcast], *[MergeDetect],
// *[Join], *[CommitToken], *[HoldCancel] or *[RingTest].
type Message interface {
	// Head returns the header.
	Head() *Header

	// Append appends the wire form, in the byte order the header says, and
	// returns the longer slice. Every byte is written.
	Append(b []byte, g Generation) []byte
}

// A Decoder decodes messages of one generation. The zero value with Generation
// set is ready.
//
// Adding a message type: a file with its struct, a case in Decode, an entry in
// the tests.
type Decoder struct {
	Generation Generation

	token  Token
	mcast  Mcast
	merge  MergeDetect
	join   Join
	commit CommitToken
	cancel HoldCancel
	test   RingTest
}

// Decode decodes one message. The result is valid until the next call; an
// mcast's payload aliases b. Errors wrap one of this package's Err values.
// Nothing may be left over behind a message: real senders never leave anything.
func (d *Decoder) Decode(b []byte) (Message, error) {
	r := reader{b: b, gen: d.Generation}
	h, err := r.header()
	if err != nil {
		return nil, err
	}
	var m Message
	switch h.Type {
	case TypeToken:
		d.token.Header = h
		err, m = d.token.decode(&r), &d.token
	case TypeMcast:
		d.mcast.Header = h
		err, m = d.mcast.decode(&r), &d.mcast
	case TypeMergeDetect:
		d.merge.Header = h
		err, m = d.merge.decode(&r), &d.merge
	case TypeJoin:
		d.join.Header = h
		err, m = d.join.decode(&r), &d.join
	case TypeCommitToken:
		d.commit.Header = h
		err, m = d.commit.decode(&r), &d.commit
	case TypeHoldCancel:
		d.cancel.Header = h
		err, m = d.cancel.decode(&r), &d.cancel
	case TypeRingTest, TypeRingActivate:
		d.test.Header = h
		err, m = d.test.decode(&r), &d.test
	}
	switch {
	case r.short:
		return nil, fmt.Errorf("totem: %v: %w (%d bytes)", h.Type, ErrShort, len(b))
	case err != nil:
		return nil, fmt.Errorf("totem: %v: %w", h.Type, err)
	case len(r.b) > 0:
		return nil, fmt.Errorf("totem: %v: %d %w", h.Type, len(r.b), ErrLong)
	}
	return m, nil
}

// checkSRP refuses the names of nodes that cannot be. In EL7 the first address
// must be one; the second may be unset.
func (r *reader) checkSRP(s *SRP) error {
	if r.short || r.gen == EL9 {
		return nil
	}
	f0, f1 := s.IP[0].Family, s.IP[1].Family
	if (f0 != FamilyIPv4 && f0 != FamilyIPv6) || (f1 != FamilyNone && f1 != FamilyIPv4 && f1 != FamilyIPv6) {
		return fmt.Errorf("address families %d and %d: %w", f0, f1, ErrValue)
	}
	return nil
}

// checkRing refuses ring ids whose representative has no address in EL7.
func (r *reader) checkRing(id *RingID) error {
	if r.short || r.gen == EL9 || id.Family == FamilyIPv4 || id.Family == FamilyIPv6 {
		return nil
	}
	return fmt.Errorf("address family %d of the ring: %w", id.Family, ErrValue)
}

// srpSize is the size of an SRP in bytes.
func srpSize(g Generation) int {
	if g == EL9 {
		return 4
	}
	return 45
}

// MaxNodes bounds every list of nodes in a message.
const MaxNodes = 384

// srps reads n names into list, which it reuses.
func (r *reader) srps(list []SRP, n uint32) ([]SRP, error) {
	if n > MaxNodes {
		return list[:0], fmt.Errorf("%d nodes in a list: %w", n, ErrValue)
	}
	if int(n)*srpSize(r.gen) > len(r.b) {
		r.short = true
		return list[:0], nil
	}
	list = list[:0]
	for range n {
		s := r.srp()
		if err := r.checkSRP(&s); err != nil {
			return list, err
		}
		list = append(list, s)
	}
	return list, nil
}

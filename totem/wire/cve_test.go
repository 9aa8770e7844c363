package wire

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"slices"
	"testing"
)

// The tests of this file are named after what went wrong in the C daemons. Each
// builds the message that did it, in both generations and byte orders.

// eachForm runs f for both generations and byte orders.
func eachForm(t *testing.T, f func(t *testing.T, g Generation, h Header, ord binary.ByteOrder)) {
	for _, g := range []Generation{EL7, EL9} {
		for _, big := range []bool{false, true} {
			name, ord := g.String()[:3]+"-little-endian", binary.ByteOrder(binary.LittleEndian)
			if big {
				name, ord = g.String()[:3]+"-big-endian", binary.BigEndian
			}
			t.Run(name, func(t *testing.T) { f(t, g, Header{Sender: 1, BigEndian: big}, ord) })
		}
	}
}

// refuses expects Decode to fail with want, and not to keep what it was given.
func refuses(t *testing.T, g Generation, what string, b []byte, want ...error) {
	t.Helper()
	d := Decoder{Generation: g}
	m, err := d.Decode(b)
	if m != nil || !slices.ContainsFunc(want, func(w error) bool { return errors.Is(err, w) }) {
		t.Errorf("%s: Decode = %v, %v; want one of %v", what, m, err, want)
	}
}

// wrapping are counts that a 32-bit sum or product turns into a small one.
var wrapping = []uint32{MaxNodes + 1, 1 << 10, 1 << 16, 1<<31 - 1, 1 << 31, 1<<32 - MaxNodes, 1<<32 - 1}

// TestCVE_2025_30472: a token whose list of messages to send again is longer
// than any token's was copied into a buffer of fixed size.
func TestCVE_2025_30472(t *testing.T) {
	eachForm(t, func(t *testing.T, g Generation, h Header, ord binary.ByteOrder) {
		ring := NewRingID(g, NewSRP(g, 1, node1), 8)
		tok := &Token{Header: h, Ring: ring}
		at := len(tok.Append(nil, g)) - 4 // the count
		for n := range MaxRTR + 1 {
			tok.RTR = append(tok.RTR[:0], make([]RTR, n)...)
			for i := range tok.RTR {
				tok.RTR[i] = RTR{ring, uint32(i)}
			}
			d := Decoder{Generation: g}
			if _, err := d.Decode(tok.Append(nil, g)); err != nil {
				t.Fatalf("%d entries: %v", n, err)
			}
		}
		for _, n := range []int{MaxRTR + 1, MaxRTR + 2, 100, 65000 / 34} { // whole, as the attack is
			tok.RTR = slices.Repeat([]RTR{{ring, 1}}, n)
			refuses(t, g, "list that is there", tok.Append(nil, g), ErrValue)
		}
		tok.RTR = nil
		for _, n := range append(wrapping, 1, MaxRTR, MaxRTR+1) { // the count alone
			b := tok.Append(nil, g)
			ord.PutUint32(b[at:], n)
			refuses(t, g, "count alone", b, ErrValue, ErrShort)
			refuses(t, g, "count and some bytes", append(b, make([]byte, 200)...), ErrValue, ErrShort, ErrLong)
		}
	})
}

// TestCVE_2026_35092: the lengths of a join's two lists were added in 32 bits.
func TestCVE_2026_35092(t *testing.T) {
	eachForm(t, func(t *testing.T, g Generation, h Header, ord binary.ByteOrder) {
		me := NewSRP(g, 1, node1)
		j := &Join{Header: h, From: me, RingSeq: 8, Proc: []SRP{me}}
		at := len(j.Append(nil, g)) - len(NewSRP(g, 1, node1).appendTo(g)) - 16 // the two counts
		b := j.Append(nil, g)
		if ord.Uint32(b[at:]) != 1 || ord.Uint32(b[at+4:]) != 0 {
			t.Fatalf("counts are not at %d of %x", at, b)
		}
		for _, p := range append(wrapping, 0, 1, 2) {
			for _, f := range append(wrapping, -p, 1-p, 1) {
				if p == 1 && f == 0 || p == 0 && f == 1 {
					continue // what the length says
				}
				ord.PutUint32(b[at:], p)
				ord.PutUint32(b[at+4:], f)
				refuses(t, g, "counts", b, ErrValue, ErrShort, ErrLong)
			}
		}
		j.Proc = make([]SRP, MaxNodes+1)
		for i := range j.Proc {
			j.Proc[i] = NewSRP(g, NodeID(i+1), node1)
		}
		refuses(t, g, "a list too long", j.Append(nil, g), ErrValue)
		j.Proc, j.Failed = j.Proc[:1], j.Proc
		refuses(t, g, "a second list too long", j.Append(nil, g), ErrValue)
	})
}

// appendTo is the wire form of a name.
func (s SRP) appendTo(g Generation) []byte {
	return writer{gen: g, ord: binary.LittleEndian}.srp(s).b
}

// TestCVE_2026_35091: a commit token that was too short was noticed and then
// taken all the same, and its member index was used unchecked.
func TestCVE_2026_35091(t *testing.T) {
	eachForm(t, func(t *testing.T, g Generation, h Header, ord binary.ByteOrder) {
		c := &CommitToken{Header: h, Ring: NewRingID(g, NewSRP(g, 1, node1), 8),
			Members: []SRP{NewSRP(g, 1, node1), NewSRP(g, 2, node2)}, Entries: make([]CommitEntry, 2)}
		whole := c.Append(nil, g)
		for n := range whole {
			refuses(t, g, "cut", whole[:n], ErrShort, ErrValue)
		}
		c.Members, c.Entries = nil, nil
		at := len(c.Append(nil, g)) - 8 // index and count
		for _, index := range append(wrapping, 3) {
			b := bytes.Clone(whole)
			ord.PutUint32(b[at:], index)
			refuses(t, g, "index", b, ErrValue)
		}
		for _, n := range append(wrapping, 0, 1, 3) {
			b := bytes.Clone(whole)
			ord.PutUint32(b[at+4:], n)
			refuses(t, g, "count", b, ErrValue, ErrShort, ErrLong)
		}
	})
}

// TestCVE_2018_1084: with secauth a datagram shorter than the signature made a
// length negative. Every length of every setting is refused, and so is every
// message with one bit changed. (fault-matrix.md T7)
func TestCVE_2018_1084(t *testing.T) {
	key := bytes.Repeat([]byte{7}, KeySize)
	r := rand.New(rand.NewPCG(1, 84))
	for c := range ciphers {
		for h := range hashes {
			eachSecret(t, c, h, key, r)
		}
	}
	for h := range hashes {
		eachSecret(t, "none", h, key, r)
	}
}

func eachSecret(t *testing.T, c, h string, key []byte, r *rand.Rand) {
	e, err := NewEnvelope(EL7, c, h, key, bytes.NewReader(make([]byte, 1<<16)))
	if err != nil {
		t.Fatal(err)
	}
	msg := []byte("a message that needs more than one block")
	sealed, err := e.Seal(nil, msg)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := e.Open(bytes.Clone(sealed)); err != nil || !bytes.Equal(got, msg) {
		t.Fatalf("%s %s: Open = %q, %v", c, h, got, err)
	}
	for n := range sealed {
		if got, err := e.Open(bytes.Clone(sealed[:n])); err == nil {
			t.Errorf("%s %s: %d of %d bytes are %x", c, h, n, len(sealed), got)
		}
		bad := bytes.Clone(sealed)
		bad[n] ^= 1 << r.IntN(8)
		if got, err := e.Open(bad); err == nil {
			t.Errorf("%s %s: with byte %d changed it is %x", c, h, n, got)
		}
	}
	for n := range 200 { // the mark and then anything
		b := append([]byte{envelopeMark, envelopeMark, 0, 0}, make([]byte, n)...)
		for i := range n {
			b[4+i] = byte(r.Uint32())
		}
		if got, err := e.Open(b); err == nil {
			t.Errorf("%s %s: %d random bytes are %x", c, h, n, got)
		}
	}
}

// TestCVE_2024_3049 is booth's: a hash that the receiver does not know had
// length 0, and no signature is equal to no signature. Here the setting is not
// on the wire; an unknown one does not start, and no value of the bytes behind
// the mark turns the check off.
func TestCVE_2024_3049(t *testing.T) {
	key := make([]byte, KeySize)
	for _, name := range []string{"md4", "sha", "SHA1", "crc32", "0", " "} {
		if _, err := NewEnvelope(EL7, "none", name, key, nil); err == nil {
			t.Errorf("crypto_hash %q is taken", name)
		}
		if _, err := NewEnvelope(EL7, name, "sha1", key, nil); err == nil {
			t.Errorf("crypto_cipher %q is taken", name)
		}
	}
	if _, err := NewEnvelope(EL7, "aes256", "none", key, nil); err == nil {
		t.Error("a cipher without a hash is taken")
	}
	if _, err := NewEnvelope(EL7, "none", "sha1", nil, nil); err == nil {
		t.Error("an empty key is taken")
	}
	signed, err := NewEnvelope(EL7, "none", "sha1", key, nil)
	if err != nil {
		t.Fatal(err)
	}
	plain, _ := NewEnvelope(EL7, "", "", nil, nil)
	for id := range 256 {
		for at := range envelopeHead {
			b, _ := plain.Seal(nil, []byte("a message that nobody has signed"))
			b[at] = byte(id)
			if got, err := signed.Open(b); err == nil {
				t.Errorf("byte %d is %d: unsigned %q is taken", at, id, got)
			}
			if got, err := plain.Open(b); err == nil && b[at] != 0 && at >= 2 {
				t.Errorf("byte %d is %d: %q is taken", at, id, got)
			}
		}
	}
}

package wire

import (
	"bytes"
	"encoding/hex"
	"errors"
	"math/rand/v2"
	"net/netip"
	"reflect"
	"strings"
	"testing"
)

var (
	node1 = netip.MustParseAddr("10.77.0.1")
	node2 = netip.MustParseAddr("10.77.0.2")
)

// examples pair captured bytes with their meaning.
var examples = []struct {
	name string
	gen  Generation
	wire string
	want Message
}{
	{
		"merge detect, 2.4.5", EL7,
		"020022ff01000000 02 01000000 0200 0a4d0001000000000000000000000000 00000000 0000 00000000000000000000000000000000" +
			"01000000 0200 0a4d0001000000000000000000000000 0400000000000000",
		&MergeDetect{
			Header: Header{Type: TypeMergeDetect, Sender: 1},
			From:   NewSRP(EL7, 1, node1), Ring: NewRingID(EL7, NewSRP(EL7, 1, node1), 4),
		},
	},
	{
		"first token of a ring, 2.4.5", EL7,
		"000022ff01000000 00000000 00000000 ffffffff 01000000 01000000 0200 0a4d0001000000000000000000000000 0800000000000000" +
			"00000000 00000000 00000000 00000000",
		&Token{
			Header: Header{Type: TypeToken, Sender: 1}, Aru: 0xffffffff, AruAddr: 1,
			Ring: NewRingID(EL7, NewSRP(EL7, 1, node1), 8),
		},
	},
	{
		"ring test, 2.4.5", EL7, "060022ff 01000000 01000000",
		&RingTest{Header: Header{Type: TypeRingTest}, Ring: 1, Activator: 1},
	},
	{
		"leave, 3.1.7", EL9,
		"70c003030000000000 00000000 02000000 01000000 01000000 0900000000000000 01000000 02000000",
		&Join{
			Header: Header{Type: TypeJoin}, From: NewSRP(EL9, 2), RingSeq: 9,
			Proc: []SRP{NewSRP(EL9, 1)}, Failed: []SRP{NewSRP(EL9, 2)},
		},
	},
	{
		"merge detect with garbage as target, 3.1.7", EL9,
		"70c0 03 02 00 01000000 045c7132 01000000 01000000 0500000000000000",
		&MergeDetect{
			Header: Header{Type: TypeMergeDetect, Sender: 1, Target: 0x32715c04},
			From:   NewSRP(EL9, 1), Ring: RingID{Rep: 1, Seq: 5},
		},
	},
	{
		"token that asks for a message, 3.1.7", EL9,
		"70c0 03 00 00 02000000 00000002 19000000 5a010000 18000000 02000000 01000000 0900000000000000 00000000 00000000 00000000 01000000" +
			"01000000 0900000000000000 19000000",
		&Token{
			Header: Header{Type: TypeToken, Sender: 2, Target: 0x2000000},
			Seq:    25, TokenSeq: 346, Aru: 24, AruAddr: 2, Ring: RingID{Rep: 1, Seq: 9},
			RTR: []RTR{{RingID{Rep: 1, Seq: 9}, 25}},
		},
	},
	{
		"commit token, second hop, 3.1.7", EL9,
		"70c0 03 04 00 02000000 00000000 02000000 01000000 0900000000000000 00000000 02000000 02000000 01000000 02000000" +
			"01000000 0500000000000000 08000000 08000000 01000000 02000000 0100000000000000 00000000 00000000 01000000",
		&CommitToken{
			Header: Header{Type: TypeCommitToken, Sender: 2}, TokenSeq: 2, Ring: RingID{Rep: 1, Seq: 9}, MembIndex: 2,
			Members: []SRP{NewSRP(EL9, 1), NewSRP(EL9, 2)},
			Entries: []CommitEntry{{RingID{Rep: 1, Seq: 5}, 8, 8, 1}, {RingID{Rep: 2, Seq: 1}, 0, 0, 1}},
		},
	},
	{
		"hold cancel, 3.1.7", EL9, "70c0 03 05 00 01000000 00000000 01000000 0900000000000000",
		&HoldCancel{Header: Header{Type: TypeHoldCancel, Sender: 1}, Ring: RingID{Rep: 1, Seq: 9}},
	},
	{
		"hold cancel, big-endian sender", EL9, "c070 03 05 00 00000001 00000000 00000001 0000000000000009",
		&HoldCancel{Header: Header{Type: TypeHoldCancel, Sender: 1, BigEndian: true}, Ring: RingID{Rep: 1, Seq: 9}},
	},
}

func TestExamples(t *testing.T) {
	for _, tt := range examples {
		t.Run(tt.name, func(t *testing.T) {
			b := unhex(tt.wire)
			d := Decoder{Generation: tt.gen}
			got, err := d.Decode(b)
			if err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(normal(got), normal(tt.want)) {
				t.Errorf("Decode\n got %+v\nwant %+v", got, tt.want)
			}
			checkWire(t, tt.gen, tt.want, b)
		})
	}
}

// checkWire encodes m and expects b, cuts b at every length and expects an
// error, and adds a byte and expects another.
func checkWire(t *testing.T, g Generation, m Message, b []byte) {
	t.Helper()
	if got := m.Append(nil, g); !bytes.Equal(got, b) {
		t.Fatalf("%T Append\n got %x\nwant %x", m, got, b)
	}
	d := Decoder{Generation: g}
	shortest := 0
	if mc, ok := m.(*Mcast); ok { // the payload has no length of its own
		shortest = len(b) - len(mc.Payload)
		b = b[:shortest]
	}
	for n := range b {
		if m, err := d.Decode(b[:n]); !errors.Is(err, ErrShort) {
			t.Fatalf("Decode of %d/%d bytes = %v, %v; want ErrShort", n, len(b), m, err)
		}
	}
	if shortest == 0 {
		if m, err := d.Decode(append(bytes.Clone(b), 0)); !errors.Is(err, ErrLong) {
			t.Fatalf("Decode of one byte more = %v, %v; want ErrLong", m, err)
		}
	}
}

// normal makes empty lists nil.
func normal(m Message) Message {
	switch m := m.(type) {
	case *Token:
		c := *m
		if len(c.RTR) == 0 {
			c.RTR = nil
		}
		return &c
	case *Join:
		c := *m
		if len(c.Proc) == 0 {
			c.Proc = nil
		}
		if len(c.Failed) == 0 {
			c.Failed = nil
		}
		return &c
	}
	return m
}

// TestRandomMessages sends random messages of every type through Append and
// Decode, in both generations and byte orders.
func TestRandomMessages(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 50 {
		for _, g := range []Generation{EL7, EL9} {
			for _, m := range randomMessages(r, g) {
				m.Head().BigEndian = r.IntN(2) == 0
				b := m.Append(nil, g)
				d := Decoder{Generation: g}
				got, err := d.Decode(b)
				if err != nil {
					t.Fatalf("%+v: %v", m, err)
				}
				if !reflect.DeepEqual(normal(got), normal(m)) {
					t.Fatalf("%v\n got %+v\nwant %+v", g, got, m)
				}
				checkWire(t, g, m, b)
			}
		}
	}
}

func randomMessages(r *rand.Rand, g Generation) []Message {
	head := func(t Type) Header { return Header{Type: t, Sender: NodeID(1 + r.IntN(1000))} }
	srp := func() SRP {
		id := NodeID(1 + r.Uint32N(1<<30))
		b := []byte{10, byte(id >> 16), byte(id >> 8), byte(id)}
		return NewSRP(g, id, netip.AddrFrom4([4]byte(b)))
	}
	ring := func() RingID { return NewRingID(g, srp(), r.Uint64()) }
	list := func() (l []SRP) {
		for range r.IntN(5) {
			l = append(l, srp())
		}
		return l
	}
	token := &Token{Header: head(TypeToken), Seq: r.Uint32(), TokenSeq: r.Uint32(), Aru: r.Uint32(), AruAddr: 3,
		Ring: ring(), Backlog: r.Uint32(), Fcc: r.Uint32(), RetransFlg: 1}
	for range r.IntN(MaxRTR + 1) {
		token.RTR = append(token.RTR, RTR{ring(), r.Uint32()})
	}
	commit := &CommitToken{Header: head(TypeCommitToken), TokenSeq: r.Uint32(), Ring: ring(), Members: append(list(), srp())}
	commit.MembIndex = r.IntN(len(commit.Members) + 1)
	for range commit.Members {
		commit.Entries = append(commit.Entries, CommitEntry{ring(), r.Uint32(), r.Uint32(), 1})
	}
	mcast := &Mcast{Header: head(TypeMcast), From: srp(), Seq: r.Uint32(), ThisSeqno: r.Uint32(), Ring: ring(), Payload: make([]byte, 1+r.IntN(50))}
	mcast.Encapsulated = Plain
	all := []Message{
		token, commit, mcast,
		&Join{Header: head(TypeJoin), From: srp(), RingSeq: r.Uint64(), Proc: list(), Failed: list()},
		&MergeDetect{Header: head(TypeMergeDetect), From: srp(), Ring: ring()},
		&HoldCancel{Header: head(TypeHoldCancel), Ring: ring()},
	}
	if g == EL7 {
		all = append(all, &RingTest{Header: Header{Type: TypeRingActivate}, Ring: 1, Activator: 7})
	}
	return all
}

// TestDecodeRefuses has a row for each message that is well formed but cannot
// be.
func TestDecodeRefuses(t *testing.T) {
	entry := strings.Repeat("00", 24)
	for _, tt := range []struct {
		name string
		gen  Generation
		wire string
		want error
	}{
		{"empty", EL9, "", ErrShort},
		{"other protocol", EL9, "4500003c00000000", ErrMagic},
		{"other protocol", EL7, "4500003c00000000", ErrMagic},
		{"older version", EL9, "70c0020200010000000000", ErrVersion},
		{"type 6", EL9, "70c00306000100000000000000", ErrType},
		{"type 8", EL7, "080022ff01000000", ErrType},
		{"mcast that is neither plain nor encapsulated", EL9, "70c00301030100000000000000", ErrValue},
		{"token of nobody", EL9, "70c00300000000000000000000", ErrValue},
		{"token with 31 entries", EL9, "70c0030000 01000000 00000000" + strings.Repeat("00", 40) + "1f000000" + strings.Repeat("00", 31*16), ErrValue},
		{"token with 2^31 entries", EL9, "70c0030000 01000000 00000000" + strings.Repeat("00", 40) + "00000080", ErrValue},
		{"join with lists that wrap", EL9, "70c0030300 01000000 00000000 01000000 00000080 00000080 0000000000000000", ErrValue},
		{"join with 385 nodes", EL9, "70c0030300 01000000 00000000 01000000 81010000 00000000 0000000000000000" + strings.Repeat("01000000", 385), ErrValue},
		{"commit token without members", EL9, "70c0030400 01000000 00000000 00000000 01000000 0900000000000000 00000000 00000000 00000000", ErrValue},
		{"commit token, index beyond", EL9, "70c0030400 01000000 00000000 00000000 01000000 0900000000000000 00000000 02000000 01000000 01000000" + entry, ErrValue},
		{"commit token, index negative", EL9, "70c0030400 01000000 00000000 00000000 01000000 0900000000000000 00000000 ffffffff 01000000 01000000" + entry, ErrValue},
		{"commit token, node twice", EL9, "70c0030400 01000000 00000000 00000000 01000000 0900000000000000 00000000 00000000 02000000 01000000 01000000" + entry + entry, ErrValue},
		{"address of no family", EL7, "020022ff01000000" + strings.Repeat("00", 45) + strings.Repeat("00", 30), ErrValue},
		{"inner message too short", EL9, "70c0030101 01000000 00000000" + strings.Repeat("00", 32) + "70c003", ErrShort},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d := Decoder{Generation: tt.gen}
			if m, err := d.Decode(unhex(tt.wire)); m != nil || !errors.Is(err, tt.want) {
				t.Errorf("Decode = %v, %v; want nil, %v", m, err, tt.want)
			}
		})
	}
}

// FuzzDecode checks that no input panics, and that what decodes encodes to the
// same bytes.
func FuzzDecode(f *testing.F) {
	for _, tt := range examples {
		f.Add(unhex(tt.wire))
	}
	r := rand.New(rand.NewPCG(3, 4))
	for _, g := range []Generation{EL7, EL9} {
		for _, m := range randomMessages(r, g) {
			f.Add(m.Append(nil, g))
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, g := range []Generation{EL7, EL9} {
			d := Decoder{Generation: g}
			m, err := d.Decode(b)
			if err != nil {
				continue
			}
			if again := m.Append(nil, g); !bytes.Equal(again, b) {
				t.Errorf("%x decodes to %+v, which encodes to %x", b, m, again)
			}
			if m, ok := m.(*Mcast); ok {
				if fr, err := DecodeFrame(m.Payload, m.BigEndian); err == nil {
					for _, piece := range fr.All() {
						if groups, _, err := SplitGroups(piece, m.BigEndian); err == nil {
							for range groups.All() {
							}
						}
					}
				}
			}
		}
	})
}

// FuzzOpen checks that no datagram makes the outer layer panic.
func FuzzOpen(f *testing.F) {
	key := make([]byte, KeySize)
	e, err := NewEnvelope(EL7, "aes128", "md5", key, bytes.NewReader(make([]byte, 1<<20)))
	if err != nil {
		f.Fatal(err)
	}
	sealed, _ := e.Seal(nil, []byte("message"))
	f.Add(sealed)
	f.Add([]byte{0xfe, 0xfe, 0, 0, 1})
	plain, _ := NewEnvelope(EL7, "", "", nil, nil)
	f.Fuzz(func(t *testing.T, b []byte) {
		_, _ = e.Open(b)
		_, _ = plain.Open(b)
		Detect(b)
	})
}

func TestGroups(t *testing.T) {
	for _, tt := range []struct {
		wire  string
		names string // "!" for an error
		rest  string
	}{
		{"0100 0100 61 aabb", "a", "aabb"},
		{"0100 0400 73796e63", "sync", ""},
		{"0200 0100 0400 61 73796e63 01", "a sync", "01"},
		{"0000 01", "", "01"},
		{"", "!", ""},
		{"01", "!", ""},
		{"0100 05", "!", ""},
		{"0100 0500 61", "!", ""},
		{"ffff 0100 61", "!", ""},
	} {
		g, rest, err := SplitGroups(unhex(tt.wire), false)
		var names []string
		for n := range g.All() {
			names = append(names, n)
			if !g.Has(n) || g.Has(n+"x") {
				t.Errorf("%s: Has(%q) is wrong", tt.wire, n)
			}
		}
		got := strings.Join(names, " ")
		if err != nil {
			got = "!"
		}
		if got != tt.names || hex.EncodeToString(rest) != tt.rest {
			t.Errorf("%s: %q, rest %x; want %q, %s", tt.wire, got, rest, tt.names, tt.rest)
		}
	}
}

func TestRingOrder(t *testing.T) {
	a, b := NewSRP(EL7, 9, node1), NewSRP(EL7, 1, node2)
	if a.Identity(EL7).Compare(b.Identity(EL7)) >= 0 {
		t.Error("el7 orders by address: 10.77.0.1 comes before 10.77.0.2")
	}
	if a.Identity(EL9).Compare(b.Identity(EL9)) <= 0 {
		t.Error("el9 orders by node id: 9 comes after 1")
	}
	renamed := a
	renamed.IP[0].Node = 0 // as in a leave
	if a.Identity(EL7) != renamed.Identity(EL7) {
		t.Error("el7 knows a node by its address, whatever its id")
	}
}

func unhex(s string) []byte {
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		panic(err)
	}
	return b
}

package wire_test

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/gocorosync/gocorosync/captures"
	"github.com/gocorosync/gocorosync/totem/wire"
)

// encrypted names the crypto settings of captures by file name.
var encrypted = map[string][2]string{
	"wire2-udpu-secauth":       {"aes256", "sha1"},
	"wire2-udpu-hashonly":      {"none", "sha256"},
	"wire2-udpu-aes128-md5":    {"aes128", "md5"},
	"wire2-udpu-3des-sha512":   {"3des", "sha512"},
	"wire2-udpu-aes192-sha384": {"aes192", "sha384"},
}

// A line is the part of a capture's decoded description that the test looks at.
type line struct {
	Frame  int    `json:"frame"`
	Type   string `json:"type"`
	Wire   int    `json:"wire"`
	Endian string `json:"endian"`
	Header struct {
		NodeID wire.NodeID `json:"nodeid"`
	} `json:"header"`
	Seq      *uint32           `json:"seq"`
	TokenSeq *uint32           `json:"token_seq"`
	Aru      *uint32           `json:"aru"`
	RingID   json.RawMessage   `json:"ring_id"`
	RingSeq  *uint64           `json:"ring_seq"`
	Proc     []json.RawMessage `json:"proc_list"`
	Failed   []json.RawMessage `json:"failed_list"`
	Index    *int              `json:"memb_index"`
	Inner    *line             `json:"inner"`
	PG       *struct {
		Fragmented   uint8 `json:"fragmented"`
		Continuation uint8 `json:"continuation"`
		Lens         []int `json:"msg_lens"`
	} `json:"pg"`
}

// TestVectors decodes every frame that real corosync 2.4.5 and 3.1.7 sent in
// the captures, compares it with the description beside it, and encodes it
// again: the bytes must be the same, those of the envelope included.
func TestVectors(t *testing.T) {
	key := captures.Read(t, "totem", "authkey")
	var table strings.Builder
	fmt.Fprintf(&table, "%-28s %7s %8s %8s  %s\n", "capture", "frames", "decoded", "encoded", "not decoded")
	var all, allDecoded, allEncoded int
	for _, path := range captures.Glob(t, "totem", "*.pcap") {
		name := strings.TrimSuffix(path, ".pcap")
		packets, others, err := readPcap(captures.Read(t, "totem", path))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		lines := readLines(t, name+".jsonl")
		why := ""
		if others > 0 {
			why = fmt.Sprintf("%d IP fragments that complete no datagram", others)
		}
		decoded, encoded := 0, 0
		for _, p := range packets {
			want, ok := lines[p.frame]
			if !ok {
				t.Errorf("%s: frame %d is not described", name, p.frame)
				continue
			}
			if err := checkFrame(p.payload, want, encrypted[name], key); err != nil {
				t.Errorf("%s: frame %d: %v", name, p.frame, err)
				continue
			}
			decoded, encoded = decoded+1, encoded+1
		}
		fmt.Fprintf(&table, "%-28s %7d %8d %8d  %s\n", name, len(packets)+others, decoded, encoded, why)
		all, allDecoded, allEncoded = all+len(packets)+others, allDecoded+decoded, allEncoded+encoded
	}
	fmt.Fprintf(&table, "%-28s %7d %8d %8d", "all", all, allDecoded, allEncoded)
	if allDecoded < 20000 {
		t.Errorf("only %d frames decoded", allDecoded)
	}
	t.Logf("\n%s", table.String())
}

func checkFrame(payload []byte, want *line, crypto [2]string, key []byte) error {
	g, _ := wire.Detect(payload)
	if int(g) != want.Wire {
		return fmt.Errorf("detected %v, want %d", g, want.Wire)
	}
	var salt []byte
	if crypto[0] != "" && crypto[0] != "none" {
		salt = payload[4:20]
	}
	env, err := wire.NewEnvelope(g, crypto[0], crypto[1], key, bytes.NewReader(salt))
	if err != nil {
		return err
	}
	msg, err := env.Open(payload)
	if err != nil {
		return err
	}
	d := wire.Decoder{Generation: g}
	m, err := d.Decode(msg)
	if err != nil {
		return err
	}
	if err := checkMessage(m, want, g); err != nil {
		return err
	}
	again := m.Append(nil, g)
	if !bytes.Equal(again, msg) {
		return fmt.Errorf("encoded\n got %x\nwant %x", again, msg)
	}
	if sealed, err := env.Seal(nil, again); err != nil || !bytes.Equal(sealed, payload) {
		return fmt.Errorf("sealed (%v)\n got %x\nwant %x", err, sealed, payload)
	}
	return nil
}

func checkMessage(m wire.Message, want *line, g wire.Generation) error {
	h := m.Head()
	if h.Type.String() != want.Type || h.BigEndian != (want.Endian == "big") || h.Sender != want.Header.NodeID {
		return fmt.Errorf("header %+v, want type %s, %s, sender %d", *h, want.Type, want.Endian, want.Header.NodeID)
	}
	var got, should []any
	check := func(a any, b any) { got, should = append(got, a), append(should, b) }
	var ring wire.RingID
	switch m := m.(type) {
	case *wire.Token:
		check(m.Seq, *want.Seq)
		check(m.TokenSeq, *want.TokenSeq)
		check(m.Aru, *want.Aru)
		ring = m.Ring
	case *wire.Mcast:
		check(m.Seq, *want.Seq)
		ring = m.Ring
		if want.PG != nil {
			f, err := wire.DecodeFrame(m.Payload, h.BigEndian)
			if err != nil {
				return err
			}
			var lens []int
			for _, piece := range f.All() {
				lens = append(lens, len(piece))
			}
			check(f.Fragmented, want.PG.Fragmented)
			check(f.Continuation, want.PG.Continuation)
			check(fmt.Sprint(lens), fmt.Sprint(want.PG.Lens))
		}
		if want.Inner != nil {
			d := wire.Decoder{Generation: g}
			inner, err := d.Decode(m.Payload)
			if err != nil {
				return fmt.Errorf("inner: %w", err)
			}
			want.Inner.Endian = want.Endian
			if want.Inner.Type == "" {
				want.Inner.Type = "mcast"
			}
			if err := checkMessage(inner, want.Inner, g); err != nil {
				return fmt.Errorf("inner: %w", err)
			}
		}
	case *wire.MergeDetect:
		ring = m.Ring
	case *wire.HoldCancel:
		ring = m.Ring
	case *wire.CommitToken:
		check(m.MembIndex, *want.Index)
		ring = m.Ring
	case *wire.Join:
		check(m.RingSeq, *want.RingSeq)
		check(len(m.Proc), len(want.Proc))
		check(len(m.Failed), len(want.Failed))
	}
	if want.RingID != nil {
		text := fmt.Sprintf(`{"rep":%d,"seq":%d}`, ring.Rep, ring.Seq)
		if g == wire.EL7 {
			text = fmt.Sprintf(`{"rep":"%d@%v","seq":%d}`, ring.Rep, ring.RepAddr(), ring.Seq)
		}
		check(text, strings.NewReplacer(" ", "", "[", "", "]", "").Replace(string(want.RingID)))
	}
	if fmt.Sprint(got) != fmt.Sprint(should) {
		return fmt.Errorf("%s: got %v, want %v", want.Type, got, should)
	}
	return nil
}

func readLines(t *testing.T, name string) map[int]*line {
	lines := make(map[int]*line)
	for text := range bytes.Lines(captures.Read(t, "totem", name)) {
		l := new(line)
		if err := json.Unmarshal(text, l); err != nil {
			t.Fatalf("%s: %v: %s", name, err, text)
		}
		lines[l.Frame] = l
	}
	return lines
}

// TestEnvelopeRefuses cuts, flips and swaps a sealed message, and expects
// Open to refuse all of it.
func TestEnvelopeRefuses(t *testing.T) {
	key := bytes.Repeat([]byte{7}, wire.KeySize)
	msg := (&wire.HoldCancel{Header: wire.Header{Sender: 1}}).Append(nil, wire.EL7)
	for _, cipher := range []string{"none", "aes256", "aes192", "aes128", "3des"} {
		for _, hash := range []string{"md5", "sha1", "sha256", "sha384", "sha512"} {
			e, err := wire.NewEnvelope(wire.EL7, cipher, hash, key, rand.Reader)
			if err != nil {
				t.Fatal(err)
			}
			sealed, err := e.Seal(nil, msg)
			if err != nil {
				t.Fatal(err)
			}
			if got, err := e.Open(sealed); err != nil || !bytes.Equal(got, msg) {
				t.Errorf("%s/%s: Open = %x, %v; want %x", cipher, hash, got, err, msg)
			}
			if over := len(sealed) - len(msg); over > e.Overhead() {
				t.Errorf("%s/%s: %d bytes more, Overhead says %d", cipher, hash, over, e.Overhead())
			}
			for n := range sealed {
				if _, err := e.Open(sealed[:n]); err == nil {
					t.Errorf("%s/%s: Open of %d/%d bytes succeeds", cipher, hash, n, len(sealed))
				}
				bad := bytes.Clone(sealed)
				bad[n] ^= 1
				if _, err := e.Open(bad); err == nil {
					t.Errorf("%s/%s: Open succeeds with byte %d changed", cipher, hash, n)
				}
			}
		}
	}
}

package totem

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"slices"
	"testing"
	"time"

	"github.com/gocorosync/gocorosync/captures"
	"github.com/gocorosync/gocorosync/totem/wire"
)

// A capturedFrame is the part of a capture's description that these tests read.
type capturedFrame struct {
	Frame  int
	Type   string
	Header struct{ NodeID NodeID }
	Src    string
	Seq    uint32
	Ring   json.RawMessage `json:"ring_id"`

	TokenSeq  uint32  `json:"token_seq"`
	Aru       uint32  `json:"aru"`
	AruAddr   NodeID  `json:"aru_addr"`
	Backlog   uint32  `json:"backlog"`
	Fcc       uint32  `json:"fcc"`
	MembIndex int     `json:"memb_index"`
	RingSeq   *uint64 `json:"ring_seq"`

	Reassembled []struct {
		From       NodeID
		Len        int
		PayloadLen int    `json:"payload_len"`
		CRC        string `json:"payload_crc32"`
	}
}

func readCapture(t *testing.T, name string) (list []capturedFrame) {
	b := captures.Read(t, "totem", name+".jsonl")
	for s := json.NewDecoder(bytes.NewReader(b)); s.More(); {
		var c capturedFrame
		if err := s.Decode(&c); err != nil {
			t.Fatal(err)
		}
		list = append(list, c)
	}
	return list
}

// TestFormationAsCaptured lets a node start beside another one and compares the
// frames with those of two real nodes, from the first join to the first message.
func TestFormationAsCaptured(t *testing.T) {
	var want []string
	for _, f := range readCapture(t, "wire2-udpu-2node") {
		if f.Frame < 9 || f.Type == "memb_merge_detect" {
			continue
		}
		if f.Type == "mcast" {
			break
		}
		line := fmt.Sprint(f.Header.NodeID, " ", f.Type)
		switch f.Type {
		case "memb_join":
			line += fmt.Sprint(" ", *f.RingSeq)
		case "memb_commit_token":
			line += fmt.Sprint(" ", f.TokenSeq, f.MembIndex)
		case "orf_token":
			line += fmt.Sprint(" ", f.Seq, f.TokenSeq, f.Aru, f.AruAddr, f.Backlog, f.Fcc)
		}
		want = append(want, line)
	}
	c := newCluster(t, wire.EL7, 2, Tunables{})
	var got []string
	d := wire.Decoder{Generation: wire.EL7}
	c.lost = func(_, _ NodeID, b []byte) bool {
		msg, _ := d.Decode(b)
		line := fmt.Sprint(msg.Head().Sender, " ", msg.Head().Type)
		switch msg := msg.(type) {
		case *wire.Join:
			line += fmt.Sprint(" ", msg.RingSeq)
		case *wire.CommitToken:
			line += fmt.Sprint(" ", msg.TokenSeq, msg.MembIndex)
		case *wire.Token:
			line += fmt.Sprint(" ", msg.Seq, msg.TokenSeq, msg.Aru, msg.AruAddr, msg.Backlog, msg.Fcc)
		}
		got = append(got, line)
		return false
	}
	c.start(1)
	c.run(10 * time.Millisecond)
	c.start(2)
	c.run(300 * time.Millisecond)
	if len(want) < 10 || !slices.Equal(got[:min(len(got), len(want))], want) {
		t.Errorf("frames\n got %q\nwant %q", got[:min(len(got), len(want))], want)
	}
}

// TestReassemblyOfCaptures puts the application messages of captured rings
// together and compares them with their checksums.
func TestReassemblyOfCaptures(t *testing.T) {
	total := 0
	for _, name := range []string{"wire2-udpu-2node", "wire2-udpu-3node", "wire3-udpu-2node", "wire3-udpu-3node"} {
		frames := readCapture(t, name)
		payloads := mcastsOf(t, name)
		var want, got []string
		type place struct {
			ring wire.RingID
			seq  uint32
		}
		done := make(map[place]bool)
		assemblers := make(map[wire.RingID]*assembler)
		for _, f := range frames {
			for _, r := range f.Reassembled {
				want = append(want, fmt.Sprintf("%d %d %s", r.From, r.PayloadLen, r.CRC))
			}
			m, ok := payloads[f.Frame]
			if !ok || m.Encapsulated != wire.Plain || done[place{m.Ring, m.Seq}] {
				continue
			}
			done[place{m.Ring, m.Seq}] = true
			a := assemblers[m.Ring]
			if a == nil {
				a = new(assembler)
				assemblers[m.Ring] = a
			}
			frame, err := wire.DecodeFrame(m.Payload, m.BigEndian)
			if err != nil {
				t.Fatal(err)
			}
			a.frame(m.Sender, &frame, func(b []byte) {
				_, body, err := wire.SplitGroups(b, m.BigEndian)
				if err != nil {
					t.Fatal(err)
				}
				got = append(got, fmt.Sprintf("%d %d %08x", m.Sender, len(body), crc32.ChecksumIEEE(body)))
			})
		}
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("%s: %d messages, want %d", name, len(got), len(want))
		}
		total += len(got)
	}
	t.Logf("%d application messages", total)
}

// mcastsOf returns the multicasts of an unencrypted IPv4 capture by frame.
func mcastsOf(t *testing.T, name string) map[int]wire.Mcast {
	b := captures.Read(t, "totem", name+".pcap")
	list := make(map[int]wire.Mcast)
	b = b[24:]
	for n := 1; len(b) >= 16; n++ {
		size := int(binary.LittleEndian.Uint32(b[8:]))
		payload := b[16+14+20+8 : 16+size]
		b = b[16+size:]
		g, _ := wire.Detect(payload)
		env, err := wire.NewEnvelope(g, "", "", nil, nil)
		if err != nil {
			continue
		}
		msg, err := env.Open(payload)
		if err != nil {
			t.Fatal(err)
		}
		d := wire.Decoder{Generation: g}
		if m, err := d.Decode(msg); err == nil {
			if m, ok := m.(*wire.Mcast); ok {
				list[n] = *m
			}
		}
	}
	return list
}

package peer

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/gocorosync/gocorosync/captures"
)

// TestRealEnvelopes decodes captured messages and encodes them again.
func TestRealEnvelopes(t *testing.T) {
	for _, f := range captures.Glob(t, "pacemaker", "*/hex/cpg-*.hex") {
		if strings.Contains(f, "join-name") || strings.Contains(f, "cpg-pcmk") {
			continue // no envelope
		}
		wire := captures.Hex(t, "pacemaker", f)
		e, err := Decode(wire)
		if err != nil {
			t.Errorf("%s: %v", f, err)
			continue
		}
		got := e.Append(nil)
		if le.Uint32(wire[28:]) == 0 && !bytes.Equal(got, wire) {
			t.Errorf("%s does not come back", f)
		}
		if again, err := Decode(got); err != nil || !bytes.Equal(again.Data, e.Data) {
			t.Errorf("%s: our own form does not decode: %v", f, err)
		}
		for n := range min(len(wire), 700) {
			if _, err := Decode(wire[:n]); err == nil {
				t.Fatalf("%s: the first %d bytes decode", f, n)
			}
		}
	}
}

func FuzzDecode(f *testing.F) {
	f.Add((&Envelope{ID: 1, FromName: "n1", Data: []byte("<a/>")}).Append(nil))
	f.Fuzz(func(t *testing.T, b []byte) {
		e, err := Decode(b)
		if err != nil {
			return
		}
		if again, err := Decode(e.Append(nil)); err != nil || !bytes.Equal(again.Data, e.Data) {
			t.Errorf("%x does not come back: %v", b, err)
		}
	})
}

// TestElectionOfThree lets three nodes vote; the one with most CPU time wins.
func TestElectionOfThree(t *testing.T) {
	w := &Writer{Version: "3.16.1", Now: func() int64 { return 0 }}
	names := []string{"n1", "n2", "n3"}
	var nodes []*Election
	for i, n := range names {
		e := NewElection(uint32(i+1), n, "3.16.1", time.Minute)
		e.Age = time.Duration(i+1) * time.Millisecond
		nodes = append(nodes, e)
	}
	type flight struct {
		from, to int // to -1: everyone
		data     string
	}
	var wire []flight
	var now time.Duration
	vote := func(i int) { wire = append(wire, flight{i, -1, string(nodes[i].Vote(now, w).Compact())}) }
	for i := range nodes {
		vote(i)
	}
	winner := -1
	for len(wire) > 0 {
		f := wire[0]
		wire = wire[1:]
		for i, e := range nodes {
			if f.to >= 0 && f.to != i {
				continue
			}
			msg := parse(t, f.data)
			out, reply := e.Count(now, w, msg, names[f.from], true, true)
			if reply != nil {
				wire = append(wire, flight{i, f.from, string(reply.Compact())})
			}
			if out == VotePassed {
				vote(i)
			}
			if e.Complete(len(nodes)) {
				winner = i
			}
		}
	}
	if winner != 2 {
		t.Errorf("winner is %d, want node 3", winner+1)
	}
}

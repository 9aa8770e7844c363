package totem

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/gocorosync/gocorosync/totem/wire"
)

func newPacker(mtu int) *packer {
	return &packer{mtu: mtu, limit: queueLimit(mtu), pool: &pool{size: mtu}}
}

func frames(p *packer) (list []wire.Frame) {
	for p.waiting() > 0 {
		f, err := wire.DecodeFrame(p.take(), false)
		if err != nil {
			panic(err)
		}
		list = append(list, f)
	}
	return list
}

func lens(f wire.Frame) (l []int) {
	for _, piece := range f.All() {
		l = append(l, len(piece))
	}
	return l
}

// TestPackAsCaptured packs what corosync 2.4.5 packed in a capture, and expects
// the same frames. Spec: totem.md 2.
func TestPackAsCaptured(t *testing.T) {
	p := newPacker(1369)
	for range 12 {
		p.add(make([]byte, 389))
	}
	p.flush()
	var got []string
	for _, f := range frames(p) {
		got = append(got, fmt.Sprint(lens(f), f.Fragmented, f.Continuation))
	}
	want := []string{"[389 389 389 186] 1 0", "[203 389 389 372] 1 1", "[17 389 389 389 167] 1 1", "[222 389] 0 1"}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("frames\n got %v\nwant %v", got, want)
	}
}

// TestPackAndAssemble sends messages of all sizes through a packer and an
// assembler, with sync traffic in between, and expects them back.
func TestPackAndAssemble(t *testing.T) {
	for seed := range uint64(30) {
		r := rand.New(rand.NewPCG(seed, 5))
		mtu := 300 + r.IntN(1200)
		normal, sync := newPacker(mtu), newPacker(mtu)
		var asm assembler
		var want, got [][]byte
		deliver := func(b []byte) { got = append(got, bytes.Clone(b)) }
		var wantNormal, wantSync [][]byte
		pass := func(p *packer, n int) {
			for ; n > 0 && p.waiting() > 0; n-- {
				b := p.take()
				if len(b) > mtu {
					t.Fatalf("seed %d: frame of %d bytes, mtu %d", seed, len(b), mtu)
				}
				f, err := wire.DecodeFrame(b, false)
				if err != nil {
					t.Fatal(err)
				}
				asm.frame(7, &f, deliver)
			}
			asm.turn()
		}
		for i := range 100 {
			msg := bytes.Repeat([]byte{byte(i)}, r.IntN(3*mtu))
			if r.IntN(4) == 0 {
				msg = bytes.Repeat([]byte{byte(i)}, mtu-wire.FrameHeader-2-r.IntN(4))
			}
			normal.add(msg)
			wantNormal = append(wantNormal, msg)
			switch r.IntN(6) {
			case 0:
				normal.flush()
			case 1: // the ring changes: only sync traffic until it is all out
				pass(normal, r.IntN(5))
				for range 1 + r.IntN(3) {
					msg := bytes.Repeat([]byte{0xff}, r.IntN(4*mtu))
					sync.add(msg)
					wantSync = append(wantSync, msg)
				}
				sync.flush()
				pass(sync, 1<<30)
			}
		}
		normal.flush()
		pass(normal, 1<<30)
		var gotNormal, gotSync [][]byte
		for _, b := range got {
			if len(b) > 0 && b[0] == 0xff {
				gotSync = append(gotSync, b)
			} else if len(b) > 0 {
				gotNormal = append(gotNormal, b)
			}
		}
		drop := func(list [][]byte) (out [][]byte) {
			for _, b := range list {
				if len(b) > 0 {
					out = append(out, b)
				}
			}
			return out
		}
		want = append(drop(wantNormal), drop(wantSync)...)
		if got := append(gotNormal, gotSync...); !equal(got, want) {
			t.Fatalf("seed %d: %d messages, want %d", seed, len(got), len(want))
		}
		if asm.lost != 0 {
			t.Errorf("seed %d: %d pieces lost", seed, asm.lost)
		}
	}
}

func equal(a, b [][]byte) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if !bytes.Equal(a[i], b[i]) {
			return false
		}
	}
	return true
}

// TestAssembleFromTheMiddle gives an assembler a sender's frames from some point
// on: only the message that was begun before may be missing.
func TestAssembleFromTheMiddle(t *testing.T) {
	p := newPacker(400)
	for i := range 20 {
		p.add(bytes.Repeat([]byte{byte(i)}, 30+100*(i%8)))
	}
	p.flush()
	var all [][]byte
	for p.waiting() > 0 {
		all = append(all, p.take())
	}
	for from := range all {
		var asm assembler
		var got []int
		for _, b := range all[from:] {
			f, err := wire.DecodeFrame(b, false)
			if err != nil {
				t.Fatal(err)
			}
			asm.frame(1, &f, func(b []byte) { got = append(got, int(b[0])) })
		}
		for i := range got {
			if want := 20 - len(got) + i; got[i] != want {
				t.Fatalf("from frame %d: %v", from, got)
			}
		}
		if first, _ := wire.DecodeFrame(all[from], false); first.Continuation == 0 && asm.lost != 0 {
			t.Errorf("from frame %d: %d pieces lost", from, asm.lost)
		}
	}
}

// TestAssembleBounded sends pieces without end and expects the assembler to give
// up at the largest message.
func TestAssembleBounded(t *testing.T) {
	var asm assembler
	piece := make([]byte, 60000)
	for i := range 100 {
		continuation := uint8(0)
		if i > 0 {
			continuation = uint8((i-1)%255 + 1)
		}
		b := append(wire.AppendFrameHeader(nil, uint8(i%255+1), continuation, []uint16{60000}), piece...)
		f, err := wire.DecodeFrame(b, false)
		if err != nil {
			t.Fatal(err)
		}
		asm.frame(1, &f, func([]byte) { t.Fatal("delivered") })
		if n := len(asm.nodes[1][0].buf) + len(asm.nodes[1][1].buf); n > MaxMessage {
			t.Fatalf("%d bytes kept", n)
		}
	}
	if asm.lost == 0 {
		t.Error("nothing given up")
	}
}

// FuzzAssemble checks that no frames make an assembler panic or keep too much.
func FuzzAssemble(f *testing.F) {
	p := newPacker(300)
	p.add(make([]byte, 500))
	p.add(make([]byte, 20))
	p.flush()
	for p.waiting() > 0 {
		f.Add(p.take(), uint8(20))
	}
	f.Fuzz(func(t *testing.T, b []byte, cut uint8) {
		var asm assembler
		for len(b) > 0 {
			n := min(int(cut)+1, len(b))
			if fr, err := wire.DecodeFrame(b[:n], false); err == nil {
				asm.frame(1, &fr, func([]byte) {})
			}
			asm.turn()
			b = b[n:]
		}
	})
}

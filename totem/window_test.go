package totem

import (
	"math/rand/v2"
	"testing"
)

func TestLessThan(t *testing.T) {
	for _, tt := range []struct {
		a, b uint32
		want bool
	}{
		{0, 1, true}, {1, 0, false}, {5, 5, false},
		{0xffffffff, 0, true}, {0, 0xffffffff, false}, {0xffffffff, 5, true},
		{0x7fffffff, 0x80000001, true}, {0xfffffff0, 0xffffffff, true},
	} {
		if got := lessThan(tt.a, tt.b); got != tt.want {
			t.Errorf("lessThan(%#x, %#x) = %v, want %v", tt.a, tt.b, got, tt.want)
		}
	}
}

// TestWindowAgainstMap compares a window with a map that does the same, around
// the wrap of sequence numbers too.
func TestWindowAgainstMap(t *testing.T) {
	for seed := range uint64(8) {
		r := rand.New(rand.NewPCG(seed, 1))
		var w window
		base := uint32(r.IntN(3)) * 0x7ffffff0
		w.reset(base, func([]byte) {})
		twin := make(map[uint32]byte)
		freed := 0
		for range 2000 {
			switch r.IntN(3) {
			case 0, 1:
				seq := w.base + 1 + uint32(r.IntN(3000))
				if r.IntN(50) == 0 {
					seq = w.base + uint32(r.IntN(2*windowSize)) - windowSize/2
				}
				_, there := twin[seq]
				inside := seq-w.base >= 1 && seq-w.base <= windowSize
				if w.wants(seq) != (inside && !there) {
					t.Fatalf("seed %d: wants(%#x) = %v, base %#x", seed, seq, w.wants(seq), w.base)
				}
				if inside && !there {
					w.put(seq, []byte{byte(seq)})
					twin[seq] = byte(seq)
				}
			case 2:
				to := w.base + uint32(r.IntN(2000))
				w.release(to, func([]byte) { freed++ })
				for seq := range twin {
					if seq-base <= to-base {
						delete(twin, seq)
					}
				}
			}
		}
		for seq, v := range twin {
			if b := w.get(seq); len(b) != 1 || b[0] != v {
				t.Fatalf("seed %d: get(%#x) = %v", seed, seq, b)
			}
		}
		n := 0
		for _, s := range w.slots {
			if s.buf != nil {
				n++
			}
		}
		if n != len(twin) {
			t.Fatalf("seed %d: %d messages, want %d", seed, n, len(twin))
		}
	}
}

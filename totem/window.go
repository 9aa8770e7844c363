package totem

import "time"

// windowSize is how many messages above the last released one a node keeps or
// accepts. Spec: totem.md 1.7.
const windowSize = 16384

// lessThan compares two sequence numbers, which wrap. Near the wrap both are
// moved away from it first, so 0xffffffff counts as less than 0.
// Spec: totem.md 3.1.
func lessThan(a, b uint32) bool {
	if a > 0x80000000 || b > 0x80000000 {
		a, b = a-0x10000, b-0x10000
	}
	return a < b
}

func minSeq(a, b uint32) uint32 {
	if lessThan(b, a) {
		return b
	}
	return a
}

// A window holds the messages of one ring by sequence number: those above base,
// at most windowSize of them. Up to base everything was released.
type window struct {
	base  uint32
	high  uint32 // highest that is or was there; base if none
	slots []slot // a power of two, grown as needed; indexed by seq modulo length
}

// A slot is the place of one message.
type slot struct {
	buf    []byte // the whole mcast; nil if it is missing
	misses int    // tokens that found it missing

	resent   int           // how often it was sent again
	resentAt time.Duration // when first
	resentIn int           // IP packets of this size; 0 for any
}

// at returns the slot of seq, or nil if seq is outside the window. grow makes
// room for it.
func (w *window) at(seq uint32, grow bool) *slot {
	n := seq - w.base
	if n == 0 || n > windowSize {
		return nil
	}
	if int(n) > len(w.slots) {
		if !grow {
			return nil
		}
		size := max(2*len(w.slots), 64)
		for size < int(n) {
			size *= 2
		}
		old := w.slots
		w.slots = make([]slot, size)
		for i := range old {
			s := w.base + 1 + uint32(i)
			w.slots[s%uint32(size)] = old[s%uint32(len(old))]
		}
	}
	return &w.slots[seq%uint32(len(w.slots))]
}

// get returns the message seq, or nil.
func (w *window) get(seq uint32) []byte {
	if s := w.at(seq, false); s != nil {
		return s.buf
	}
	return nil
}

// wants reports whether seq is inside the window and missing.
func (w *window) wants(seq uint32) bool {
	n := seq - w.base
	return n != 0 && n <= windowSize && w.get(seq) == nil
}

// put stores a message that wants said yes to.
func (w *window) put(seq uint32, buf []byte) {
	w.at(seq, true).buf = buf
	if seq-w.base > w.high-w.base {
		w.high = seq
	}
}

// miss counts one more token that found seq missing and returns the count.
func (w *window) miss(seq uint32) int {
	s := w.at(seq, true)
	s.misses++
	return s.misses
}

// release frees all messages up to seq to, which may not be beyond the window.
func (w *window) release(to uint32, free func([]byte)) {
	for n := to - w.base; n > 0; n-- {
		w.base++
		if len(w.slots) == 0 {
			continue
		}
		// base just left the window; its slot is the one that base+len takes.
		s := &w.slots[w.base%uint32(len(w.slots))]
		if s.buf != nil {
			free(s.buf)
		}
		*s = slot{}
	}
	if w.high-w.base > windowSize {
		w.high = w.base
	}
}

// reset empties the window and sets its base.
func (w *window) reset(base uint32, free func([]byte)) {
	for i := range w.slots {
		if w.slots[i].buf != nil {
			free(w.slots[i].buf)
		}
		w.slots[i] = slot{}
	}
	w.base, w.high = base, base
}

package totem

// A pool keeps message buffers for use again. What is freed during a Step can
// still be part of its actions, so it comes back into use with the next one.
type pool struct {
	size  int // capacity of the buffers kept, in bytes
	free  [][]byte
	later [][]byte
}

// maxPooled bounds the buffers a pool keeps.
const maxPooled = 4096

// get returns an empty buffer for n bytes.
func (p *pool) get(n int) []byte {
	if n > p.size {
		return make([]byte, 0, n)
	}
	if last := len(p.free) - 1; last >= 0 {
		b := p.free[last]
		p.free[last] = nil
		p.free = p.free[:last]
		return b[:0]
	}
	return make([]byte, 0, p.size)
}

// put frees b at the next turn.
func (p *pool) put(b []byte) {
	if cap(b) == p.size {
		p.later = append(p.later, b)
	}
}

// turn is called between two Steps.
func (p *pool) turn() {
	for i, b := range p.later {
		if len(p.free) < maxPooled {
			p.free = append(p.free, b)
		}
		p.later[i] = nil
	}
	p.later = p.later[:0]
}

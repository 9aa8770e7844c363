package totem

import "github.com/gocorosync/gocorosync/totem/wire"

// A packer turns application messages into frames and queues them until the
// token comes. Small messages share a frame, a big one is cut and its pieces
// are numbered. Spec: totem.md 2.
type packer struct {
	head  int // room to leave for the mcast header, in bytes
	mtu   int // largest frame, its header included
	limit int // frames that may wait
	pool  *pool

	// Frames that wait, oldest first, each with head bytes of room in front.
	// queue[first:] are they.
	queue [][]byte
	first int

	// The frame being filled.
	staged       []byte
	lens         []uint16
	continuation uint8
	next         uint8 // number of the next fragment, never 0
}

// queueLimit is how many frames may wait: what fits into four times the largest
// message. Spec: totem.md 1.7.
func queueLimit(mtu int) int { return 4*MaxMessage/mtu - 2 }

// resize changes the size of frames that are made from now on.
func (p *packer) resize(mtu int) {
	p.flush()
	p.mtu, p.limit = mtu, queueLimit(mtu)
}

// waiting returns the number of closed frames.
func (p *packer) waiting() int { return len(p.queue) - p.first }

// empty reports whether nothing waits.
func (p *packer) empty() bool { return p.waiting() == 0 && len(p.lens) == 0 }

// room returns how large a message can be taken, in bytes. It reckons as
// corosync does: what shares a frame with others needs part of one more.
func (p *packer) room() int {
	free := p.limit - p.waiting() - 1
	return min(max(free, 0)*(p.mtu-24), MaxMessage)
}

// add takes one message, of at most room bytes.
func (p *packer) add(msg []byte) {
	for {
		// The piece adds an entry of two bytes; a frame stays open while one
		// more entry and a byte behind it fit.
		most := p.mtu - wire.FrameHeader - 2*(len(p.lens)+1)
		if len(p.staged)+len(msg) < most-2 {
			p.stage(msg)
			p.next = 1
			return
		}
		n := min(most-len(p.staged), len(msg))
		p.stage(msg[:n])
		if msg = msg[n:]; len(msg) == 0 {
			p.close(0)
			return
		}
		number := max(p.next, 1)
		p.next = number + 1 // 0 stands for 1
		p.close(number)
		p.continuation = number
	}
}

func (p *packer) stage(piece []byte) {
	p.staged = append(p.staged, piece...)
	p.lens = append(p.lens, uint16(len(piece)))
}

// close queues the frame being filled. fragmented is the number under which its
// last piece goes on, or 0.
func (p *packer) close(fragmented uint8) {
	b := p.pool.get(p.head + p.mtu)[:p.head]
	b = wire.AppendFrameHeader(b, fragmented, p.continuation, p.lens)
	b = append(b, p.staged...)
	p.queue = append(p.queue, b)
	p.staged, p.lens, p.continuation = p.staged[:0], p.lens[:0], 0
}

// flush queues the frame being filled if there is anything in it.
func (p *packer) flush() {
	if len(p.lens) > 0 {
		p.close(0)
	}
}

// take removes the oldest frame.
func (p *packer) take() []byte {
	b := p.queue[p.first]
	p.queue[p.first] = nil
	p.first++
	if p.first == len(p.queue) {
		p.queue, p.first = p.queue[:0], 0
	} else if p.first >= 1024 {
		n := copy(p.queue, p.queue[p.first:])
		clear(p.queue[n:])
		p.queue, p.first = p.queue[:n], 0
	}
	return b
}

// prepend moves the frames of other in front of those of p. Both were flushed.
func (p *packer) prepend(other *packer) {
	frames := make([][]byte, 0, other.waiting()+p.waiting())
	frames = append(frames, other.queue[other.first:]...)
	p.queue, p.first = append(frames, p.queue[p.first:]...), 0
	other.queue, other.first = nil, 0
}

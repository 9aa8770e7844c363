package ipc

import "sync/atomic"

// A Budget bounds the bytes that wait for the clients of several servers
// together. When there are more than Bytes, a client for which more than Each
// wait is disconnected instead of getting another: the slowest pay, and those
// who are but a little behind do not. nil is without bound.
type Budget struct {
	Bytes, Each int

	used atomic.Int64
}

// Used is how many bytes wait now.
func (b *Budget) Used() int {
	if b == nil {
		return 0
	}
	return int(b.used.Load())
}

// allows reports whether a client that would have so many bytes waiting, size of
// them new, may have them.
func (b *Budget) allows(waiting, size int) bool {
	return b == nil || waiting <= b.Each || b.used.Load()+int64(size) <= int64(b.Bytes)
}

func (b *Budget) take(n int) {
	if b != nil {
		b.used.Add(int64(n))
	}
}

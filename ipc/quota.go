package ipc

import "sync"

// A Quota bounds what the clients of one user may hold of several servers
// together, so that nobody takes the file table or the memory from all others.
// root has no bound, and nil is without.
type Quota struct {
	Conns int // connections
	Bytes int // of channels

	mu    sync.Mutex
	users map[uint32]usage
}

type usage struct{ conns, bytes int }

// change applies f to what a user has, if f says so.
func (q *Quota) change(uid uint32, f func(u *usage) bool) bool {
	if q == nil {
		return true
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	u := q.users[uid]
	if !f(&u) {
		return false
	}
	if q.users == nil {
		q.users = make(map[uint32]usage)
	}
	q.users[uid] = u
	if u == (usage{}) {
		delete(q.users, uid)
	}
	return true
}

func (q *Quota) connect(uid uint32) bool {
	return q.change(uid, func(u *usage) bool { u.conns++; return u.conns <= q.Conns })
}

func (q *Quota) disconnect(uid uint32) {
	q.change(uid, func(u *usage) bool { u.conns--; return true })
}

// take gives a user n bytes, or takes them back.
func (q *Quota) take(uid uint32, n int) bool {
	return q.change(uid, func(u *usage) bool { u.bytes += n; return n < 0 || u.bytes <= q.Bytes })
}

func (q *Quota) conns(uid uint32) (n int) {
	q.change(uid, func(u *usage) bool { n = u.conns; return false })
	return n
}

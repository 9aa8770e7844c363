package node

import (
	"slices"
	"time"

	"github.com/gocorosync/gocorosync/service"
	"github.com/gocorosync/gocorosync/totem"
)

// turn runs f in the loop and then does what follows from it: events for the
// ring, and notifications of changed keys.
func (n *Node) turn(f func()) {
	n.now = n.loop.Now()
	f()
	n.settle()
}

// settle hands the ring what the services gave back, as far as it has room, and
// tells trackers what changed.
func (n *Node) settle() {
	n.endEnough()
	n.notify()
	n.flush()
	n.setFlow()
	n.showView()
}

// flush posts events to the ring in order. What there is no room for stays,
// except that the traffic of a synchronisation does not wait for the rest.
func (n *Node) flush() {
	if len(n.toRing) == 0 {
		return
	}
	m := n.loop.Machine()
	room, syncRoom := m.Room(), m.SyncRoom()
	kept := n.toRing[:0]
	n.held, n.refused = 0, 0
	for _, ev := range n.toRing {
		if s, ok := ev.(totem.Submit); ok {
			have := &room
			if s.Sync {
				have = &syncRoom
			}
			if *have < len(s.Data) {
				*have = 0 // nothing of the same kind may overtake it
				kept = append(kept, ev)
				n.held += len(s.Data)
				continue
			}
			*have -= len(s.Data)
		}
		n.loop.Post(ev)
	}
	clear(n.toRing[len(kept):])
	n.toRing = kept
}

// busy reports whether requests that need room on the ring must wait. What
// waits for the ring itself counts as if it were there already.
func (n *Node) busy(size int) bool {
	return n.svc.Syncing() || !n.synced || n.loop.Machine().Room() < size+n.held
}

// setFlow tells clients whether multicasts may be sent now.
func (n *Node) setFlow() {
	syncing := n.svc.Syncing()
	if !syncing && !n.flowing && len(n.waiting) == 0 {
		return
	}
	n.flowing = syncing || len(n.waiting) > 0
	for _, cl := range n.cpgClients {
		v := int32(0)
		if syncing || cl.waiting > 0 {
			v = 2
		}
		cl.c.SetFlow(v)
	}
}

// callbacks is the Node as the loop sees it: a [udp.App], [udp.RingWatcher] and
// udp.AddressWatcher. Its methods run on the loop's goroutine.
type callbacks struct{ n *Node }

// Save makes the ring sequence number durable.
func (c callbacks) Save(seq uint64) error {
	n := c.n
	if n.cfg.Volatile {
		return nil
	}
	if err := n.ringPath.save(seq); err != nil {
		n.log.Log(LevelCrit, TOTEM, "Couldn't store new ring id %x to stable storage: %s", seq, SysReason(err))
		return &Error{RingID, err}
	}
	n.log.Log(LevelDebug, MAIN, "Storing new sequence id for ring %x", seq)
	return nil
}

// Deliver hands a message from the ring to its service.
func (c callbacks) Deliver(d *totem.Deliver) {
	n := c.n
	n.now = n.loop.Now()
	n.feed(d)
}

// Members hands a change of membership to the services.
func (c callbacks) Members(m totem.Members) {
	n := c.n
	n.now = n.loop.Now()
	n.changedMembers(m)
	n.feed(m)
}

// Refused takes back a message that there was no room for after all.
func (c callbacks) Refused(r totem.Refused) {
	n := c.n
	if r.Err == totem.ErrTooLarge {
		n.log.Log(LevelWarning, MAIN, "message of %d bytes dropped: %v", len(r.Data), r.Err)
		return
	}
	data := append([]byte(nil), r.Data...)
	// Before what came later, behind what was refused before it.
	n.toRing = slices.Insert(n.toRing, n.refused, totem.Event(totem.Submit{Data: data, Sync: r.Sync}))
	n.refused++
	n.held += len(data)
}

// Tick is called after every step of the ring.
func (c callbacks) Tick(now time.Duration) {
	n := c.n
	n.now = now
	if at := n.svc.Next(); at >= 0 && at <= now {
		n.feed(service.Tick{})
	}
	if n.shutdown.by != nil && now >= n.shutdown.deadline {
		n.shutdownTimeout()
	}
	if n.leaveAt > 0 && now >= n.leaveAt {
		n.leaveAt = 0
		n.cancel(nil)
	}
	if len(n.waiting) > 0 || n.blocked || len(n.roomless) > 0 {
		n.retryWaiting()
	}
	if len(n.unread) > 0 && !n.hasRead {
		n.hasRead = true
		n.readOn()
	}
	if n.monitor != nil {
		n.monitor.Step(now)
	}
	if now-n.statsAt >= statsEvery && n.tracked() {
		n.publishStats()
	}
	n.settle()
}

// Flush sends clients the events of this turn of the loop.
func (c callbacks) Flush() {
	n := c.n
	n.flushClients()
	n.hasRead = false
}

// Next is when Tick must be called at the latest; negative for never.
func (c callbacks) Next() time.Duration {
	n := c.n
	next := n.svc.Next()
	sooner := func(at time.Duration) {
		if next < 0 || at < next {
			next = at
		}
	}
	if n.shutdown.by != nil {
		sooner(n.shutdown.deadline)
	}
	if n.leaveAt > 0 {
		sooner(n.leaveAt)
	}
	if n.canRead() {
		sooner(n.now)
	}
	if n.flushAt > 0 {
		sooner(n.flushAt)
	}
	if n.monitor != nil {
		if at := n.monitor.Next(); at >= 0 {
			sooner(at)
		}
	}
	if n.tracked() {
		sooner(n.statsAt + statsEvery)
	}
	return next
}

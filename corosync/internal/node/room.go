package node

import (
	"context"
	"slices"
)

// A roomWaiter is what a member wants to do once the ring has room for it.
type roomWaiter struct {
	size int
	f    func()
	done chan struct{} // closed when f has run
}

// withRoom runs f in the loop once the ring has room for size bytes and no
// membership is being formed, in the order of the calls. When it returns an error
// of ctx, f has not run and will not.
func (n *Node) withRoom(ctx context.Context, size int, f func()) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	var w *roomWaiter // nil if f has run at once
	if !n.Do(func() {
		if len(n.roomless) == 0 && !n.busy(size) {
			f()
			return
		}
		w = &roomWaiter{size: size, f: f, done: make(chan struct{})}
		n.roomless = append(n.roomless, w)
	}) {
		return ErrEnded
	}
	if w == nil {
		return nil
	}
	select {
	case <-w.done:
		return nil
	case <-n.done:
		return ErrEnded
	case <-ctx.Done():
	}
	waits := false
	n.Do(func() {
		if i := slices.Index(n.roomless, w); i >= 0 {
			n.roomless = slices.Delete(n.roomless, i, i+1)
			waits = true
		}
	})
	if !waits {
		select {
		case <-w.done:
			return nil
		case <-n.done:
			return ErrEnded
		}
	}
	return context.Cause(ctx)
}

// retryMembers does what waits for room, as far as there is some.
func (n *Node) retryMembers() {
	for len(n.roomless) > 0 && !n.busy(n.roomless[0].size) {
		w := n.roomless[0]
		n.roomless[0] = nil
		n.roomless = n.roomless[1:]
		w.f()
		close(w.done)
	}
}

package node

import "time"

// An outbox is what the loop knows of events that a client has not been given
// yet. They are in its [ipc.Conn].
type outbox struct {
	listed bool          // in Node.unflushed
	left   int           // events, when it was tried last
	retry  time.Duration // how long a loop that has nothing else to do waits with the next try
	at     time.Duration // when that is over
}

// A client that is only behind reads a full channel in less than the first of
// these. One that has stopped need not cost much.
const (
	firstRetry = time.Millisecond
	lastRetry  = 32 * time.Millisecond
)

// event sends the client an event when the turn is over, together with others.
func (cl *client) event(b []byte) {
	cl.c.Queue(b)
	cl.flushLater()
}

// eventCopy is event for bytes that change afterwards. The clients of one event
// share what has to be kept of it in *copied.
func (cl *client) eventCopy(b []byte, copied *[]byte) {
	cl.c.QueueCopy(b, copied)
	cl.flushLater()
}

func (cl *client) flushLater() {
	if !cl.out.listed {
		cl.out.listed = true
		cl.n.unflushed = append(cl.n.unflushed, cl)
	}
}

// flushClients sends the events of this turn, and what clients had no room for
// before: with every turn of the loop, and if there is none, after a while.
func (n *Node) flushClients() {
	n.flushAt = 0
	if len(n.unflushed) == 0 {
		return
	}
	now := n.loop.Now()
	kept := n.unflushed[:0]
	for _, cl := range n.unflushed {
		left, err := cl.c.Flush()
		out := &cl.out
		if err != nil || left == 0 {
			*out = outbox{}
			continue
		}
		switch {
		case out.left == 0 || left < out.left:
			out.retry, out.at = firstRetry, now+firstRetry
		case now >= out.at:
			out.retry = min(2*out.retry, lastRetry)
			out.at = now + out.retry
		}
		out.left = left
		if n.flushAt == 0 || out.at < n.flushAt {
			n.flushAt = out.at
		}
		kept = append(kept, cl)
	}
	clear(n.unflushed[len(kept):])
	n.unflushed = kept
}

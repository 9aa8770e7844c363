package corosync

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"sync/atomic"

	"github.com/gocorosync/gocorosync/corosync/internal/node"
	"github.com/gocorosync/gocorosync/totem"
)

// A Node is a running corosync node. Its methods may be called from any
// goroutine, also after its end.
type Node struct {
	n       *node.Node
	queue   int                      // of a group, in bytes
	changes chan struct{}            // is full while SetCluster is under way
	cluster *atomic.Pointer[Cluster] // in force
}

// Start starts a node. It does not wait for a ring: [Node.Views] and [Node.Join]
// do. For an address that another socket has it waits up to six seconds, as one
// that has just ended may have it still. The node runs until ctx ends, [Node.Stop] is called, or something makes it
// end.
//
// What is wrong with cfg is a [*ConfigError]; [ErrState] says that StateDir
// cannot be used.
func Start(ctx context.Context, cfg Config) (*Node, error) {
	cluster := new(atomic.Pointer[Cluster])
	nc, err := cfg.node(cluster)
	if err != nil {
		return nil, err
	}
	n, err := node.Load(nc)
	if err != nil {
		return nil, explain(err)
	}
	if t := n.Totem(); len(cfg.Key) > 0 && t.Cipher == "none" && t.Hash == "none" {
		return nil, &ConfigError{Text: "there is a key, but the configuration lets nothing be authenticated", Remedy: "leave out Config.Key, or switch secauth on in generation 2"}
	}
	if err := n.Start(ctx); err != nil {
		return nil, explain(err)
	}
	queue := cfg.QueueBytes
	if queue == 0 {
		queue = DefaultQueueBytes
	}
	return &Node{n: n, queue: queue, changes: make(chan struct{}, 1), cluster: cluster}, nil
}

// ID is the id of this node.
func (n *Node) ID() uint32 { return uint32(n.n.Self()) }

// Stop ends the node in good order: the other nodes hear of it at once. It waits
// for the end and returns [Node.Err].
func (n *Node) Stop() error {
	n.n.Leave()
	<-n.Done()
	return n.Err()
}

// Done is closed when the node has ended.
func (n *Node) Done() <-chan struct{} { return n.n.Done() }

// Err is nil while the node runs, and after an end in good order: by Stop, by the
// end of Start's context, or by corosync-cfgtool -H. Otherwise it says why the
// node has ended: [*KilledError], [ErrOldConfig], [ErrState], or an error of the
// system.
func (n *Node) Err() error {
	select {
	case <-n.Done():
	default:
		return nil
	}
	if err := n.n.Wait(); err != nil {
		return explain(err)
	}
	if why := n.n.Refusal(); why != nil {
		return fmt.Errorf("%w: %w", ErrOldConfig, why)
	}
	return nil
}

// stopped is what calls return that need a running node.
func (n *Node) stopped() error {
	if why := n.Err(); why != nil {
		return errors.Join(ErrStopped, why)
	}
	return ErrStopped
}

// A RingID names a ring; no two have the same. The zero value is none.
type RingID struct {
	Node uint32 // the representative
	Seq  uint64 // grows with each ring of a cluster
}

// String is the id as corosync's tools write it: both numbers in hexadecimal.
func (r RingID) String() string { return fmt.Sprintf("%x.%x", r.Node, r.Seq) }

// A View is what the nodes of a ring last agreed on. The zero value is that of a
// node that has not been on a ring yet.
type View struct {
	// Ring is the ring that they are on.
	Ring RingID
	// Members are the ids of the nodes that are on the ring, in ascending order.
	Members []uint32
	// Quorate says whether these nodes may act for the cluster.
	Quorate bool
}

func viewOf(v node.View) View {
	out := View{Ring: RingID{uint32(v.Ring.Rep), v.Ring.Seq}, Quorate: v.Quorate}
	for _, id := range slices.Sorted(slices.Values(v.Members)) {
		out.Members = append(out.Members, uint32(id))
	}
	return out
}

// SetCluster puts another description of the cluster in force: with other nodes,
// votes or another Token. The programs of all nodes have to call it, in any order.
// A node that is not in it any more is not on the ring of the others, at once.
//
// Name, Port, and NoQuorum stay, as does this node and, in generation 3, the address
// of a node. What cannot be is a [*ConfigError] and changes nothing; so is a call
// for a node that was not started with [Config.Cluster]. Other errors are
// [ErrStopped] and those of ctx, after which it is not known what is in force.
func (n *Node) SetCluster(ctx context.Context, c *Cluster) error {
	select {
	case n.changes <- struct{}{}:
		defer func() { <-n.changes }()
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	old := n.cluster.Load()
	if old == nil {
		return &ConfigError{Text: "the node was not started with a Cluster"}
	}
	if err := c.check(); err != nil {
		return err
	}
	if c.Name != old.Name || c.Port != old.Port || c.NoQuorum != old.NoQuorum {
		return &ConfigError{Text: "Name, Port and NoQuorum of a cluster cannot change while a node runs", Remedy: "stop it and start another"}
	}
	if !c.has(n.ID()) {
		return &ConfigError{Text: fmt.Sprintf("node %d cannot be taken out of the cluster by itself", n.ID()), Remedy: "stop it"}
	}
	n.cluster.Store(c.clone())
	err := n.n.Reload(ctx)
	switch {
	case err == nil:
		return nil
	case errors.Is(err, node.ErrEnded):
		return n.stopped()
	case ctx.Err() != nil:
		return err
	}
	n.cluster.Store(old)
	return &ConfigError{Text: err.Error(), err: err}
}

// View is what the nodes last agreed on. While a ring is formed, and after the
// end, that is the view before; a lost quorum is told at once.
func (n *Node) View() View {
	v, _ := n.n.View()
	return viewOf(v)
}

// Members are the ids of the nodes on the ring, those of [Node.View].
func (n *Node) Members() []uint32 { return n.View().Members }

// Quorate says whether this part of the cluster may act, as [Node.View] does.
func (n *Node) Quorate() bool { return n.View().Quorate }

// Ring is the id of the ring, that of [Node.View].
func (n *Node) Ring() RingID { return n.View().Ring }

// Views are the view of now, once there is one, and each that follows, until ctx
// or the node ends. Who is busy with one when several follow gets the last.
func (n *Node) Views(ctx context.Context) iter.Seq[View] {
	return func(yield func(View) bool) {
		var none totem.RingID
		for {
			v, next := n.n.View()
			if v.Ring != none && !yield(viewOf(v)) {
				return
			}
			select {
			case <-next:
			case <-ctx.Done():
				return
			case <-n.Done():
				return
			}
		}
	}
}

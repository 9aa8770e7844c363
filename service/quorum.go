package service

import (
	"slices"
	"time"

	"github.com/gocorosync/gocorosync/totem"
)

// Quorum is the quorum service: it keeps what the provider (votequorum) last
// reported and tells when that changes. It sends nothing on the ring. Without a
// provider it is always quorate. Spec: services.md 8.
type Quorum struct {
	provider bool
	quorate  bool
	view     []totem.NodeID
	ring     totem.RingID

	members      []totem.NodeID // of the last synchronisation
	joined, left []totem.NodeID
	newRing      totem.RingID
	out          []Action
}

type (
	// QuorumReport is the event of the provider's judgement, and the action
	// that tells trackers. Changed tells whether Quorate differs from before.
	QuorumReport struct {
		Quorate, Changed bool
		Members          []totem.NodeID
		Ring             totem.RingID
	}
	// QuorumNodes is the action that tells trackers of model 1 who came and
	// went.
	QuorumNodes struct {
		Ring                  totem.RingID
		Members, Joined, Left []totem.NodeID
	}
	// QuorumSync is the action of a synchronisation's begin, for the log.
	QuorumSync struct{ Members, Joined, Left []totem.NodeID }
)

// NewQuorum returns the service; provider tells whether votequorum runs.
func NewQuorum(provider bool) *Quorum { return &Quorum{provider: provider, quorate: !provider} }

func (q *Quorum) ID() int             { return IDQuorum }
func (q *Quorum) Next() time.Duration { return -1 }

// State returns the last report.
func (q *Quorum) State() QuorumReport {
	return QuorumReport{Quorate: q.quorate, Members: slices.Clone(q.view), Ring: q.ring}
}

// Nodes returns the last QuorumNodes.
func (q *Quorum) Nodes() QuorumNodes {
	return QuorumNodes{Ring: q.newRing, Members: slices.Clone(q.members)}
}

// HasProvider reports whether anything decides about quorum.
func (q *Quorum) HasProvider() bool { return q.provider }

func (q *Quorum) Step(_ time.Duration, ev Event) []Action {
	q.out = q.out[:0]
	switch ev := ev.(type) {
	case QuorumReport:
		ev.Changed = ev.Quorate != q.quorate
		ev.Members = slices.Clone(ev.Members)
		q.quorate, q.view, q.ring = ev.Quorate, ev.Members, ev.Ring
		q.out = append(q.out, ev)
	case SyncInit:
		q.left, q.joined = nil, nil
		for _, id := range q.members {
			if !slices.Contains(ev.Transitional, id) || !slices.Contains(ev.Members, id) {
				q.left = append(q.left, id)
			}
		}
		for _, id := range ev.Members {
			if !slices.Contains(q.members, id) || slices.Contains(q.left, id) {
				q.joined = append(q.joined, id)
			}
		}
		q.members, q.newRing = slices.Clone(ev.Members), ev.Ring
		q.out = append(q.out, QuorumSync{q.members, q.joined, q.left})
	case SyncProcess:
		q.out = append(q.out, Processed{})
	case SyncActivate:
		q.out = append(q.out, QuorumNodes{q.newRing, slices.Clone(q.members), q.joined, q.left})
	}
	return q.out
}

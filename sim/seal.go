package sim

import (
	"math/rand/v2"

	"github.com/gocorosync/gocorosync/totem/wire"
)

// seal gives the node the outer layer of secauth. It outlives the daemon: it
// keeps nothing but the key.
func (n *Node) seal() {
	salt := rand.NewChaCha8([32]byte{byte(n.ID), byte(n.w.cfg.Seed), byte(n.w.cfg.Seed >> 8)})
	env, err := wire.NewEnvelope(n.w.cfg.Generation, "aes256", "sha1", n.w.cfg.Key, salt)
	if err != nil {
		n.w.Failf("node %d: %v", n.ID, err)
		return
	}
	n.env = env
}

// sealed is a message as it goes over the network. It is a copy.
func (n *Node) sealed(msg []byte) []byte {
	if n.env == nil {
		return append([]byte(nil), msg...)
	}
	b, err := n.env.Seal(nil, msg)
	if err != nil {
		n.w.Failf("node %d: %v", n.ID, err)
	}
	return b
}

// opened takes the outer layer off; ok is false if somebody has touched it.
func (n *Node) opened(f flight) (_ flight, ok bool) {
	if n.env == nil || f.data == nil {
		return f, true
	}
	msg, err := n.env.Open(f.data)
	if err != nil {
		n.w.refused++
		return f, false
	}
	f.data = append([]byte{}, msg...)
	return f, true
}

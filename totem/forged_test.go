package totem

import (
	"testing"
	"time"

	"github.com/gocorosync/gocorosync/totem/wire"
)

// TestOneForgedToken changes one token on its way, in a manner that no member
// can see. The ring must come back by itself, within some token timeouts.
func TestOneForgedToken(t *testing.T) {
	for _, tt := range []struct {
		name  string
		state state
		edit  func(*wire.Token)
	}{
		{"flag that nobody set", recovery, func(t *wire.Token) { t.RetransFlg = 1 }},
		{"messages that nobody sent, in recovery", recovery, func(t *wire.Token) { t.Seq += 1000 }},
		{"messages that nobody sent", operational, func(t *wire.Token) { t.Seq += 1000 }},
		{"aru of another member", operational, func(t *wire.Token) { t.Aru, t.AruAddr = t.Aru-3, 2 }},
	} {
		for _, g := range generations {
			c := newCluster(t, g, 3, Tunables{Token: time.Second})
			c.dirty = true
			forged := 0
			c.lost = func(_, to NodeID, b []byte) bool {
				d := wire.Decoder{Generation: g}
				msg, err := d.Decode(b)
				if tok, ok := msg.(*wire.Token); err == nil && ok && forged == 0 && c.nodes[to].state == tt.state && c.nodes[to].newMemb.len() == 3 && tok.TokenSeq > 3 {
					tt.edit(tok)
					copy(b, tok.Append(nil, g))
					forged++
				}
				return false
			}
			c.start(1, 2, 3)
			c.run(15 * time.Second)
			if forged != 1 {
				t.Fatalf("%s, %v: %d tokens forged", tt.name, g, forged)
			}
			for _, id := range c.ids() {
				if n := c.nodes[id]; n.state != operational || n.memb.len() != 3 || n.aru != n.lastSeq {
					t.Errorf("%s, %v: node %d is on a ring of %d, %v, aru %d of %d", tt.name, g, id, n.memb.len(), n.state, n.aru, n.lastSeq)
				}
			}
		}
	}
}

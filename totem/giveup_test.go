package totem

import (
	"testing"
	"time"
)

// TestGiveUp: a node that is told to forms the ring anew, with the same
// members, and counts it as a lost token; cleared counters start from there.
func TestGiveUp(t *testing.T) {
	for _, g := range generations {
		c := newCluster(t, g, 2, Tunables{Token: time.Second})
		c.start(1, 2)
		c.run(3 * time.Second)
		m := c.nodes[1].Machine
		ring := m.Ring()
		m.ClearStats()
		if s := m.Stats(); s.OperationalEntered != 0 || s.McastTx != 0 || s.OrfTokenRx != 0 {
			t.Errorf("%v: %+v after clearing", g, s)
		}
		c.step(1, GiveUp{})
		c.run(3 * time.Second)
		if m.State() != "operational" || m.Ring() == ring || len(m.memb.list) != 2 {
			t.Errorf("%v: %s on %v with %v, was on %v", g, m.State(), m.Ring(), m.memb.ids(), ring)
		}
		if s := m.Stats(); s.OperationalTokenLost != 1 || s.OperationalEntered == 0 {
			t.Errorf("%v: %d tokens lost, %d times operational", g, s.OperationalTokenLost, s.OperationalEntered)
		}
	}
}

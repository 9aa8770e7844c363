package attrd

import (
	"testing"

	"github.com/gocorosync/gocorosync/pacemakerd/peer"
	"github.com/gocorosync/gocorosync/pacemakerd/xml"
)

// TestAssertions: a state that must not be ends in an election, whose winner tells all.
func TestAssertions(t *testing.T) {
	for _, spoil := range []func(m *Machine){
		func(m *Machine) { m.bytes = -1 },
		func(m *Machine) { m.election.State, m.writer = peer.ElectionWon, "n2" },
	} {
		cache := peer.NewCache()
		cache.Get(1).Name = "n1"
		m := New(Config{Node: "n1", ID: 1, Writer: &peer.Writer{Version: "3.16.1", Now: func() int64 { return 1 }}, Cache: cache, Version: "3.16.1"})
		m.Delivered(1, "n2", xml.New("x", "task", "update", "attr_name", "a", "attr_host", "n1", "attr_value", "v"))
		want := m.bytes
		spoil(m)
		votes := 0
		for _, a := range m.PeersChanged(2, nil, nil) {
			if s, ok := a.(Send); ok && s.Vote {
				votes++
			}
		}
		if votes != 1 || m.bytes != want || m.broken() != "" {
			t.Errorf("%d votes, %d bytes, want %d; %s", votes, m.bytes, want, m.broken())
		}
	}
}

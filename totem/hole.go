package totem

import "time"

// On some paths packets above a size vanish without a word, although every
// interface takes them. The token and small messages get through, a large one
// never does, and nothing is delivered behind it: the ring stands, until a node
// gives itself up for it. So who sends a large message again and again in vain
// sends it in small IP packets from then on, which gets the ring going, and makes
// small frames of what is to come.

// narrowSizes are the IP packets tried, in bytes: what tunnels leave, and what
// every host must take.
var narrowSizes = [...]int{1280, 576}

const (
	// stubborn is how often a message is sent again before its size is
	// suspected. On a network that loses one packet in ten, one message in a
	// million gets there.
	stubborn = 6

	// stubbornTime is how long that takes at least: many rotations of the token
	// fit into the moment in which a full socket loses all packets.
	stubbornTime = 100 * time.Millisecond
)

// suspectSize notes that a message is sent again, and makes packets smaller if
// that was in vain too often.
func (m *Machine) suspectSize(s *slot) {
	if s.resent == 0 || s.resentIn != m.narrow {
		s.resent, s.resentAt, s.resentIn = 0, m.now, m.narrow
	}
	s.resent++
	datagram := len(s.buf) + m.cfg.Overhead + m.ipHeader()
	if s.resent > stubborn && m.now-s.resentAt >= stubbornTime {
		for _, size := range narrowSizes {
			if datagram > size && (m.narrow == 0 || size < m.narrow) {
				m.log.Warn("large messages do not get through: sending small packets until the configuration is reloaded",
					"ring", m.ring, "size", datagram, "resent", s.resent, "packets", size)
				m.setNarrow(size)
				s.resent, s.resentAt, s.resentIn = 1, m.now, m.narrow
				break
			}
		}
	}
	// An idle ring need not wait to see whether that helps.
	m.hopeful = m.hopeful || m.narrow > 0 && datagram > m.narrow && s.resent <= stubborn
}

// setNarrow makes frames that fit into IP packets of a size, also when they are
// sent again in a recovery; 0 is the configured size.
func (m *Machine) setNarrow(size int) {
	m.narrow = size
	mtu := m.mtu
	if size > 0 {
		mtu = min(mtu, size-m.ipHeader()-m.cfg.Overhead-2*m.normal.head)
	}
	for _, p := range []*packer{&m.normal, &m.sync} {
		p.resize(mtu)
	}
}

// widen goes back to the configured size, after a reload: somebody may have
// mended the network. To try by oneself now and then would stop the ring for
// some time whenever it still loses large packets.
func (m *Machine) widen() {
	if m.narrow > 0 {
		m.log.Info("large messages are tried again", "ring", m.ring)
		m.setNarrow(0)
	}
}

// ipHeader is what IP and UDP add to a datagram, in bytes.
func (m *Machine) ipHeader() int {
	for _, n := range m.cfg.Nodes {
		if n.ID == m.cfg.Self && n.Addrs[0].Unmap().Is6() {
			return 48
		}
	}
	return 28
}

//go:build interop

package integration

import (
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"
)

// mixedRings are rings of original and our daemons. The first node has the
// lowest id and address, so it is the representative of every ring that it is
// on.
var mixedRings = []string{
	"peer ours",
	"ours peer",
	"peer ours ours",
	"ours peer peer",
	"peer ours peer peer ours",
	"ours peer ours ours peer",
}

// TestMixedOrder lets clients on all nodes of a mixed ring send while nodes
// join, leave, crash, are cut off and return, and while the network loses
// frames; what they get must be what the ring promises.
func TestMixedOrder(t *testing.T) {
	peer := thePeer(t)
	total, rings := 0, 0
	for _, ring := range mixedRings {
		t.Run(strings.ReplaceAll(ring, " ", "-"), func(t *testing.T) {
			kinds := strings.Fields(ring)
			l := newLab(t, len(kinds))
			l.configure(peer.totem+" token: 1000\n token_coefficient: 200\n", "")
			m := &mixed{t: t, l: l, peer: peer, kinds: kinds, daemons: make([]*daemon, len(kinds)), talkers: talkers{t: t}}
			for _, step := range []struct {
				name string
				run  func()
			}{
				{"join", m.join}, {"order", m.order}, {"large", m.large}, {"loss", m.loss},
				{"leave", m.leave}, {"crash", m.crash}, {"partition", m.partition},
			} {
				begin := time.Now()
				step.run()
				t.Logf("%-9s %5.1f s, representative %s (%s)", step.name, time.Since(begin).Seconds(), m.rep, m.kindOf(m.rep))
				if t.Failed() {
					return
				}
			}
			sent, got := m.check()
			t.Logf("%d messages, got %d times", sent, got)
			total, rings = total+sent, rings+1
		})
	}
	t.Logf("%d messages in all", total)
	if want := rings * 100_000 / len(mixedRings); total < want {
		t.Errorf("%d messages, want %d", total, want)
	}
}

// mixed is one such ring.
type mixed struct {
	talkers
	t       *testing.T
	l       *lab
	peer    peer
	kinds   []string
	daemons []*daemon
	rep     string // name of the representative that was seen last
}

func (m *mixed) kindOf(name string) string {
	for i, h := range m.l.hosts {
		if h.name == name {
			return m.kinds[i]
		}
	}
	return "?"
}

// up starts the daemon of a host, and a talker.
func (m *mixed) up(i int) {
	m.t.Helper()
	h := m.l.hosts[i]
	if m.kinds[i] == "peer" {
		m.daemons[i] = m.peer.start(h)
	} else {
		m.daemons[i] = h.ours(m.peer.profile)
	}
	eventually(m.t, 30*time.Second, func() string {
		out, status := h.run([]string{"GOCOROSYNC_COMPAT=" + m.peer.profile}, m.l.our("corosync-cpgtool"))
		return says(out, status, 0)
	})
	m.start(h)
}

// ringOf waits for a ring of n with all living talkers and notes whose it is.
func (m *mixed) ringOf(n int, of ...*host) {
	m.t.Helper()
	m.rep = fmt.Sprintf("node%d", m.together(n, of...))
}

// some is a number of messages for each node, fewer where there are more.
func (m *mixed) some(all int) int { return all / len(m.kinds) }

// join starts the nodes, the last while the others send.
func (m *mixed) join() {
	last := len(m.kinds) - 1
	for i := range last {
		m.up(i)
	}
	m.send(m.some(2000), 16, 900)
	m.up(last)
	m.send(m.some(2000), 16, 900)
	m.settle(60 * time.Second)
	// A talker is told of rings only from when it is there.
	if n := m.live[0].rings; n == 0 {
		m.t.Errorf("%s was not told that a node joined", m.live[0].h.name)
	}
	m.rep = "node" + strings.Fields(m.live[0].ring() + " ?")[0]
	// The original's tools see the same from either kind of daemon.
	for i, h := range m.l.hosts {
		for _, c := range []struct{ command, want string }{
			{"corosync-quorumtool -s", fmt.Sprintf("Nodes:            %d", len(m.kinds))},
			{"corosync-cmapctl -g totem.cluster_name", "totem.cluster_name (str) = lab"},
			{"corosync-cpgtool", "talkers"},
		} {
			if out, _ := m.peer.tool(h, strings.Fields(c.command)...); !strings.Contains(out, c.want) {
				m.t.Errorf("%s (%s): %s: no %q in\n%s", h.name, m.kinds[i], c.command, c.want, out)
			}
		}
	}
}

// order sends many small messages from all nodes.
func (m *mixed) order() {
	m.send(m.some(11000), 16, 700)
	m.settle(60 * time.Second)
}

// large sends messages that need many frames, and more than one multicast.
func (m *mixed) large() {
	for _, size := range []int{1400, 9000, 65536, 300_000, 1<<20 - 1024, 1 << 20} {
		m.send(2, size, size)
	}
	m.settle(60 * time.Second)
}

// loss sends while a tenth of all frames is lost.
func (m *mixed) loss() {
	m.failing(m.l.Loss(10))
	m.send(m.some(1500), 16, 3000)
	m.send(1, 200_000, 200_000)
	m.settle(90 * time.Second)
	m.failing(m.l.Heal())
}

func (m *mixed) failing(err error) {
	m.t.Helper()
	if err != nil {
		m.t.Fatal(err)
	}
}

// leave ends nodes in good order, first the representative, then another, while
// the others send.
func (m *mixed) leave() { m.without(func(d *daemon) { d.stop() }) }

// crash kills them.
func (m *mixed) crash() {
	m.without(func(d *daemon) { d.signal(syscall.SIGKILL); <-d.done })
}

func (m *mixed) without(end func(*daemon)) {
	n := len(m.kinds)
	for _, i := range []int{0, n - 1} {
		m.send(m.some(1000), 16, 5000)
		end(m.daemons[i])
		m.lost(m.l.hosts[i])
		m.ringOf(n - 1)
		m.t.Logf("without %s: representative %s (%s)", m.l.hosts[i].name, m.rep, m.kindOf(m.rep))
		m.send(m.some(500), 16, 5000)
		m.settle(30 * time.Second)
		m.up(i)
		m.ringOf(n, m.l.hosts[(i+1)%n]) // the new talker came after the ring
		m.send(m.some(500), 16, 5000)
		m.settle(30 * time.Second)
	}
}

// partition cuts the ring in two, lets both parts send, and joins them.
func (m *mixed) partition() {
	n := len(m.kinds)
	a, b := m.l.hosts[:n/2], m.l.hosts[n/2:]
	plain := func(list []*host) (out []*hostOf) {
		for _, h := range list {
			out = append(out, h.Host)
		}
		return out
	}
	m.send(m.some(1000), 16, 5000)
	m.failing(m.l.Cut(plain(a), plain(b)))
	m.ringOf(n-n/2, b...)
	other := m.rep
	m.ringOf(n/2, a...)
	m.t.Logf("parts: representatives %s (%s) and %s (%s)", m.rep, m.kindOf(m.rep), other, m.kindOf(other))
	m.send(m.some(1000), 16, 5000)
	// Each part gets its own.
	eventually(m.t, 30*time.Second, func() string {
		for _, k := range m.live {
			k.mu.Lock()
			sent, heard := k.told, k.heard[k.life]
			k.mu.Unlock()
			if sent != heard {
				return fmt.Sprintf("%s has got %d of its own %d", k.h.name, heard, sent)
			}
		}
		return ""
	})
	m.failing(m.l.Heal())
	m.ringOf(n)
	m.send(m.some(1000), 16, 5000)
	m.settle(30 * time.Second)
}

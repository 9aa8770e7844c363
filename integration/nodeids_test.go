//go:build interop

package integration

import (
	"fmt"
	"net/netip"
	"regexp"
	"strings"
	"testing"
	"time"
)

// An idPair is two nodes of one ring whose nodelist names no ids, either of the
// original or ours; with a node that is not there, to be listed as the third.
type idPair struct {
	hosts []*host
	addrs []string // the third has one, too
	names []string
}

// idPairs makes of the hosts of a lab a pair for the original and one for ours,
// which know the addresses of their hosts from /etc/hosts only.
func idPairs(l *lab) (original, ours *idPair) {
	of := func(hosts []*host, third byte) *idPair {
		a := netip.MustParseAddr(hosts[0].addr).As4()
		a[3] = third
		p := &idPair{hosts: hosts, addrs: []string{hosts[0].addr, hosts[1].addr, netip.AddrFrom4(a).String()},
			names: []string{hosts[0].name, hosts[1].name, fmt.Sprint("absent", third)}}
		known := "127.0.0.1 localhost\n"
		for i, addr := range p.addrs {
			known += addr + " " + p.names[i] + "\n"
		}
		for _, h := range hosts {
			h.write("/etc/hosts", known)
			h.write("/etc/resolv.conf", "")
		}
		return p
	}
	return of(l.hosts[:2], 50), of(l.hosts[2:], 60)
}

// configure writes corosync.conf: ADDRn and HOSTn in nodes, which are keys with a
// blank between node and node, stand for address and name of the node n.
func (p *idPair) configure(totem string, nodes ...string) {
	if !strings.Contains(totem, "transport:") {
		totem += " transport: udpu\n"
	}
	text := "totem {\n version: 2\n cluster_name: " + p.names[2] + "\n" + totem + "}\nnodelist {\n"
	for _, n := range nodes {
		text += " node {\n" + n + " }\n"
	}
	text += "}\nquorum {\n provider: corosync_votequorum\n two_node: 1\n}\nlogging {\n to_syslog: no\n to_logfile: yes\n logfile: /var/log/corosync.log\n}\n"
	for i := range p.addrs {
		text = strings.NewReplacer(fmt.Sprint("ADDR", i), p.addrs[i], fmt.Sprint("HOST", i), p.names[i]).Replace(text)
	}
	for _, h := range p.hosts {
		h.write("/etc/corosync/corosync.conf", text)
	}
}

// await waits until both nodes are in the ring.
func (p *idPair) await(t *testing.T) {
	t.Helper()
	for _, h := range p.hosts {
		eventually(t, 30*time.Second, func() string {
			out, status := h.run(nil, real(t, "corosync-quorumtool"), "-s")
			return says(out, status, 0, "Quorate:          Yes", "Nodes:            2")
		})
	}
}

// group is a multicast address that comes from the name of the cluster.
var group = regexp.MustCompile(`239\.192\.\d+\.\d+`)

// general writes the same in place of what the nodes of a pair do not share with
// those of another one: names, addresses, and the ids that come from those.
func (p *idPair) general(text string) string {
	text = group.ReplaceAllString(text, "GROUP")
	for i := len(p.addrs) - 1; i >= 0; i-- {
		a := netip.MustParseAddr(p.addrs[i]).As4()
		id := uint32(a[0])<<24 | uint32(a[1])<<16 | uint32(a[2])<<8 | uint32(a[3])
		low := fmt.Sprint(id & 0x7fffffff)
		if id>>31 != 0 {
			text = strings.ReplaceAll(text, fmt.Sprint(id), fmt.Sprint("HIGH", i))
		}
		text = strings.NewReplacer(low, fmt.Sprint("ID", i), p.names[i], fmt.Sprint("HOST", i)).Replace(text)
		for _, end := range []string{"\n", " ", ")"} { // 10.88.0.5 is no part of 10.88.0.50
			text = strings.ReplaceAll(text, p.addrs[i]+end, fmt.Sprint("ADDR", i)+end)
		}
	}
	return text
}

// asks runs commands on the first node and returns what they say.
func (p *idPair) asks(lines ...string) string {
	var said strings.Builder
	for _, line := range lines {
		out, status := p.hosts[0].run(nil, "sh", "-c", line)
		fmt.Fprintf(&said, "%s\n%sexit status %d\n", line, out, status)
	}
	return p.general(said.String())
}

// ringLines are what the tools of corosync say of nodes, ids and links.
var ringLines = []string{
	"corosync-cmapctl nodelist.", "corosync-cmapctl runtime.members. | grep -v join_count", "corosync-cmapctl totem.",
	"corosync-cfgtool -s", "corosync-cfgtool -b -s", "corosync-cfgtool -n",
	"corosync-quorumtool -l", "corosync-quorumtool -li", "corosync-quorumtool -lp", "corosync-quorumtool -lH -on | tail -n +4 | cut -c24-",
	`for i in $(corosync-cmapctl -q nodelist. | awk 'length($0) > 8 && /^[0-9]*$/'); do corosync-cfgtool -a $i; done`,
}

// TestWithoutNodeIDs: a list of nodes that names no ids. The ids that the addresses
// make, the keys of the list, the links and the names by which pacemaker calls the
// nodes are those of the original, before and after a reload.
func TestWithoutNodeIDs(t *testing.T) {
	corosync, pacemakerd := real(t, "corosync"), real(t, "pacemakerd")
	for _, tt := range []struct {
		name    string
		profile string // of our corosync; el7 runs below both pacemakers
		nodes   []string
	}{
		{"named", "el9", []string{"ring0_addr: ADDR0\nname: db1.lab.example\n", "ring0_addr: ADDR1\nname: DB2\n"}},
		{"addresses", "el9", []string{"ring0_addr: ADDR0\n", "ring0_addr: ADDR1\n"}},
		{"host names", "el9", []string{"ring0_addr: HOST0\n", "ring0_addr: HOST1\n"}},
		{"one id", "el9", []string{"ring0_addr: ADDR0\nname: one\nnodeid: 7\n", "ring0_addr: ADDR1\nname: two\n"}},
		{"named, corosync 2", "el7", []string{"ring0_addr: ADDR0\nname: db1.lab.example\n", "ring0_addr: ADDR1\nname: DB2\n"}},
		{"second id, corosync 2", "el7", []string{"ring0_addr: ADDR0\nname: one\n", "ring0_addr: ADDR1\nname: two\nnodeid: 7\n"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			l := newLab(t, 4)
			original, ours := idPairs(l)
			pairs := []*idPair{original, ours}
			for _, p := range pairs {
				totem := ""
				if tt.profile == "el7" {
					totem = " secauth: off\n"
				}
				p.configure(totem, tt.nodes...)
				for _, h := range p.hosts {
					if p == original && tt.profile == "el9" {
						h.start(nil, corosync, "-f")
					} else {
						h.ours(tt.profile)
					}
				}
			}
			for _, p := range pairs {
				p.await(t)
				for _, h := range p.hosts {
					if p == original {
						h.start(nil, pacemakerd, "-f")
					} else {
						h.start([]string{"GOCOROSYNC_COMPAT=el9"}, l.our("pacemakerd"))
					}
				}
			}
			said := make([]string, 2)
			for i, p := range pairs {
				eventually(t, 90*time.Second, func() string {
					out, status := p.hosts[0].run(nil, "crm_mon", "-1")
					if strings.Contains(out, "pending") {
						return out
					}
					return says(out, status, 0, "2 nodes configured", "Online: [", "(version")
				})
				lines := []string{"crm_node -l", "crm_node -n", "crm_node -i", "crm_node -p", "cibadmin -Q -o nodes | sort", "cibadmin -Q -o status | grep -o '<node_state id=.[0-9]*. uname=[^ ]*' | sort",
					"crm_mon -1 | grep Online"}
				said[i] += p.asks(lines...)
				said[i] += p.asks("corosync-cfgtool -R")
				time.Sleep(time.Second)
				said[i] += p.asks(append(lines, "corosync-cmapctl nodelist.", "corosync-cfgtool -s", "corosync-quorumtool -l")...)
			}
			if said[0] != said[1] {
				t.Errorf("original:\n%s\nours:\n%s", said[0], said[1])
			}
		})
	}
}

// TestNodeIDKeys: what corosync shows of a nodelist without ids, at the start and
// after reloads that change it, is what the original shows, and trackers of cmap
// hear of it in the same order.
func TestNodeIDKeys(t *testing.T) {
	corosync := real(t, "corosync")
	named := []string{"ring0_addr: ADDR0\nname: one\n", "ring0_addr: ADDR1\nname: two\n", "ring0_addr: ADDR2\nname: three\n"}
	with := func(keys ...string) (list []string) {
		for i, k := range keys {
			list = append(list, named[i]+k)
		}
		return list
	}
	type step struct {
		totem string
		nodes []string
	}
	const clear = " clear_node_high_bit: yes\n"
	for _, tt := range []struct {
		name  string
		net   string
		steps []step // the first is the start
	}{
		{"named", "10.88.0.", []step{{"", named[:2]}, {"", named[:2]}, {"", named}, {"", named[:2]}}},
		{"host names", "10.88.0.", []step{{"", []string{"ring0_addr: HOST0\nname: one\n", "ring0_addr: HOST1\nname: two\n"}}, {"", []string{"ring0_addr: HOST0\nname: uno\n", "ring0_addr: HOST1\nname: due\n"}}}},
		{"some ids", "10.88.0.", []step{{"", with("nodeid: 7\n", "")}, {"", with("nodeid: 7\n", "", "nodeid: 9\n")}}},
		{"zero", "10.88.0.", []step{{"", with("nodeid: 0\n", "nodeid: 0\n")}, {"", with("nodeid: 0\n", "nodeid: 0\n")}}},
		{"multicast", "10.88.0.", []step{{" transport: udp\n", named[:2]}, {" transport: udp\n", named}}},
		{"read-only", "10.88.0.", []step{{clear + " threads: 2\n netmtu: 1400\n", named[:2]}, {" threads: 3\n ip_version: ipv4\n", named[:2]}, {"", named[:2]}, {" threads: 2\n", named[:2]}}},
		{"high", "192.168.88.", []step{{"", named[:2]}, {clear, named[:2]}, {clear, named}, {"", named[:2]}}},
		{"high bit cleared", "192.168.88.", []step{{clear, named[:2]}, {clear, named}, {"", named[:2]}, {"", named}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var hosts [][2]string
			for i := range 4 {
				hosts = append(hosts, [2]string{fmt.Sprint("node", i+1), fmt.Sprint(tt.net, i+1)})
			}
			l := newLabOf(t, hosts)
			original, ours := idPairs(l)
			pairs := []*idPair{original, ours}
			said := make([]string, 2)
			for n, s := range tt.steps {
				for i, p := range pairs {
					p.configure(s.totem, s.nodes...)
					if n > 0 {
						said[i] += p.asks(`{ sleep 0.5; corosync-cfgtool -R >&2; sleep 1; echo q; } | timeout 20 corosync-cmapctl -T nodelist. -T config. -T totem.`,
							"grep -o 'Modified entry.*' /var/log/corosync.log | sort")
						continue
					}
					for _, h := range p.hosts {
						if p == original {
							h.start(nil, corosync, "-f")
						} else {
							h.ours("el9")
						}
					}
				}
				for i, p := range pairs {
					p.await(t)
					said[i] += fmt.Sprintf("== step %d\n", n) + p.asks(ringLines...)
				}
			}
			if said[0] != said[1] {
				t.Errorf("original:\n%s\nours:\n%s", said[0], said[1])
			}
		})
	}
}

// TestMixedRingWithoutNodeIDs: the original and ours in one ring whose nodelist
// names no ids. Both say the same of it, also where the original reads each node
// twice: that is when a node has an address only.
func TestMixedRingWithoutNodeIDs(t *testing.T) {
	corosync := real(t, "corosync")
	for name, nodes := range map[string][]string{
		"addresses":  {"ring0_addr: ADDR0\n", "ring0_addr: ADDR1\n"},
		"host names": {"ring0_addr: HOST0\n", "ring0_addr: HOST1\n"},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLab(t, 4)
			p, _ := idPairs(l)
			p.configure("", nodes...)
			p.hosts[0].start(nil, corosync, "-f")
			p.hosts[1].ours("el9")
			p.await(t)
			said := make([]string, 2)
			for i, h := range p.hosts {
				one := &idPair{[]*host{h}, p.addrs, p.names}
				said[i] = one.asks("corosync-cmapctl nodelist. | grep -v local_node_pos", "corosync-cfgtool -s | sed -e /addr/d -e /Local/d -e s/localhost/connected/", "corosync-quorumtool -l | sed 's/ (local)//'")
			}
			if said[0] != said[1] {
				t.Errorf("original:\n%s\nours:\n%s", said[0], said[1])
			}
		})
	}
}

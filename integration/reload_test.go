//go:build interop

package integration

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// quorumView is what quorumtool says of a host's ring in short: nodes, whether it
// is quorate, and the votes that are expected.
func quorumView(h *host, profile string) string {
	out, _ := h.run([]string{"GOCOROSYNC_COMPAT=" + profile}, h.l.our("corosync-quorumtool"), "-s")
	var words []string
	for line := range strings.Lines(out) {
		for _, key := range []string{"Nodes:", "Quorate:", "Expected votes:"} {
			if rest, ok := strings.CutPrefix(line, key); ok {
				words = append(words, strings.TrimSpace(rest))
			}
		}
	}
	return strings.Join(words, " ")
}

// TestReloadRemoves takes a node that runs out of the list of nodes by a reload,
// and in again: the representative and the last one, with the new file on all
// hosts and on the others only, with ours and with the original. The others form
// a ring of two and expect two votes. (The removed node is alone; the original
// may hang in gather there and show its last ring.)
func TestReloadRemoves(t *testing.T) {
	for _, tt := range []struct {
		profile string // of ours, "" for the original
		gone    int    // index of who goes
		all     bool   // its own file changes too
	}{
		{"el9", 2, true}, {"el9", 0, false}, {"el7", 0, true}, {"el7", 2, false}, {"", 2, false},
	} {
		name := tt.profile
		if name == "" {
			name = "original"
		}
		t.Run(fmt.Sprintf("%s %d %v", name, tt.gone+1, tt.all), func(t *testing.T) {
			l := newLab(t, 3)
			const timers = " secauth: off\n token: 1000\n"
			l.configure(timers, "")
			profile, start := tt.profile, func(h *host) { h.ours(tt.profile) }
			if tt.profile == "" {
				p := thePeer(t)
				profile, start = p.profile, func(h *host) { p.start(h) }
			}
			for _, h := range l.hosts {
				start(h)
			}
			await := func(d time.Duration, view string, hosts ...*host) {
				t.Helper()
				for _, h := range hosts {
					eventually(t, d, func() string {
						if got := quorumView(h, profile); got != view {
							return fmt.Sprintf("%s shows %q, want %q", h.name, got, view)
						}
						return ""
					})
				}
			}
			await(20*time.Second, "3 Yes 3", l.hosts...)
			gone := l.hosts[tt.gone]
			var rest []*host
			for _, h := range l.hosts {
				if h != gone {
					rest = append(rest, h)
				}
			}
			reload := func(nodes []*host, on []*host) {
				t.Helper()
				for _, h := range on {
					h.write("/etc/corosync/corosync.conf", l.conf(timers, "", nodes))
				}
				out, status := rest[0].run([]string{"GOCOROSYNC_COMPAT=" + profile}, l.our("corosync-cfgtool"), "-R")
				if why := says(out, status, 0, "Done"); why != "" {
					t.Error(why)
				}
			}
			on := rest
			if tt.all {
				on = l.hosts
			}
			reload(rest, on)
			await(10*time.Second, "2 Yes 2", rest...)
			if tt.profile != "" {
				expected := "3" // what its file says, where it takes it
				if tt.all && profile == "el7" {
					expected = "2"
				}
				await(10*time.Second, "1 No "+expected, gone)
			}
			if tt.all {
				return
			}
			reload(l.hosts, l.hosts)
			await(15*time.Second, "3 Yes 3", l.hosts...)
		})
	}
}

// TestReloadName reloads while the name of a node does not resolve on the host
// that asks for it. The tool says that nothing came of it, the log says why, the
// ring stays, and the next reload works.
func TestReloadName(t *testing.T) {
	const profile = "el7" // el9 has a test of package corosync
	l := newLab(t, 3)
	var names strings.Builder
	names.WriteString("127.0.0.1 localhost\n")
	for _, h := range l.hosts {
		fmt.Fprintf(&names, "%s %s\n", h.addr, h.name)
	}
	conf := l.conf(" secauth: off\n token: 1000\n", "", l.hosts)
	for _, h := range l.hosts {
		conf = strings.ReplaceAll(conf, "ring0_addr: "+h.addr+"\n", "ring0_addr: "+h.name+"\n")
	}
	for _, h := range l.hosts {
		h.write("/etc/hosts", names.String())
		h.write("/etc/resolv.conf", "")
		h.write("/etc/corosync/corosync.conf", conf)
		h.ours(profile)
	}
	view := func(h *host) string {
		out, _ := h.run([]string{"GOCOROSYNC_COMPAT=" + profile}, l.our("corosync-quorumtool"), "-s")
		return out[max(strings.Index(out, "Ring ID:"), 0):]
	}
	for _, h := range l.hosts {
		eventually(t, 20*time.Second, quorate(h, profile, "3"))
	}
	h := l.hosts[0]
	before := view(h)
	h.write("/etc/hosts", strings.ReplaceAll(names.String(), l.hosts[2].addr+" node3\n", ""))
	reload := func() (string, int) {
		return h.run([]string{"GOCOROSYNC_COMPAT=" + profile}, l.our("corosync-cfgtool"), "-R")
	}
	eventually(t, 8*time.Second, func() string { // the resolver keeps what it has read for some seconds
		out, status := reload()
		return says(out, status, 2, "Could not reload configuration. Error CS_ERR_LIBRARY")
	})
	if log, _ := h.run(nil, "cat", "/var/log/corosync.log"); !strings.Contains(log, "address") || !strings.Contains(log, "'node3'") {
		t.Errorf("the log does not say which name: %s", log)
	}
	time.Sleep(2 * time.Second) // longer than the token timeout
	if after := view(h); after != before {
		t.Errorf("the ring has changed:\n%s\n%s", before, after)
	}
	h.write("/etc/hosts", names.String())
	eventually(t, 8*time.Second, func() string {
		out, status := reload()
		return says(out, status, 0, "Done")
	})
	if after := view(h); after != before {
		t.Errorf("the ring has changed:\n%s\n%s", before, after)
	}
}

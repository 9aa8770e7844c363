//go:build interop

package integration

import (
	"fmt"
	"maps"
	"net"
	"os"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// traps prints the SNMP messages that come to a port of this host, without
// their numbers and times.
func traps(port int) error {
	l, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: port})
	if err != nil {
		return err
	}
	fmt.Println("listening")
	for b := make([]byte, 1500); ; {
		n, err := l.Read(b)
		if err != nil {
			return err
		}
		fmt.Println(trapChanging.ReplaceAllString(fmt.Sprintf("%x", b[:n]), ""))
	}
}

// trapChanging is what differs from one message to the next: its length, its
// number, which may have a byte less, and the time.
var trapChanging = regexp.MustCompile(`^3081..|a7(81)?..020[1-4].{2,8}?02010002010030(81)?..|43046.{7}`)

// TestSignals: the traps and the signals of the original corosync-notifyd and
// of ours on our daemon are the same.
func TestSignals(t *testing.T) {
	original := real(t, "corosync-notifyd")
	real(t, "dbus-daemon")
	real(t, "dbus-monitor")
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	l := newLab(t, 2)
	l.configure(" token: 1000\n", "")
	h := l.hosts[0]
	first := h.ours("el9")
	env := []string{"GOCOROSYNC_COMPAT=el9"}
	eventually(t, 20*time.Second, func() string {
		out, status := h.run(nil, real(t, "corosync-quorumtool"), "-s")
		return says(out, status, 2, "Nodes:            1")
	})
	l.must(h, "mkdir -p /run/dbus; dbus-daemon --system --fork --nopidfile")
	monitor := h.start(nil, "dbus-monitor", "--system", "type='signal',interface='org.corosync'")
	programs := []string{original, l.our("corosync-notifyd")}
	var managers, senders []*daemon
	for i := range programs {
		m := h.start([]string{fmt.Sprintf("%s=traps %d", helperEnv, 9162+i)}, exe)
		eventually(t, 5*time.Second, func() string { return says(m.out.String(), 0, 0, "listening") })
		managers = append(managers, m)
	}
	eventually(t, 5*time.Second, func() string { return says(monitor.out.String(), 0, 0, "NameAcquired") })
	for i, p := range programs {
		d := h.start(env, p, "-f", "-n", "-d", "-s", "-c", "secret", "-m", fmt.Sprintf("127.0.0.1:%d", 9162+i))
		senders = append(senders, d)
	}
	seen := func(n int, what string) {
		t.Helper()
		eventually(t, 20*time.Second, func() string {
			h.run(nil, real(t, "corosync-cpgtool"))
			for _, m := range managers {
				if got := strings.Count(m.out.String(), fmt.Sprintf("%x", what)); got < n {
					return fmt.Sprintf("%d traps with %q:\n%s", got, what, m.out.String())
				}
			}
			return ""
		})
	}
	bus := func() map[string][]string { return signals(monitor.out.String()) }
	// Both watch from here on.
	eventually(t, 20*time.Second, func() string {
		h.run(nil, real(t, "corosync-cpgtool"))
		if len(bus()) < 2 {
			return "on the bus:\n" + monitor.out.String()
		}
		return ""
	})
	second := l.hosts[1].ours("el9")
	seen(1, "joined")
	seen(1, "quorate")
	second.signal(syscall.SIGKILL)
	seen(1, "left")
	seen(1, "not quorate")
	l.hosts[1].ours("el9")
	seen(2, "joined")
	seen(3, "quorate") // of which one is "not quorate"
	if status := first.stop(); status != 0 {
		t.Errorf("exit status %d", status)
	}
	for _, d := range senders {
		<-d.done
	}
	// What comes from quorum and what comes from cmap may change places.
	lines := func(d *daemon) string {
		return strings.Join(slices.Sorted(strings.Lines(d.out.String())), "")
	}
	if theirs, ours := lines(managers[0]), lines(managers[1]); theirs != ours {
		t.Errorf("traps, ours:\n%s\nand the original's:\n%s", ours, theirs)
	}
	var sent [][]string
	all := slices.Collect(maps.Values(bus()))
	for i, list := range all {
		// Of the clients only what both have seen: they began to watch one after
		// the other.
		list = slices.DeleteFunc(slices.Clone(list), func(s string) bool {
			return strings.Contains(s, "Connection") && !slices.Contains(all[(i+1)%len(all)], s)
		})
		slices.Sort(list)
		sent = append(sent, list)
	}
	t.Logf("%d traps, %d signals", strings.Count(managers[1].out.String(), "\n")-1, len(sent[0]))
	if len(sent) != 2 || len(sent[0]) < 10 || !slices.Equal(sent[0], sent[1]) {
		t.Errorf("signals: %d senders\n%s", len(sent), strings.Join(slices.Concat(sent...), "\n"))
	}
}

// signals are those that dbus-monitor saw, by sender.
func signals(out string) map[string][]string {
	m := make(map[string][]string)
	sender := ""
	for line := range strings.Lines(out) {
		if s := signalLine.FindStringSubmatch(line); s != nil {
			sender = ""
			if strings.HasPrefix(s[2], "/org/corosync") {
				sender = s[1]
				m[sender] = append(m[sender], s[2])
			}
		} else if list := m[sender]; sender != "" && strings.HasPrefix(line, "   ") {
			list[len(list)-1] += " " + strings.TrimSpace(line)
		} else {
			sender = ""
		}
	}
	for s, list := range m {
		m[s] = slices.DeleteFunc(list, func(s string) bool { return strings.Contains(s, "corosync-notify") })
	}
	return m
}

var signalLine = regexp.MustCompile(`^signal .* sender=(\S+) .* path=(.*)`)

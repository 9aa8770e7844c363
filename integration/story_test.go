//go:build interop

package integration

import (
	"fmt"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
)

// A story is a cluster of corosync 3's daemons, then one of ours, to which the
// same things happen. What the original tools say on each node is recorded with
// the first and must come out equal with the second.
type story struct {
	t        *testing.T
	l        *lab
	nodes    []*host
	corosync func(*host) *daemon
	running  map[*host]*daemon

	first bool
	said  []record
}

type record struct{ when, text string }

// tell runs what happens with both kinds of daemon. extra are hosts that are no
// nodes of the cluster.
func tell(t *testing.T, nodes, extra int, totem, quorum string, happens func(*story)) {
	t.Helper()
	var said []record
	original := real(t, "corosync")
	for _, kind := range []string{"corosync 3", "ours"} {
		ok := t.Run(kind, func(t *testing.T) {
			l := newLab(t, nodes+extra)
			all := l.hosts
			l.hosts = all[:nodes]
			l.configure(totem, quorum)
			s := &story{t: t, l: l, nodes: all[:nodes], running: make(map[*host]*daemon), first: kind != "ours", said: said}
			l.hosts = all
			s.corosync = func(h *host) *daemon { return h.ours("el9") }
			if s.first {
				s.corosync = func(h *host) *daemon { return h.start(nil, original, "-f") }
			}
			happens(s)
			said = s.said
			if !s.first && len(said) != 0 {
				t.Errorf("%d records less than with corosync 3", len(said))
			}
		})
		if !ok {
			return
		}
	}
}

func (s *story) start(nodes ...int) {
	for _, n := range nodes {
		h := s.nodes[n-1]
		s.running[h] = s.corosync(h)
	}
}

// stop ends a node in good order.
func (s *story) stop(n int) {
	h := s.nodes[n-1]
	if status := s.running[h].stop(); status != 0 {
		s.t.Errorf("%s: exit status %d", h.name, status)
	}
	delete(s.running, h)
}

// kill ends a node as a crash does.
func (s *story) kill(n int) {
	h := s.nodes[n-1]
	d := s.running[h]
	d.signal(syscall.SIGKILL)
	<-d.done
	delete(s.running, h)
}

// apart cuts nodes off from each other; all of them still hear other hosts.
func (s *story) apart(nodes ...int) { s.isolate("on", nodes) }

func (s *story) together(nodes ...int) { s.isolate("off", nodes) }

func (s *story) isolate(how string, nodes []int) {
	for _, n := range nodes {
		s.l.must(s.l.sw, fmt.Sprintf("bridge link set dev p%d isolated %s", n-1, how))
	}
}

// split gives these nodes a switch of their own; join brings them back.
func (s *story) split(nodes ...int) {
	s.l.must(s.l.sw, "ip link show br1 >/dev/null 2>&1 || { ip link add br1 type bridge forward_delay 0; ip link set br1 up; }")
	s.plug("br1", nodes)
}

func (s *story) join(nodes ...int) { s.plug("br0", nodes) }

func (s *story) plug(into string, nodes []int) {
	for _, n := range nodes {
		s.l.must(s.l.sw, fmt.Sprintf("ip link set p%d master %s", n-1, into))
	}
}

// run runs one of the original tools on a node and records what it says.
func (s *story) run(n int, args ...string) {
	s.t.Helper()
	words := append([]string{real(s.t, args[0])}, args[1:]...)
	out, status := s.nodes[n-1].run(nil, words...)
	s.record(fmt.Sprintf("node %d: %s", n, strings.Join(args, " ")), fmt.Sprintf("exit status %d\n%s", status, out))
}

func (s *story) record(when, text string) {
	s.t.Helper()
	if s.first {
		s.said = append(s.said, record{when, text})
		return
	}
	if len(s.said) == 0 {
		s.t.Fatalf("%s: corosync 3 told less", when)
	}
	want := s.said[0]
	s.said = s.said[1:]
	if want.when != when || want.text != text {
		s.t.Errorf("%s:\n%s\nand with corosync 3: %s:\n%s", when, text, want.when, want.text)
	}
}

var storyChanges = []struct {
	re *regexp.Regexp
	by string
}{
	{regexp.MustCompile(`(?m)^Date: .*$`), "Date"},
	{regexp.MustCompile(`(?m)^(Ring ID: +[0-9a-f]+[/.]).*$`), "$1"},
}

// state waits until every running node has so many members (one number for all,
// or one for each node) and two looks a second apart are the same, and records
// them; with our daemons it waits until they are what was recorded.
func (s *story) state(when string, members ...int) {
	s.t.Helper()
	begin := time.Now()
	var before string
	var same time.Time
	eventually(s.t, 60*time.Second, func() string {
		text, ok := s.look(members)
		if s.first {
			if text != before || !ok {
				before, same = text, time.Now()
			}
			if !ok || time.Since(same) < time.Second {
				return when + ": does not settle:\n" + text
			}
			return ""
		}
		if len(s.said) == 0 {
			return "corosync 3 told less"
		}
		if want := s.said[0]; when != want.when || text != want.text {
			return when + ":\n" + text + "\nand with corosync 3:\n" + want.text
		}
		return ""
	})
	if s.first {
		s.said = append(s.said, record{when, before})
	} else {
		s.said = s.said[1:]
	}
	s.t.Logf("%s: %v", when, time.Since(begin).Round(10*time.Millisecond))
}

// look is what the tools say on each running node.
func (s *story) look(members []int) (text string, settled bool) {
	settled = true
	var b strings.Builder
	for i, h := range s.nodes {
		if s.running[h] == nil {
			continue
		}
		for _, args := range []string{"corosync-quorumtool -s", "corosync-quorumtool -l", "corosync-cmapctl runtime.votequorum", "corosync-cmapctl quorum."} {
			words := strings.Fields(args)
			words[0] = real(s.t, words[0])
			out, status := h.run(nil, words...)
			for _, c := range storyChanges {
				out = c.re.ReplaceAllString(out, c.by)
			}
			if words[1] == "-s" && !strings.Contains(out, fmt.Sprintf("Nodes:            %d\n", members[min(i, len(members)-1)])) {
				settled = false
			}
			fmt.Fprintf(&b, "%s: %s: exit status %d\n%s", h.name, args, status, out)
		}
	}
	return b.String(), settled
}

// kept checks that a node has not lost quorum since it first had it.
func (s *story) kept(n int) {
	s.t.Helper()
	out, _ := s.nodes[n-1].run(nil, "cat", "/var/log/corosync.log")
	_, since, had := strings.Cut(out, "within the primary component and will provide service")
	if !had || strings.Contains(since, "within the non-primary component") {
		s.t.Errorf("%s lost quorum, or never had it:\n%s", s.nodes[n-1].name, out)
	}
}

// log waits for a line in a node's log.
func (s *story) log(n int, want string) {
	s.t.Helper()
	eventually(s.t, 20*time.Second, func() string {
		out, _ := s.nodes[n-1].run(nil, "cat", "/var/log/corosync.log")
		return says(out, 0, 0, want)
	})
}

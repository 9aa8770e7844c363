//go:build interop

package integration

import (
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"
)

// A witness is a host that runs corosync-qnetd for nodes that run
// corosync-qdevice.
type witness struct {
	s       *story
	args    []string // of corosync-qnetd
	qnetd   *daemon
	devices map[int]*daemon
}

// deviceSection is what quorum needs for the witness.
func deviceSection(host, algorithm, tls string) string {
	return fmt.Sprintf(" device {\n  model: net\n  votes: 1\n  net {\n   host: %s\n   algorithm: %s\n   tls: %s\n   tie_breaker: lowest\n  }\n }\n", host, algorithm, tls)
}

func newWitness(s *story, args ...string) *witness {
	w := &witness{s: s, args: args, devices: make(map[int]*daemon)}
	w.start()
	return w
}

func (w *witness) host() *host { return w.s.l.hosts[len(w.s.nodes)] }

func (w *witness) start() {
	w.s.l.must(w.host(), "mkdir -p /run/corosync-qnetd")
	w.qnetd = w.host().start(nil, append([]string{real(w.s.t, "corosync-qnetd"), "-f"}, w.args...)...)
}

func (w *witness) attach(nodes ...int) {
	for _, n := range nodes {
		h := w.s.nodes[n-1]
		w.s.l.must(h, "mkdir -p /run/corosync-qdevice")
		eventually(w.s.t, 10*time.Second, func() string {
			out, status := h.run(nil, real(w.s.t, "corosync-quorumtool"), "-s")
			if strings.Contains(out, "Cannot initialize") {
				return fmt.Sprint(status, out)
			}
			return ""
		})
		w.devices[n] = h.start(nil, real(w.s.t, "corosync-qdevice"), "-f")
	}
}

// voting waits until the devices of these nodes have a vote, or have none.
func (w *witness) voting(vote string, nodes ...int) {
	w.s.t.Helper()
	for _, n := range nodes {
		h := w.s.nodes[n-1]
		eventually(w.s.t, 60*time.Second, func() string {
			out, status := h.run(nil, real(w.s.t, "corosync-quorumtool"), "-s")
			if !strings.Contains(out, vote) {
				return fmt.Sprintf("%s: no %q: exit status %d\n%s", h.name, vote, status, out)
			}
			return ""
		})
	}
}

func (w *witness) kill(n int) {
	d := w.devices[n]
	d.signal(syscall.SIGKILL)
	w.s.kill(n)
	<-d.done
	delete(w.devices, n)
}

// TestWitness: two nodes and corosync's own quorum device, whose server breaks
// the tie.
func TestWitness(t *testing.T) {
	real(t, "corosync-qdevice")
	real(t, "corosync-qnetd")
	if testing.Short() {
		t.Skip("takes minutes")
	}
	tell(t, 2, 1, "", deviceSection("10.88.0.3", "ffsplit", "off"), func(s *story) {
		w := newWitness(s, "-s", "off")
		s.start(1, 2)
		s.state("no device yet", 2)
		w.attach(1, 2)
		w.voting("A,V,NMW", 1, 2)
		s.state("all there", 2)

		w.kill(2)
		w.voting("A,V,NMW", 1)
		s.state("the second node died", 1)
		s.kept(1)

		s.start(2)
		w.attach(2)
		w.voting("A,V,NMW", 1, 2)
		s.state("it is back", 2)

		s.apart(1, 2)
		w.voting("A,V,NMW", 1)
		w.voting("A,NV,NMW", 2)
		s.state("they do not hear each other", 1)
		s.kept(1)

		s.together(1, 2)
		w.voting("A,V,NMW", 1, 2)
		s.state("they do again", 2)

		w.qnetd.signal(syscall.SIGKILL)
		<-w.qnetd.done
		w.voting("A,NV,NMW", 1, 2)
		s.state("the witness died", 2)

		w.kill(1)
		s.state("and the first node", 1)

		w.start()
		w.voting("A,V,NMW", 2)
		s.state("the witness is back", 1)

		s.stop(2)
	})
}

// TestWitnessTLS: the same with certificates made by corosync's own programs.
func TestWitnessTLS(t *testing.T) {
	for _, name := range []string{"corosync-qdevice", "corosync-qnetd", "corosync-qdevice-net-certutil", "corosync-qnetd-certutil", "certutil"} {
		real(t, name)
	}
	l := newLab(t, 3)
	all := l.hosts
	l.hosts = all[:2]
	l.configure("", deviceSection(all[2].addr, "lms", "required"))
	l.hosts = all
	s := &story{t: t, l: l, nodes: all[:2], running: make(map[*host]*daemon)}
	s.corosync = func(h *host) *daemon { return h.ours("el9") }

	dir := t.TempDir() // all hosts see it
	const server, node = "/etc/corosync/qnetd/nssdb", "/etc/corosync/qdevice/net/nssdb"
	l.must(all[2], "corosync-qnetd-certutil -i; cp "+server+"/qnetd-cacert.crt "+dir)
	l.must(all[0], "corosync-qdevice-net-certutil -i -c "+dir+"/qnetd-cacert.crt; corosync-qdevice-net-certutil -r -n lab; cp "+node+"/qdevice-net-node.crq "+dir)
	l.must(all[2], "corosync-qnetd-certutil -s -c "+dir+"/qdevice-net-node.crq -n lab; cp "+server+"/cluster-lab.crt "+dir)
	l.must(all[0], "corosync-qdevice-net-certutil -M -c "+dir+"/cluster-lab.crt; cp "+node+"/qdevice-net-node.p12 "+dir)
	l.must(all[1], "corosync-qdevice-net-certutil -i -c "+dir+"/qnetd-cacert.crt; corosync-qdevice-net-certutil -m -c "+dir+"/qdevice-net-node.p12")

	w := newWitness(s)
	s.start(1, 2)
	w.attach(1, 2)
	w.voting("A,V,NMW", 1, 2)
	out, status := all[0].run(nil, real(t, "corosync-qdevice-tool"), "-sv")
	if why := says(out, status, 0, "State:\t\t\tConnected", "TLS active:\t\tYes", "Algorithm:\t\tLMS"); why != "" {
		t.Error("corosync-qdevice-tool -sv: ", why)
	}
	out, status = all[2].run(nil, real(t, "corosync-qnetd-tool"), "-l")
	if why := says(out, status, 0, "Cluster \"lab\"", "Node ID 1", "Node ID 2"); why != "" {
		t.Error("corosync-qnetd-tool -l: ", why)
	}
	w.kill(2)
	eventually(t, 20*time.Second, quorate(all[0], "el9", "1"))
	s.kept(1)
}

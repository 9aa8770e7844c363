//go:build interop

package integration

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// A machine is a host on which systemd runs, with bus and journal.
type machine struct {
	*host
	pid int // of systemd
}

var machines atomic.Int32 // how many there were

const unitsDir = "/run/units"

// systemd boots systemd in a host; it knows the units in unitsDir.
func (h *host) systemd() *machine {
	t := h.l.t
	t.Helper()
	for _, p := range []string{"/lib/systemd/systemd", "/lib/systemd/systemd-journald", "/usr/bin/dbus-daemon", "/usr/bin/script"} {
		if _, err := os.Stat(p); err != nil {
			lacking(t, err.Error())
		}
	}
	script, err := filepath.Abs("systemd.sh")
	if err != nil {
		t.Fatal(err)
	}
	tree := "/sys/fs/cgroup/unified"
	if _, err := os.Stat(tree); err != nil {
		tree = "/sys/fs/cgroup"
	}
	group := filepath.Join(tree, fmt.Sprintf("gocorosync-lab-%d-%d", os.Getpid(), machines.Add(1)))
	m := &machine{host: h}
	t.Cleanup(func() {
		if m.pid != 0 {
			syscall.Kill(m.pid, syscall.SIGKILL) // and with it all below it
		}
		eventually(t, 10*time.Second, func() string { return emptied(group) })
	})
	d := h.start(nil, script, unitsDir, group)
	eventually(t, 20*time.Second, func() string {
		if m.pid = descendant(d.cmd.Process.Pid, "systemd"); m.pid == 0 {
			return "no systemd:\n" + d.out.String()
		}
		out, status := m.run("systemctl", "is-active", "lab.target")
		return says(out, status, 0)
	})
	return m
}

// descendant is the process below pid that has a name, or 0.
func descendant(pid int, name string) int {
	comm, _ := os.ReadFile(fmt.Sprintf("/proc/%d/comm", pid))
	if strings.TrimSpace(string(comm)) == name {
		return pid
	}
	kids, _ := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", pid, pid))
	for kid := range strings.FieldsSeq(string(kids)) {
		id, _ := strconv.Atoi(kid)
		if found := descendant(id, name); found != 0 {
			return found
		}
	}
	return 0
}

// run runs a command under the machine's systemd, though not as its child.
func (m *machine) run(args ...string) (string, int) {
	c := (&host{l: m.l}).command(context.Background(), nil, append([]string{"nsenter", "-t", strconv.Itoa(m.pid), "-m", "-p", "-C", "-u", "-i", "-n", "--wd=/", "--"}, args...)...)
	return ran(c)
}

// emptied removes a control group and those in it, whose processes are dying.
func emptied(group string) string {
	var groups []string
	filepath.WalkDir(group, func(path string, e fs.DirEntry, err error) error {
		if err == nil && e.IsDir() {
			groups = append(groups, path)
		}
		return nil
	})
	for _, g := range slices.Backward(groups) {
		if err := os.Remove(g); err != nil {
			return err.Error()
		}
	}
	return ""
}

// must runs a script that has to succeed.
func (m *machine) must(script string) string {
	m.l.t.Helper()
	out, status := m.run("sh", "-ec", script)
	if status != 0 {
		m.l.t.Fatalf("%s: %s: exit status %d\n%s", m.name, script, status, out)
	}
	return out
}

// TestSystemd tells the same story under systemd with corosync 3 and with ours
// in its place, under Debian's unit and under ours, and pacemaker on top: what
// systemd sees and what is logged are the same.
func TestSystemd(t *testing.T) {
	original, pacemakerd := real(t, "corosync"), real(t, "pacemakerd")
	real(t, "logrotate")
	const theirs, ours = "/lib/systemd/system/", "../dist/systemd/"
	kinds := []struct {
		name                 string
		ring, pcmk           bool // ours
		units                string
		states, log, journal []string
	}{
		{name: "corosync 3", units: theirs},
		{name: "ours in its place", ring: true, units: theirs},
		{name: "our units", ring: true, units: ours},
		{name: "our pacemaker too", ring: true, pcmk: true, units: ours},
	}
	t.Run("stories", func(t *testing.T) {
		for i := range kinds {
			k := &kinds[i]
			t.Run(k.name, func(t *testing.T) {
				t.Parallel()
				l := newLab(t, 1)
				l.configure(" token: 1000\n", "")
				h := l.hosts[0]
				units, err := filepath.Abs(k.units)
				if err != nil {
					t.Fatal(err)
				}
				rules, err := filepath.Abs("../dist/logrotate/corosync")
				if err != nil {
					t.Fatal(err)
				}
				l.must(h, "sed -i 's/to_syslog: no/to_syslog: yes/; s,/var/log/corosync.log,/var/log/corosync/corosync.log,' /etc/corosync/corosync.conf; mkdir -p "+unitsDir+" /var/log/corosync")
				l.must(h, fmt.Sprintf("cp %s/pacemaker.service %s/corosync.service %s; cp %s /etc/logrotate.d/ours", theirs, units, unitsDir, rules))
				l.must(h, "sed -i 's,^/var/log/[a-z]*/corosync.log,/var/log/corosync/corosync.log,' /etc/logrotate.d/corosync")
				if k.pcmk { // the unit expects a word from it
					l.must(h, fmt.Sprintf("cp %s/pacemaker.service %s", units, unitsDir))
				}
				h.write("/etc/corosync/gocorosync.toml", "compat = \"el9\"\n")
				for name, path := range map[string]string{"corosync": original, "pacemakerd": pacemakerd} {
					if name == "corosync" && k.ring || name == "pacemakerd" && k.pcmk {
						l.must(h, "mount --bind $(realpath "+l.our(name)+") "+path)
					}
				}
				m := h.systemd()
				k.states = m.story()
				k.log, k.journal = m.logged()
				t.Logf("\n%s", strings.Join(k.states, "\n"))
			})
		}
	})
	if t.Failed() {
		return
	}
	for _, k := range kinds[1:] {
		for i, want := range kinds[0].states {
			got := k.states[i]
			if k.pcmk { // what becomes of the other pacemaker is not what this is about
				got, _, _ = strings.Cut(got, "; pacemaker")
				want, _, _ = strings.Cut(want, "; pacemaker")
			}
			if got != want {
				t.Errorf("%s:\n%s\nwant\n%s", k.name, got, want)
			}
		}
		if k.pcmk {
			continue
		}
		if !slices.Equal(k.log, kinds[0].log) {
			t.Errorf("%s: the log has\n%s\nand that of corosync 3\n%s", k.name, strings.Join(k.log, "\n"), strings.Join(kinds[0].log, "\n"))
		}
		if !slices.Equal(k.journal, kinds[0].journal) {
			t.Errorf("%s: the journal has\n%s\nand that of corosync 3\n%s", k.name, strings.Join(k.journal, "\n"), strings.Join(kinds[0].journal, "\n"))
		}
	}
}

// story starts, stops and breaks the services, and returns what systemd said of
// them after each step.
func (m *machine) story() (states []string) {
	t := m.l.t
	state := func() string {
		show := "systemctl show -P ActiveState -P SubState -P Result -P ExecMainStatus "
		out := m.must("echo corosync $(" + show + "corosync)'; 'pacemaker $(" + show + "pacemaker)")
		return strings.TrimSpace(out)
	}
	step := func(cmd string) {
		t.Helper()
		begin := time.Now()
		out, status := m.run("timeout", "120", "sh", "-c", cmd)
		states = append(states, fmt.Sprintf("%s: %d %q %s", cmd, status, strings.TrimSpace(out), state()))
		t.Logf("%v: %s: %s", time.Since(begin).Round(10*time.Millisecond), cmd, states[len(states)-1][len(cmd):])
	}
	step("systemctl start corosync; corosync-quorumtool -s | grep -E 'Nodes:|Quorate:'")
	// The original pacemaker may take minutes to end when it has just begun.
	online := func() {
		t.Helper()
		eventually(t, 60*time.Second, func() string {
			out, status := m.run("crm_mon", "-1")
			return says(out, status, 0, "Online: [ node1 ]")
		})
	}
	step("systemctl start pacemaker; systemctl reload corosync")
	online()
	m.must("crm_attribute -n dc-deadtime -v 2s") // the next ones are quicker
	step("systemctl restart corosync")           // stops pacemaker first, and starts it again
	online()
	step("systemctl stop corosync")
	step("systemctl start pacemaker") // starts corosync first
	m.ordered()
	online()
	step("systemctl stop pacemaker")
	// Both sets of rules keep the log of a daemon that runs.
	for _, rules := range []string{"corosync", "ours"} {
		step("rm -f /var/log/corosync/*.1 /var/log/corosync/*.gz; logrotate -f -s /run/rotated /etc/logrotate.d/" + rules + " && corosync-cfgtool -R >/dev/null && " +
			// The line comes when a thread gets to it, after the answer to cfgtool.
			"ls /var/log/corosync && timeout 10 sh -c 'until grep -c Config.reload.requested.by.node.1 /var/log/corosync/corosync.log >/run/count; do sleep 0.1; done'; cat /run/count")
		m.must("cat /var/log/corosync/corosync.log >>/run/rest.log; cat /var/log/corosync/*.gz | gunzip >>/run/first.log; rm /var/log/corosync/*.gz")
	}
	step("kill -9 $(systemctl show -P MainPID corosync); sleep 1")
	step("systemctl reset-failed; sed -i s/version:.2/version:3/ /etc/corosync/corosync.conf; systemctl start corosync 2>/dev/null")
	return states
}

// ordered checks that pacemaker started when corosync was ready, and not before.
func (m *machine) ordered() {
	m.l.t.Helper()
	at := func(unit, property string) (us int64) {
		out := m.must("systemctl show -P " + property + " " + unit)
		fmt.Sscan(out, &us)
		return us
	}
	ready, begun := at("corosync", "ActiveEnterTimestampMonotonic"), at("pacemaker", "ExecMainStartTimestampMonotonic")
	if ready == 0 || begun < ready {
		m.l.t.Errorf("%s: corosync was ready at %d us, pacemaker started at %d us", m.name, ready, begun)
	}
}

// ownLines are what only our daemon says.
var ownLines = []string{"gocorosync ", "messages on the ring are not authenticated", "left the ring", "built-in features"}

// logged is what the daemon said from its first start to its first end, to the
// log file and to the journal, in one order and without what changes.
func (m *machine) logged() (file, journal []string) {
	clean := func(text string) (lines []string) {
		for line := range strings.Lines(text) {
			if slices.ContainsFunc(ownLines, func(own string) bool { return strings.Contains(line, own) }) {
				continue
			}
			// Debian's unit asks it to stop, ours sends a signal; and systemd sends one too
			// where the daemon is still there when who asked has returned.
			line = strings.Replace(line, "[MAIN  ] Node was shut down by a signal", "[CFG   ] Node 1 was shut down by sysadmin", 1)
			if strings.Contains(line, "was shut down by sysadmin") && slices.Contains(lines, strings.TrimSuffix(line, "\n")) {
				continue
			}
			lines = append(lines, strings.TrimSuffix(line, "\n"))
			if strings.Contains(line, "exiting normally") {
				break
			}
		}
		slices.Sort(lines)
		return lines
	}
	// The priority and what follows it.
	file = clean(m.must(`sed -n 's/^[A-Z][a-z]* [0-9]* [0-9:]* \[[0-9]*\] node1 corosync //p' /run/first.log`))
	journal = clean(m.must(`journalctl --no-pager -o cat -t corosync | grep '\[..*\]'`))
	return file, journal
}

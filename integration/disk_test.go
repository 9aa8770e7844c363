//go:build interop

package integration

import (
	"strings"
	"testing"
	"time"
)

// ourStack starts our corosync and, once its ring is up, our pacemakerd. env is for
// tools: those of ours come first.
func (h *host) ourStack(profile string) (env []string, pacemakerd *daemon) {
	h.l.t.Helper()
	env = []string{"GOCOROSYNC_COMPAT=" + profile, "PATH=" + h.l.bin + ":/usr/sbin:/usr/bin:/sbin:/bin"}
	var want []string
	if profile == "el7" {
		want = []string{"no faults"}
	}
	h.ours(profile)
	eventually(h.l.t, 15*time.Second, func() string {
		out, status := h.run(env, h.l.our("corosync-cfgtool"), "-s")
		return says(out, status, 0, want...)
	})
	return env, h.start(env, h.l.our("pacemakerd"))
}

// TestFullDisk fills the file system below the CIB of a node that is alone: a
// change that its disk does not take is refused by the original cibadmin's own
// exit status and words, nothing of it is in force, and the next one is taken
// once there is room.
func TestFullDisk(t *testing.T) {
	cibadmin := real(t, "cibadmin")
	l := newLab(t, 1)
	l.configure(" secauth: off\n", "provider: corosync_votequorum\n expected_votes: 1\n")
	n := l.hosts[0]
	l.must(n, "mkdir -p /var/lib/pacemaker/cib && mount -t tmpfs -o size=256k tmpfs /var/lib/pacemaker/cib && chown hacluster:haclient /var/lib/pacemaker/cib")
	env, _ := n.ourStack("el7")
	eventually(t, 60*time.Second, func() string {
		out, status := n.run(env, l.our("crm_mon"), "-1")
		return says(out, status, 0, "Online: [ node1 ]")
	})
	create := func(id string) (string, int) {
		return n.run(env, cibadmin, "-C", "-o", "resources", "-X", `<primitive id="`+id+`" class="ocf" provider="pacemaker" type="Dummy"/>`)
	}
	there := func(id string, want int) {
		t.Helper()
		if out, status := n.run(env, cibadmin, "-Q", "--xpath", "//primitive[@id='"+id+"']"); status != want {
			t.Errorf("query of %s: %d, want %d: %s", id, status, want, out)
		}
	}
	if out, status := create("before"); status != 0 {
		t.Fatalf("cibadmin: %d: %s", status, out)
	}
	n.run(env, "sh", "-c", "cat /dev/zero > /var/lib/pacemaker/cib/filler")
	out, status := create("full")
	if why := says(out, status, 1, "No space left on device"); why != "" {
		t.Error("on a full disk: ", why)
	}
	there("full", 105)
	there("before", 0)
	l.must(n, "rm /var/lib/pacemaker/cib/filler")
	if out, status := create("after"); status != 0 {
		t.Errorf("with room again: %d: %s", status, out)
	}
	there("after", 0)
	l.must(n, "grep -q after /var/lib/pacemaker/cib/cib.xml")
	l.must(n, "mount -o remount,ro /var/lib/pacemaker/cib")
	out, status = create("readonly")
	if why := says(out, status, 1, "Read-only file system"); why != "" {
		t.Error("on a read-only disk: ", why)
	}
	there("readonly", 105)
}

// TestDiskOfOneNode: where another node holds the change, it is acknowledged,
// and everybody sees whose disk does not.
func TestDiskOfOneNode(t *testing.T) {
	cibadmin := real(t, "cibadmin")
	l := newLab(t, 2)
	l.configure(" secauth: off\n", twoNode)
	n1, n2 := l.hosts[0], l.hosts[1]
	l.must(n2, "mkdir -p /var/lib/pacemaker/cib && mount -t tmpfs -o size=256k tmpfs /var/lib/pacemaker/cib && chown hacluster:haclient /var/lib/pacemaker/cib")
	env, _ := n1.ourStack("el7")
	n2.ourStack("el7")
	eventually(t, 60*time.Second, func() string {
		out, status := n1.run(env, l.our("crm_mon"), "-1")
		return says(out, status, 0, "Online: [ node1 node2 ]")
	})
	n2.run(env, "sh", "-c", "cat /dev/zero > /var/lib/pacemaker/cib/filler")
	out, status := n2.run(env, cibadmin, "-C", "-o", "resources", "-X", `<primitive id="r" class="ocf" provider="pacemaker" type="Dummy"/>`)
	if status != 0 {
		t.Errorf("cibadmin: %d: %s", status, out)
	}
	eventually(t, 10*time.Second, func() string {
		out, status := n1.run(env, l.our("pcs"), "status")
		return says(out, status, 0, "node2 cannot write the configuration to its disk: No space left on device")
	})
	l.must(n2, "rm /var/lib/pacemaker/cib/filler")
	eventually(t, 20*time.Second, func() string {
		out, status := n1.run(env, l.our("crm_mon"), "-1A")
		if status == 0 && strings.Contains(out, "cib-unsaved") {
			return out
		}
		return says(out, status, 0, "Online")
	})
	l.must(n2, `grep -q 'id="r"' /var/lib/pacemaker/cib/cib.xml`)
}

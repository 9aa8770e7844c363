//go:build interop

package integration

import (
	"syscall"
	"testing"
	"time"
)

// TestFencing kills a node that runs a resource: it is fenced by its
// configured device before the resource starts on the other node, and the
// original stonith_admin tells so.
func TestFencing(t *testing.T) {
	admin := real(t, "stonith_admin")
	agent := real(t, "fence_dummy")
	if testing.Short() {
		t.Skip("takes 40 s")
	}
	l := newLab(t, 2)
	l.configure(" secauth: off\n", twoNode)
	env := []string{"GOCOROSYNC_COMPAT=el7", "PATH=" + l.bin + ":/usr/sbin:/usr/bin:/sbin:/bin"}
	var daemons [][2]*daemon
	for _, h := range l.hosts {
		d := h.ours("el7")
		eventually(t, 15*time.Second, func() string {
			out, status := h.run(env, l.our("corosync-cfgtool"), "-s")
			return says(out, status, 0, "no faults")
		})
		daemons = append(daemons, [2]*daemon{d, h.start(env, l.our("pacemakerd"))})
	}
	n1, n2 := l.hosts[0], l.hosts[1]
	eventually(t, 60*time.Second, func() string {
		out, status := n1.run(env, l.our("crm_mon"), "-1")
		return says(out, status, 0, "Online: [ node1 node2 ]")
	})
	for _, line := range []string{
		"pcs stonith create fence fence_dummy pcmk_host_list=node2 status_file=/var/log/fence.status",
		"pcs property set stonith-enabled=true",
		"pcs constraint location fence prefers node1",
		"pcs resource create r ocf:pacemaker:Dummy op monitor interval=5s",
		"pcs constraint location r prefers node2",
	} {
		l.must(n1, "export GOCOROSYNC_COMPAT=el7 PATH="+l.bin+":/usr/sbin:/usr/bin:/sbin:/bin; "+line)
	}
	eventually(t, 30*time.Second, func() string {
		out, status := n1.run(env, l.our("crm_mon"), "-1")
		return says(out, status, 0, "(stonith:fence_dummy):\tStarted node1", "(ocf::pacemaker:Dummy):\tStarted node2")
	})
	out, status := n1.run(env, admin, "--list-registered")
	if why := says(out, status, 0, "fence"); why != "" {
		t.Error("stonith_admin --list-registered: ", why)
	}
	for _, d := range daemons[1] {
		d.signal(syscall.SIGKILL)
	}
	eventually(t, 60*time.Second, func() string {
		out, status := n1.run(env, l.our("crm_mon"), "-1")
		return says(out, status, 0, "Online: [ node1 ]", "OFFLINE: [ node2 ]", "(ocf::pacemaker:Dummy):\tStarted node1")
	})
	out, status = n1.run(env, "cat", "/var/log/fence.status")
	if why := says(out, status, 0, "on"); why != "" {
		t.Errorf("%s was not run: %s", agent, why)
	}
	out, status = n1.run(env, admin, "--history", "node2")
	if why := says(out, status, 0, "reboot of node2 successful: delegate=node1, client=pacemaker-controld."); why != "" {
		t.Error("stonith_admin --history: ", why)
	}
	// The node comes back after its reboot.
	n2.ours("el7")
	eventually(t, 15*time.Second, func() string {
		out, status := n2.run(env, l.our("corosync-cfgtool"), "-s")
		return says(out, status, 0, "no faults")
	})
	n2.start(env, l.our("pacemakerd"))
	eventually(t, 60*time.Second, func() string {
		out, status := n1.run(env, l.our("crm_mon"), "-1")
		return says(out, status, 0, "Online: [ node1 node2 ]", "(ocf::pacemaker:Dummy):\tStarted node2")
	})
}

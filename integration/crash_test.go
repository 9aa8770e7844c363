//go:build interop

package integration

import (
	"syscall"
	"testing"
	"time"
)

// TestCrashReport ends corosync and the worker of pacemakerd as the runtime does:
// what it says is in a file, and the next process tells where.
func TestCrashReport(t *testing.T) {
	l := newLab(t, 1)
	l.configure(" secauth: off\n", "provider: corosync_votequorum\n expected_votes: 1\n")
	h := l.hosts[0]
	env := []string{"GOCOROSYNC_COMPAT=el7", "PATH=" + l.bin + ":/usr/sbin:/usr/bin:/sbin:/bin"}
	up := func() { eventually(t, 20*time.Second, quorate(h, "el7", "1")) }
	d := h.ours("el7")
	up()
	d.signal(syscall.SIGABRT)
	<-d.done
	h.ours("el7")
	up()
	tells := func(log, line, folder, name string) {
		t.Helper()
		eventually(t, 20*time.Second, func() string {
			out, _ := h.run(nil, "cat", log)
			return says(out, 0, 0, line+folder+"/crash-"+name+"-20")
		})
		out, status := h.run(nil, "sh", "-c", "cat "+folder+"/crash-"+name+"-20*")
		if why := says(out, status, 0, "SIGABRT", "goroutine "); why != "" {
			t.Error(why)
		}
	}
	tells("/var/log/corosync.log", "An earlier corosync ended in a crash; its report is ", "/var/lib/corosync", "corosync")

	h.start(env, l.our("pacemakerd"))
	eventually(t, 30*time.Second, func() string {
		out, status := h.run(env, l.our("crm_mon"), "-1")
		return says(out, status, 0, "node1")
	})
	l.must(h, "kill -ABRT "+l.worker(h))
	tells("/var/log/pacemaker/pacemaker.log", "an earlier process ended in a crash report=", "/var/lib/pacemaker/cores", "pacemakerd-worker")
}

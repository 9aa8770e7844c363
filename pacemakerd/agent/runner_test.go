package agent

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gocorosync/gocorosync/pacemakerd/lrmd"
	"github.com/gocorosync/gocorosync/pacemakerd/xml"
)

// newRunner installs a shell script as the agent ocf:test:T.
func newRunner(t *testing.T, script string) *Runner {
	t.Helper()
	root := t.TempDir()
	dir := filepath.Join(root, "resource.d", "test")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "T"), []byte("#!/bin/sh\n"+script), 0o755); err != nil {
		t.Fatal(err)
	}
	return &Runner{OCFRoot: root, FenceDir: dir}
}

func op(action string, params ...xml.Attr) lrmd.Run {
	return lrmd.Run{ID: 1, Op: lrmd.Op{Resource: "web", Agent: lrmd.Agent{Class: "ocf", Provider: "test", Type: "T"},
		Action: action, Params: params, Timeout: 10 * time.Second}}
}

func TestAgentGetsItsEnvironment(t *testing.T) {
	r := newRunner(t, `echo "$1 $OCF_RESOURCE_INSTANCE $OCF_RESKEY_ip $OCF_RESKEY_CRM_meta_on_fail $OCF_CHECK_LEVEL $OCF_RA_VERSION_MINOR"; [ -z "$(cat)" ]`)
	f := r.Run(t.Context(), op("start", xml.Attr{Name: "ip", Value: "10.0.0.1"}, xml.Attr{Name: "CRM_meta_on-fail", Value: "block"}, xml.Attr{Name: "OCF_CHECK_LEVEL", Value: "10"}))
	if want := "start web 10.0.0.1 block 10 1\n"; f.RC != 0 || f.Output != want {
		t.Errorf("rc %d, output %q, want %q", f.RC, f.Output, want)
	}
}

func TestExitReasonIsTheLastOne(t *testing.T) {
	r := newRunner(t, `echo "ocf-exit-reason:first" >&2; echo noise >&2; echo "ocf-exit-reason:second" >&2; exit 6`)
	if f := r.Run(t.Context(), op("start")); f.RC != 6 || f.Reason != "second" || f.Status != lrmd.Done {
		t.Errorf("got %+v", f)
	}
}

// TestTimeoutKillsTheWholeGroup leaves nothing of a hanging agent behind.
func TestTimeoutKillsTheWholeGroup(t *testing.T) {
	mark := filepath.Join(t.TempDir(), "alive")
	r := newRunner(t, `(sleep 2; echo > `+mark+`) & sleep 30`)
	o := op("start")
	o.Op.Timeout = 300 * time.Millisecond
	f := r.Run(t.Context(), o)
	if f.Status != lrmd.TimedOut || f.RC != lrmd.RCError || f.Reason != "Resource agent did not complete within 300ms" {
		t.Errorf("got %+v", f)
	}
	if err := waitFor(2500*time.Millisecond, func() bool { _, err := os.Stat(mark); return err == nil }); err == nil {
		t.Error("a child of the agent outlived the timeout")
	}
}

// TestDaemonLeftBehindIsNotWaitedFor starts something that keeps the pipes.
func TestDaemonLeftBehindIsNotWaitedFor(t *testing.T) {
	r := newRunner(t, `sleep 5 & echo started; exit 0`)
	begin := time.Now()
	f := r.Run(t.Context(), op("start"))
	if took := time.Since(begin); took > 3*time.Second || f.RC != 0 || f.Output != "started\n" {
		t.Errorf("%+v after %v", f, took)
	}
}

func TestMissingAgentIsNotInstalled(t *testing.T) {
	r := newRunner(t, "")
	o := op("monitor")
	o.Op.Agent.Type = "../../../bin/sh" // must not leave its folder either
	if f := r.Run(t.Context(), o); f.RC != lrmd.RCNotInstalled || f.Status != lrmd.NotInstalled {
		t.Errorf("got %+v", f)
	}
}

func TestKillCancels(t *testing.T) {
	r := newRunner(t, `sleep 30`)
	done := make(chan lrmd.Finish, 1)
	go func() { done <- r.Run(t.Context(), op("monitor")) }()
	if err := waitFor(5*time.Second, func() bool {
		r.Kill(1)
		return len(done) == 1
	}); err != nil {
		t.Fatal("not killed")
	}
	if f := <-done; f.Status != lrmd.Cancelled {
		t.Errorf("got %+v", f)
	}
}

func TestFenceAgentReadsItsOptions(t *testing.T) {
	r := newRunner(t, `cat`)
	run := op("reboot", xml.Attr{Name: "action", Value: "reboot"}, xml.Attr{Name: "port", Value: "n2"})
	if f := r.RunFence(t.Context(), run); f.Output != "action=reboot\nport=n2\n" {
		t.Errorf("got %+v", f)
	}
}

func TestMetadata(t *testing.T) {
	r := newRunner(t, `cat <<X
<?xml version="1.0"?><resource-agent name="T" version="1.0"><longdesc lang="en">Long.</longdesc><shortdesc lang="en">Short</shortdesc>
<parameters><parameter name="ip" unique="1" required="1"><longdesc>An address</longdesc><content type="string" default="x"/></parameter></parameters>
<actions><action name="start" timeout="20s"/><action name="reload-agent"/></actions></resource-agent>
X`)
	m, err := r.Metadata(t.Context(), op("").Op.Agent)
	if err != nil {
		t.Fatal(err)
	}
	if p := m.Param("ip"); m.ShortDesc != "Short" || p == nil || !p.Required || !p.Unique || p.Default != "x" || p.LongDesc != "An address" || !m.Supports("reload-agent") {
		t.Errorf("got %+v", m)
	}
	if got := strings.Join(r.Agents("ocf", "test"), " "); got != "T" {
		t.Errorf("agents: %q", got)
	}
}

func waitFor(d time.Duration, ok func() bool) error {
	for end := time.Now().Add(d); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if ok() {
			return nil
		}
	}
	return os.ErrDeadlineExceeded
}

package agent

import (
	"bytes"
	"context"
	"log/slog"
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

// TestKillBeforeTheStart: a kill that comes before anything was started for a run is
// carried out; one that comes after its end is nobody's.
func TestKillBeforeTheStart(t *testing.T) {
	r := newRunner(t, `sleep 30`)
	r.Announce(1)
	r.Kill(1)
	begin := time.Now()
	if f := r.Run(t.Context(), op("monitor")); f.Status != lrmd.Cancelled || time.Since(begin) > 10*time.Second {
		t.Errorf("%+v after %v", f, time.Since(begin))
	}
	r.Kill(1)
	r = newRunner(t, `exit 0`)
	r.Kill(1)
	if f := r.Run(t.Context(), op("monitor")); f.Status != lrmd.Done {
		t.Errorf("after its end: %+v", f)
	}
	if len(r.runs.byID) != 0 {
		t.Errorf("%d runs are left", len(r.runs.byID))
	}
}

// TestOverdue: of a process that its timeout does not end is told, once.
func TestOverdue(t *testing.T) {
	r := newRunner(t, `exec sleep 30`)
	r.Patience = 20 * time.Millisecond
	let, told := make(chan struct{}), make(chan int, 9)
	r.Wait = func(p *os.Process) (*os.ProcessState, error) { <-let; return p.Wait() }
	r.Overdue = func(id int) { told <- id }
	run := op("monitor")
	run.Op.Timeout = 50 * time.Millisecond
	done := make(chan lrmd.Finish, 1)
	go func() { done <- r.Run(t.Context(), run) }()
	select {
	case id := <-told:
		if id != run.ID {
			t.Errorf("told of run %d, it is %d", id, run.ID)
		}
	case f := <-done:
		t.Fatalf("ended before its process: %+v", f)
	case <-time.After(10 * time.Second):
		t.Fatal("nothing is told")
	}
	close(let)
	if f := <-done; f.Status != lrmd.TimedOut || len(told) != 0 {
		t.Errorf("%+v, told %d times more", f, len(told))
	}
}

// TestEndWaitsForNoAgent has a process that nothing can kill: its operation ends when
// it does, but the end of the daemon waits for neither it nor its output.
func TestEndWaitsForNoAgent(t *testing.T) {
	for _, ticket := range []string{"", "1:1:0:x"} {
		r := newRunner(t, `exec sleep 30`)
		let := make(chan struct{})
		waited := make(chan struct{})
		r.Wait = func(p *os.Process) (*os.ProcessState, error) {
			defer close(waited)
			<-let // as if it were in the kernel for ever
			return p.Wait()
		}
		if ticket != "" {
			var err error
			if r.Journal, _, err = OpenJournal(t.TempDir()); err != nil {
				t.Fatal(err)
			}
		}
		run := op("start")
		run.Op.Timeout, run.Op.Ticket = 50*time.Millisecond, ticket
		ctx, end := context.WithCancel(t.Context())
		done := make(chan lrmd.Finish, 1)
		go func() { done <- r.Run(ctx, run) }()
		select {
		case f := <-done:
			t.Fatalf("ended before its process: %+v", f)
		case <-time.After(300 * time.Millisecond):
		}
		end()
		select {
		case <-done:
		case <-time.After(5 * time.Second):
			t.Fatal("the end waits for the process")
		}
		close(let)
		<-waited
	}
}

// TestOutputIsWhole writes more than a pipe holds, on a busy machine or not, and more
// than is kept.
func TestOutputIsWhole(t *testing.T) {
	for _, tt := range []struct {
		name   string
		script string
		length int
		cut    bool
		reason string
	}{
		{"as much as is kept", `head -c 1048576 /dev/zero | tr '\0' x`, maxOutput, false, ""},
		{"one more", `head -c 1048577 /dev/zero | tr '\0' x; head -c 2000000 /dev/zero | tr '\0' y >&2; echo >&2; echo ocf-exit-reason:last >&2; exit 1`, maxOutput, true, "last"},
		{"what is in the pipe at the end", `head -c 60000 /dev/zero | tr '\0' x`, 60000, false, ""},
		{"a daemon left behind writes on", `(while :; do echo noise || exit; done) & head -c 60000 /dev/zero | tr '\0' x`, -1, false, ""},
	} {
		var log bytes.Buffer
		r := newRunner(t, tt.script)
		r.Log = slog.New(slog.NewTextHandler(&log, nil))
		f := r.Run(t.Context(), op("start"))
		kept, cut := strings.CutSuffix(f.Output, cutMark)
		if tt.length < 0 {
			if strings.Count(kept, "x") != 60000 && !cut {
				t.Errorf("%s: %d bytes, of them %d", tt.name, len(kept), strings.Count(kept, "x"))
			}
			continue
		}
		if len(kept) != tt.length || cut != tt.cut || f.Reason != tt.reason || strings.Contains(log.String(), "output cut") != tt.cut {
			t.Errorf("%s: %d bytes, cut %v, reason %q, log %s", tt.name, len(kept), cut, f.Reason, &log)
		}
	}
}

func TestExitReasonIsCut(t *testing.T) {
	for _, tt := range []struct{ said, want string }{
		{strings.Repeat("a", 128), strings.Repeat("a", 128)},
		{strings.Repeat("a", 129), strings.Repeat("a", 128)},
		{strings.Repeat("a", 127) + "é", strings.Repeat("a", 127)},
		{strings.Repeat("é", 70), strings.Repeat("é", 64)},
	} {
		o := &output{}
		o.write([]byte("ocf-exit-reason:first\nocf-exit-reason:" + tt.said[:50]))
		o.write([]byte(tt.said[50:] + "\r\nnoise"))
		o.endLine()
		if o.reason != tt.want {
			t.Errorf("%q: %q", tt.said, o.reason)
		}
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

func xmlAttr(name, value string) xml.Attr { return xml.Attr{Name: name, Value: value} }

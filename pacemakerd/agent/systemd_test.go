package agent

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"

	"github.com/gocorosync/gocorosync/pacemakerd/lrmd"
)

// A fakeSystemd has one unit. What is asked of it happens after a while.
type fakeSystemd struct {
	mu     sync.Mutex
	state  string
	jobs   chan jobRemoved
	alive  map[dbus.ObjectPath]bool
	known  bool          // the unit is there
	begins time.Duration // until the state changes
	takes  time.Duration // until the job is done
	result string
	after  map[string]string // method → state
	dies   bool              // the connection, in the middle of the job
	silent bool              // says nothing of jobs
	dialed int
	noBus  bool
}

var errNoJob = dbus.Error{Name: "org.freedesktop.DBus.Error.UnknownObject"}

func (s *fakeSystemd) dial(context.Context) (units, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.dialed++; s.noBus || s.dies && s.dialed == 2 { // it is away for a moment
		return nil, errors.New("no bus")
	}
	s.jobs = make(chan jobRemoved, 8)
	return s, nil
}

func (s *fakeSystemd) load(context.Context, string) (dbus.ObjectPath, error) { return "/unit", nil }

func (s *fakeSystemd) property(_ context.Context, path dbus.ObjectPath, _, name string) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case name == "ActiveState":
		return s.state, nil
	case name == "LoadState" && s.known:
		return "loaded", nil
	case name == "LoadState":
		return "not-found", nil
	case s.alive[path]:
		return "running", nil
	}
	return "", errNoJob
}

func (s *fakeSystemd) reload(context.Context) error { return nil }

func (s *fakeSystemd) queue(_ context.Context, method, _ string) (dbus.ObjectPath, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.alive = map[dbus.ObjectPath]bool{"/job/7": true}
	s.jobs <- jobRemoved{"/job/6", "failed"} // somebody else's
	time.AfterFunc(s.begins, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.state = map[string]string{"StartUnit": "activating", "StopUnit": "deactivating"}[method]
		if s.dies {
			close(s.jobs)
		}
	})
	time.AfterFunc(s.begins+s.takes, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.state = s.after[method]
		delete(s.alive, "/job/7")
		if !s.dies && !s.silent {
			s.jobs <- jobRemoved{"/job/7", s.result}
		}
	})
	return "/job/7", nil
}

func (s *fakeSystemd) removed() <-chan jobRemoved { return s.jobs }

func (s *fakeSystemd) close() {}

// TestSystemdJobs: the outcome is that of the job that was queued, which on a busy
// machine begins long after the call has returned.
func TestSystemdJobs(t *testing.T) {
	right := map[string]string{"StartUnit": "active", "StopUnit": "inactive"}
	for _, tt := range []struct {
		name, action string
		fake         *fakeSystemd
		rc           int
		status       lrmd.Status
		reason       string
	}{
		{"late start", "start", &fakeSystemd{state: "inactive", begins: 300 * time.Millisecond, takes: 100 * time.Millisecond, result: "done", after: right}, 0, lrmd.Done, ""},
		{"late stop", "stop", &fakeSystemd{state: "active", begins: 300 * time.Millisecond, takes: 100 * time.Millisecond, result: "done", after: right}, 0, lrmd.Done, ""},
		{"start fails", "start", &fakeSystemd{state: "inactive", takes: 50 * time.Millisecond, result: "failed", after: map[string]string{"StartUnit": "failed"}}, 1, lrmd.Failed, `systemd's job ended with "failed"`},
		{"stop is cancelled", "stop", &fakeSystemd{state: "active", takes: 50 * time.Millisecond, result: "canceled", after: map[string]string{"StopUnit": "active"}}, 1, lrmd.Failed, `systemd's job ended with "canceled"`},
		{"ends at once", "start", &fakeSystemd{state: "inactive", takes: 50 * time.Millisecond, result: "done", after: map[string]string{"StartUnit": "inactive"}}, 1, lrmd.Failed, "unit does not run after its start"},
		{"takes too long", "start", &fakeSystemd{state: "inactive", takes: time.Minute, result: "done", after: right}, 1, lrmd.TimedOut, "Systemd unit did not complete within 1500ms"},
		{"bus dies", "start", &fakeSystemd{state: "inactive", begins: 100 * time.Millisecond, takes: 200 * time.Millisecond, dies: true, after: right}, 0, lrmd.Done, ""},
		{"bus dies, stop", "stop", &fakeSystemd{state: "active", begins: 100 * time.Millisecond, takes: 200 * time.Millisecond, dies: true, after: right}, 0, lrmd.Done, ""},
		{"no bus", "start", &fakeSystemd{noBus: true}, 1, lrmd.Failed, "No DBus connection"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := &Runner{UnitDir: t.TempDir(), units: tt.fake.dial}
			f := r.Run(t.Context(), lrmd.Run{ID: 1, Op: lrmd.Op{Resource: "web", Agent: lrmd.Agent{Class: "systemd", Type: "web"}, Action: tt.action, Timeout: 1500 * time.Millisecond}})
			if f.RC != tt.rc || f.Status != tt.status || f.Reason != tt.reason {
				t.Errorf("%+v, want rc %d, status %d, %q", f, tt.rc, tt.status, tt.reason)
			}
		})
	}
	t.Run("a signal is lost", func(t *testing.T) {
		t.Parallel()
		fake := &fakeSystemd{state: "inactive", takes: 100 * time.Millisecond, silent: true, result: "done", after: right}
		r := &Runner{UnitDir: t.TempDir(), units: fake.dial}
		f := r.Run(t.Context(), lrmd.Run{ID: 1, Op: lrmd.Op{Agent: lrmd.Agent{Class: "systemd", Type: "web"}, Action: "start", Timeout: 20 * time.Second}})
		if f.RC != 0 || f.Status != lrmd.Done {
			t.Errorf("%+v", f)
		}
	})
	t.Run("killed", func(t *testing.T) {
		t.Parallel()
		fake := &fakeSystemd{state: "inactive", takes: time.Minute, after: right}
		r := &Runner{UnitDir: t.TempDir(), units: fake.dial}
		r.Announce(1)
		time.AfterFunc(100*time.Millisecond, func() { r.Kill(1) })
		if f := r.Run(t.Context(), lrmd.Run{ID: 1, Op: lrmd.Op{Agent: lrmd.Agent{Class: "systemd", Type: "web"}, Action: "start", Timeout: time.Minute}}); f.Status != lrmd.Cancelled {
			t.Errorf("%+v", f)
		}
	})
}

// TestServiceIsFound: class service is an init script of that name, else a unit that
// systemd knows, else an init script that is not there.
func TestServiceIsFound(t *testing.T) {
	for _, tt := range []struct {
		name   string
		script bool
		fake   *fakeSystemd
		reason string
		rc     int
	}{
		{"script", true, &fakeSystemd{known: true, state: "inactive"}, "", 0},
		{"unit", false, &fakeSystemd{known: true, state: "inactive"}, "", lrmd.RCNotRunning},
		{"neither", false, &fakeSystemd{state: "inactive"}, "/web: No such file or directory", lrmd.RCNotInstalled},
		{"no bus", false, &fakeSystemd{noBus: true}, "/web: No such file or directory", lrmd.RCNotInstalled},
	} {
		dir := t.TempDir()
		if tt.script {
			if err := os.WriteFile(filepath.Join(dir, "web"), []byte("#!/bin/sh\nexit 0\n"), 0o755); err != nil {
				t.Fatal(err)
			}
		}
		r := &Runner{LSBDir: dir, units: tt.fake.dial}
		f := r.Run(t.Context(), lrmd.Run{ID: 1, Op: lrmd.Op{Agent: lrmd.Agent{Class: "service", Type: "web"}, Action: "monitor", Timeout: 10 * time.Second}})
		if f.RC != tt.rc || !strings.HasSuffix(f.Reason, tt.reason) {
			t.Errorf("%s: %+v", tt.name, f)
		}
	}
}

// TestWhatIsNotRun has the original's words for agents that are not there, or cannot
// be executed, and its numbers for what agents say.
func TestWhatIsNotRun(t *testing.T) {
	r := newRunner(t, `exit $OCF_RESKEY_rc`)
	dir := filepath.Join(r.OCFRoot, "resource.d", "test")
	for name, mode := range map[string]os.FileMode{"Closed": 0o644, "Bad": 0o755} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("#!/nonexistent\n"), mode); err != nil {
			t.Fatal(err)
		}
	}
	for _, tt := range []struct {
		agent  lrmd.Agent
		rc     int
		status lrmd.Status
		reason string
	}{
		{lrmd.Agent{Class: "ocf", Provider: "test", Type: "Nothing"}, 5, lrmd.NotInstalled, "Nothing: No such file or directory"},
		{lrmd.Agent{Class: "lsb", Type: "nothing"}, 5, lrmd.NotInstalled, dir + "/nothing: No such file or directory"},
		{lrmd.Agent{Class: "ocf", Provider: "test", Type: "Closed"}, 4, lrmd.Done, "Child process was unable to execute file"},
		{lrmd.Agent{Class: "ocf", Provider: "test", Type: "Bad"}, 5, lrmd.Done, "Child process was unable to execute file"},
	} {
		r.LSBDir = dir
		o := op("monitor")
		o.Op.Agent = tt.agent
		if f := r.Run(t.Context(), o); f.RC != tt.rc || f.Status != tt.status || f.Reason != tt.reason {
			t.Errorf("%v: %+v", tt.agent, f)
		}
	}
	for said, want := range map[string]int{"0": 0, "9": 9, "10": 1, "188": 1, "190": 190, "191": 191, "193": 1, "200": 1, "255": 1} {
		o := op("monitor")
		o.Op.Params = append(o.Op.Params, xmlAttr("rc", said))
		if f := r.Run(t.Context(), o); f.RC != want || f.Status != lrmd.Done {
			t.Errorf("exit %s: %+v", said, f)
		}
	}
}

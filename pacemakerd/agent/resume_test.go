package agent

import (
	"context"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/gocorosync/gocorosync/pacemakerd/lrmd"
	"github.com/gocorosync/gocorosync/pacemakerd/xml"
)

// TestOperationOutlivesItsStarter ends a runner in the middle of an action. The
// next one finds it in the journal, waits for it and starts nothing; what it
// came to is what a monitor says.
func TestOperationOutlivesItsStarter(t *testing.T) {
	for _, tt := range []struct {
		name, action, script string
		pid                  bool // is in the journal
		rc                   int
		status               lrmd.Status
	}{
		{"start", "start", `sleep 0.4; echo up > $S`, true, lrmd.RCOK, lrmd.Done},
		{"start that fails", "start", `sleep 0.4; exit 1`, true, lrmd.RCError, lrmd.Done},
		{"stop", "stop", `sleep 0.4; rm -f $S`, true, lrmd.RCOK, lrmd.Done},
		{"process not in the journal", "start", `sleep 0.4; echo up > $S`, false, lrmd.RCOK, lrmd.Done},
		{"too long", "start", `sleep 30`, true, lrmd.RCError, lrmd.TimedOut},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			log, state := filepath.Join(dir, "log"), filepath.Join(dir, "state")
			script := "S=" + state + "\necho $1 >> " + log + "\nif [ $1 = monitor ]; then [ -e $S ] || exit 7; exit 0; fi\n" + tt.script + "\n"
			first := newRunner(t, script)
			var err error
			if first.Journal, _, err = OpenJournal(dir + "/journal"); err != nil {
				t.Fatal(err)
			}
			run := op(tt.action)
			run.Op.Ticket, run.Op.Timeout = "7:1:0:x", 1500*time.Millisecond
			if err := first.Journal.Note(Entry{Ticket: run.Op.Ticket, From: "n1", Sys: "tengine", Request: "<rsc_op/>"}); err != nil {
				t.Fatal(err)
			}
			ctx, die := context.WithCancel(t.Context())
			ended := make(chan struct{})
			go func() { defer close(ended); first.Run(ctx, run) }()
			if err := waitFor(5*time.Second, func() bool { b, _ := os.ReadFile(log); return len(b) > 0 }); err != nil {
				t.Fatal(err)
			}
			die()
			<-ended

			second := &Runner{OCFRoot: first.OCFRoot}
			var left []Entry
			if second.Journal, left, err = OpenJournal(dir + "/journal"); err != nil || len(left) != 1 {
				t.Fatalf("journal: %v, %v", left, err)
			}
			e := left[0]
			if e.Request != "<rsc_op/>" || e.Op == nil || e.Op.Action != tt.action || e.PID == 0 {
				t.Fatalf("entry %+v", e)
			}
			if !tt.pid {
				e.PID, e.Started = 0, ""
				if err := second.Journal.Note(e); err != nil {
					t.Fatal(err)
				}
			}
			again := lrmd.Run{ID: 3, Op: *e.Op, Resumed: true}
			again.Op.Ticket = e.Ticket
			f := second.Run(t.Context(), again)
			if f.ID != 3 || f.RC != tt.rc || f.Status != tt.status {
				t.Errorf("came to %+v, want %d with status %d", f, tt.rc, tt.status)
			}
			b, _ := os.ReadFile(log)
			if n := strings.Count(string(b), tt.action); n != 1 {
				t.Errorf("%s was called %d times:\n%s", tt.action, n, b)
			}
			second.Journal.Settle(e.Ticket)
			if _, left, err := OpenJournal(dir + "/journal"); err != nil || len(left) != 0 {
				t.Errorf("left in the journal: %v, %v", left, err)
			}
		})
	}
}

func TestWhatALostResultMustHaveBeen(t *testing.T) {
	for _, tt := range []struct {
		action      string
		found, want int
	}{
		{"start", 0, 0}, {"start", 7, 1}, {"start", 8, 0}, {"stop", 7, 0}, {"stop", 0, 1}, {"stop", 5, 0},
		{"promote", 8, 0}, {"promote", 0, 1}, {"demote", 0, 0}, {"demote", 8, 1}, {"monitor", 8, 8},
		{"migrate_to", 7, 0}, {"migrate_to", 0, 1}, {"migrate_from", 0, 0}, {"unheard", 0, 1},
	} {
		if got := concluded(tt.action, tt.found); got != tt.want {
			t.Errorf("%s after which a monitor says %d: %d, want %d", tt.action, tt.found, got, tt.want)
		}
	}
}

// TestBrokenJournal is none: what cannot be read is removed.
func TestBrokenJournal(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{"a.op": "", "b.op": "{", "c.op": `{"Ticket":""}`, "d.op.new": `{"Ticket":"x"}`} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if _, left, err := OpenJournal(dir); err != nil || len(left) != 0 {
		t.Errorf("%v, %v", left, err)
	}
	if files, _ := os.ReadDir(dir); len(files) != 0 {
		t.Errorf("left: %v", files)
	}
}

// TestKeptOutlivesItsProcess: what resources run with is there for the next process,
// for root alone.
func TestKeptOutlivesItsProcess(t *testing.T) {
	dir := t.TempDir() + "/journal"
	j, _, err := OpenJournal(dir)
	if err != nil {
		t.Fatal(err)
	}
	vip := lrmd.Kept{Resource: "vip", Agent: lrmd.Agent{Class: "ocf", Provider: "heartbeat", Type: "IPaddr2"}, Params: []xml.Attr{{Name: "ip", Value: "1"}}}
	plain := lrmd.Kept{Resource: "plain", Params: []xml.Attr{}} // runs, without parameters
	for _, k := range []lrmd.Kept{{Resource: "web", Params: []xml.Attr{}}, vip, plain, {Resource: "web"}} {
		if err := j.Keep(k); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(dir+"/torn"+keptSuffix, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	j, entries, err := OpenJournal(dir)
	if err != nil || len(entries) != 0 {
		t.Fatalf("entries %v, %v", entries, err)
	}
	byName := map[string]lrmd.Kept{}
	for _, k := range j.Kept() {
		byName[k.Resource] = k
	}
	if want := map[string]lrmd.Kept{"vip": vip, "plain": plain}; !reflect.DeepEqual(byName, want) {
		t.Errorf("kept %v, want %v", byName, want)
	}
	files, _ := os.ReadDir(dir)
	for _, f := range files {
		if info, err := f.Info(); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: mode %v, %v", f.Name(), info.Mode(), err)
		}
	}
	if len(files) != 2 {
		t.Errorf("files %v", files)
	}
}

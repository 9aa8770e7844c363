package pengine

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"
	"time"

	"github.com/gocorosync/gocorosync/pacemakerd/pengine"
	"github.com/gocorosync/gocorosync/pacemakerd/xml"
)

var beside = flag.String("crm_simulate", "", "measure this program on the same CIBs, and print both")

var sizes = [...]struct{ resources, nodes int }{{10, 2}, {100, 4}, {500, 8}, {1000, 16}, {2000, 16}, {5000, 32}}

func BenchmarkPlan(b *testing.B) {
	for _, s := range sizes {
		for _, state := range []State{Fresh, Running, Failed} {
			b.Run(fmt.Sprintf("%dx%d-%v", s.resources, s.nodes, state), func(b *testing.B) {
				doc, err := xml.Parse(CIB(s.resources, s.nodes, state))
				if err != nil {
					b.Fatal(err)
				}
				b.ReportAllocs()
				for b.Loop() {
					if _, err := pengine.Plan(doc, pengine.Options{Now: time.Unix(1700000000, 0)}); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

// TestBeside prints time and memory of another crm_simulate and of ours, which
// is the test binary itself planning, for each size.
func TestBeside(t *testing.T) {
	if *beside == "" {
		t.Skip("-crm_simulate names the program to measure beside")
	}
	for _, s := range sizes {
		for _, state := range []State{Fresh, Running, Failed} {
			text := CIB(s.resources, s.nodes, state)
			file := filepath.Join(t.TempDir(), "cib.xml")
			if err := os.WriteFile(file, text, 0o600); err != nil {
				t.Fatal(err)
			}
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			start := time.Now()
			doc, err := xml.Parse(text)
			if err != nil {
				t.Fatal(err)
			}
			r, err := pengine.Plan(doc, pengine.Options{Now: time.Unix(1700000000, 0)})
			if err != nil {
				t.Fatal(err)
			}
			ours := time.Since(start)
			runtime.ReadMemStats(&after)
			cmd := exec.Command(*beside, "-x", file, "-RQ", "-G", file+".graph")
			start = time.Now()
			err = cmd.Run()
			theirs := time.Since(start)
			if err != nil {
				t.Logf("%5d x %2d %-8v ours %v; theirs: %v", s.resources, s.nodes, state, ours, err)
				continue
			}
			memory := int64(0)
			if u, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
				memory = u.Maxrss / 1024
			}
			t.Logf("%5d x %2d %-8v %6d actions; ours %8.3fs, %4d MB allocated; theirs %8.3fs, %4d MB; ratio %.1f", s.resources, s.nodes, state,
				len(r.Actions()), ours.Seconds(), (after.TotalAlloc-before.TotalAlloc)>>20, theirs.Seconds(), memory, theirs.Seconds()/ours.Seconds())
		}
	}
}

// TestPlansOfBench keeps the generator honest: a running cluster has nothing to
// do, the others have.
func TestPlansOfBench(t *testing.T) {
	for _, state := range []State{Fresh, Running, Failed} {
		doc, err := xml.Parse(CIB(60, 3, state))
		if err != nil {
			t.Fatal(err)
		}
		r, err := pengine.Plan(doc, pengine.Options{Now: time.Unix(1700000000, 0)})
		if err != nil {
			t.Fatal(err)
		}
		starts := 0
		for _, ch := range r.Changes() {
			if ch.Verb != "" {
				starts++
			}
		}
		if state == Fresh && starts < 60 || state == Failed && starts == 0 {
			t.Errorf("%v: %d changes", state, starts)
		}
	}
}

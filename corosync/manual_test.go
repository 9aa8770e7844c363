package corosync

import (
	"bytes"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gocorosync/gocorosync/cmap"
	"github.com/gocorosync/gocorosync/conf"
	"github.com/gocorosync/gocorosync/tool"
)

// TestManuals: every key of the file is on a page, and groff finds nothing wrong
// with any of them.
func TestManuals(t *testing.T) {
	groff, err := exec.LookPath("groff")
	if err != nil {
		t.Log("no groff: pages are not checked")
	}
	for _, m := range Manuals() {
		page := m.Roff("0.0")
		if m.Name == "corosync.conf" {
			for _, k := range conf.Known {
				if k.Text == "" || !strings.Contains(page, ".TP\n\\fB"+k.Name+"\\fR") {
					t.Errorf("%s.%s is not explained", k.Section, k.Name)
				}
				if !slices.ContainsFunc(m.Parts, func(p tool.Part) bool { return p.Title == "section "+k.Section }) {
					t.Errorf("section %s is not there", k.Section)
				}
			}
		}
		if groff == "" {
			continue
		}
		cmd := exec.Command(groff, "-man", "-Tutf8", "-ww")
		cmd.Stdin = strings.NewReader(page)
		var errs bytes.Buffer
		cmd.Stderr = &errs
		out, err := cmd.Output()
		if err != nil || errs.Len() > 0 || !strings.Contains(string(out), m.Purpose[:10]) {
			t.Errorf("%s: %v %s\n%s", m.Name, err, errs.String(), out)
		}
	}
}

// explains reports whether a key with a type is one of an entry's.
func (k *madeKey) explains(p conf.Profile, key string, typ cmap.Type) bool {
	if k.only != "" && k.only != p.String() || !slices.Contains(strings.Fields(k.typ), typ.String()) {
		return false
	}
	have := strings.Split(key, ".")
	return slices.ContainsFunc(k.names(), func(name string) bool {
		want := strings.Split(name, ".")
		for i, w := range want {
			if len(have) != len(want) || w != have[i] && w != strings.ToUpper(w) {
				return false
			}
		}
		return true
	})
}

// TestKeysExplained: what a daemon has in cmap, besides what is in its file, is
// in the table of the manual page, with its type.
func TestKeysExplained(t *testing.T) {
	for i, p := range []conf.Profile{conf.EL7, conf.EL9} {
		nodes := cluster(t, p, 6310+2*i, 2)
		n := nodes[0]
		deadline := time.Now().Add(20 * time.Second)
		for {
			members := 0
			n.call(func() { members = len(n.members) })
			if members == 2 {
				break
			}
			if time.Now().After(deadline) {
				t.Fatal("no ring")
			}
			time.Sleep(20 * time.Millisecond)
		}
		n.call(func() {
			n.statsAt = 0
			n.publishStats()
			if p == conf.EL9 { // which a program that embeds a node has not
				n.watch = newWatch(n)
				n.watch.startMonitor()
				n.watch.startWatchdog()
			}
			fromFile := make(map[string]bool)
			for _, k := range n.file.Keys {
				fromFile[k.Name] = true
			}
			seen := 0
			for _, m := range []*cmap.Map{n.keys, n.stats} {
				for _, name := range m.Keys("") {
					v, _ := m.Get(name)
					if fromFile[name] {
						continue
					}
					seen++
					known := false
					for _, s := range madeKeys {
						known = known || slices.ContainsFunc(s.keys, func(k madeKey) bool { return k.explains(p, name, v.Type) })
					}
					if !known {
						t.Errorf("%v: %s (%v) is not explained", p, name, v.Type)
					}
				}
			}
			n.watch = nil
			t.Logf("%v: %d keys", p, seen)
		})
	}
}

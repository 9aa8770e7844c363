package daemon

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gocorosync/gocorosync/cmap"
	"github.com/gocorosync/gocorosync/conf"
	"github.com/gocorosync/gocorosync/tool/manual"
	"github.com/gocorosync/gocorosync/tool/option/optiontest"
)

// TestManuals: every key of the file is on a page, and groff finds nothing wrong
// with any of them.
func TestManuals(t *testing.T) {
	for _, m := range Pages() {
		page := m.Roff("0.0")
		if m.Name == "corosync.conf" {
			for _, k := range conf.Known {
				if k.Text == "" || !strings.Contains(page, ".TP\n\\fB"+k.Name+"\\fR") {
					t.Errorf("%s.%s is not explained", k.Section, k.Name)
				}
				if !slices.ContainsFunc(m.Parts, func(p manual.Part) bool { return p.Title == "section "+k.Section }) {
					t.Errorf("section %s is not there", k.Section)
				}
			}
		}
		optiontest.Pages(t, m)
	}
	optiontest.Programs(t, Programs()...)
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
		n := cluster(t, p, 6310+2*i, 2)[0]
		deadline := time.Now().Add(20 * time.Second)
		for {
			if v, _ := n.View(); len(v.Members) == 2 {
				break
			}
			if time.Now().After(deadline) {
				t.Fatal("no ring")
			}
			time.Sleep(20 * time.Millisecond)
		}
		file, err := conf.Parse("", []byte(clusterText(6310+2*i, 2)), p, nil)
		if err != nil {
			t.Fatal(err)
		}
		fromFile := make(map[string]bool)
		for _, k := range file.Keys {
			fromFile[k.Name] = true
		}
		n.Do(func() {
			seen := 0
			for _, m := range []*cmap.Map{n.Keys(), n.Statistics()} {
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
			t.Logf("%v: %d keys", p, seen)
		})
	}
}

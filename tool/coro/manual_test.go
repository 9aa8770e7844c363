package coro

import (
	"bytes"
	"os/exec"
	"strings"
	"testing"

	"github.com/gocorosync/gocorosync/conf"
)

// TestManuals: every tool has a page, and groff finds nothing wrong with it.
func TestManuals(t *testing.T) {
	groff, err := exec.LookPath("groff")
	if err != nil {
		t.Log("no groff: pages are not checked")
	}
	all := Manuals()
	for name := range Tools() {
		m := all[name]
		if m == nil {
			t.Errorf("%s has no page", name)
			continue
		}
		page := m.Roff("0.0")
		for _, o := range m.Options {
			for flag := range strings.FieldsSeq(o.Flags) {
				if !strings.Contains(page, `\fB`+strings.ReplaceAll(flag, "-", `\-`)+`\fR`) || o.Text == "" {
					t.Errorf("%s: %s is not explained", name, flag)
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
			t.Errorf("%s: %v %s\n%s", name, err, errs.String(), out)
		}
	}
}

// TestGetopt: the options are those of the generation, as the originals have
// them.
func TestGetopt(t *testing.T) {
	for name, want := range map[string][2]string{
		"corosync-cfgtool":    {"i:srRk:a:hH", "i:snbrRLk:a:hH"},
		"corosync-cmapctl":    {"hgsdDtTbp:", "m:hqgsdDtTC:bp:"},
		"corosync-cpgtool":    {"hd:ne", "hd:ne"},
		"corosync-keygen":     {"k:lh", "k:r:s:m:lh"},
		"corosync-quorumtool": {"VHaslpmfe:v:hin:o:", "VHaslpmfe:v:hin:o:"},
		"corosync-notifyd":    {"c:floshdnm:", "c:floshdnm:"},
	} {
		for p, want := range map[conf.Profile]string{conf.EL7: want[0], conf.EL9: want[1]} {
			if got, _ := Manuals()[name].Getopt(p); got != want {
				t.Errorf("%s %v: %q, want %q", name, p, got, want)
			}
		}
	}
}

package coro

import (
	"strings"
	"testing"

	"github.com/gocorosync/gocorosync/conf"
	"github.com/gocorosync/gocorosync/tool/option"
	"github.com/gocorosync/gocorosync/tool/option/optiontest"
)

// TestPrograms: every tool has a table, which is sound.
func TestPrograms(t *testing.T) {
	for _, p := range Programs() {
		for _, g := range p.Groups {
			for _, o := range g.Options {
				if o.Text == "" {
					t.Errorf("%s: %s is not explained", p.Name, o.Flags)
				}
			}
		}
	}
	optiontest.Tools(t, Tools(), Programs())
}

// TestLetters: the options are those of the generation, as the originals have
// them.
func TestLetters(t *testing.T) {
	for name, want := range map[string][2]string{
		"corosync-cfgtool":    {"i:srRk:a:hH", "i:snbrRLk:a:hH"},
		"corosync-cmapctl":    {"hgsdDtTbp:", "m:hqgsdDtTC:bp:"},
		"corosync-cpgtool":    {"hd:ne", "hd:ne"},
		"corosync-keygen":     {"k:lh", "k:r:s:m:lh"},
		"corosync-quorumtool": {"VHaslpmfe:v:hin:o:", "VHaslpmfe:v:hin:o:"},
		"corosync-notifyd":    {"c:floshdnm:", "c:floshdnm:"},
	} {
		for _, p := range Programs() {
			if p.Name != name {
				continue
			}
			for profile, want := range map[conf.Profile]string{conf.EL7: want[0], conf.EL9: want[1]} {
				if got := letters(p, profile); got != want {
					t.Errorf("%s %v: %q, want %q", name, profile, got, want)
				}
			}
		}
	}
}

// letters are a program's short options as getopt takes them.
func letters(p *option.Program, profile conf.Profile) (all string) {
	for _, g := range p.Groups {
		for _, o := range g.Options {
			letter, _, _ := strings.Cut(o.Flags, " ")
			if !o.In(profile) || len(letter) != 2 {
				continue
			}
			all += letter[1:]
			if o.Arg != "" {
				all += ":"
			}
		}
	}
	return all
}

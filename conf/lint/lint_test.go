package lint_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"github.com/gocorosync/gocorosync/captures"
	"github.com/gocorosync/gocorosync/conf"
	"github.com/gocorosync/gocorosync/conf/lint"
)

const good = `# our cluster
totem {
	version: 2
	cluster_name: c
	transport: udpu
	secauth: off
	token: 10000
}
nodelist {
	node {
		ring0_addr: 10.0.0.1
		nodeid: 1
	}
	node {
		ring0_addr: two
		nodeid: 2
	}
}
quorum {
	provider: corosync_votequorum
	two_node: 1
}
logging {
	to_syslog: yes
}
`

func config(p conf.Profile) lint.Config {
	return lint.Config{
		Profile: p,
		Suggest: func(word string, list []string) string {
			for _, w := range list {
				if word == "tokn" && w == "token" || word == "quorm" && w == "quorum" {
					return w
				}
			}
			return ""
		},
		Host: conf.Host{
			Hostname: "one", Addrs: []netip.Prefix{netip.MustParsePrefix("10.0.0.1/24")},
			Resolve: func(name string) ([]netip.Addr, error) {
				switch name {
				case "two":
					return []netip.Addr{netip.MustParseAddr("10.0.0.2")}, nil
				case "many":
					return []netip.Addr{netip.MustParseAddr("10.0.0.2"), netip.MustParseAddr("10.9.0.2")}, nil
				case "one":
					return []netip.Addr{netip.MustParseAddr("127.0.1.1")}, nil
				}
				if a, err := netip.ParseAddr(name); err == nil {
					return []netip.Addr{a}, nil
				}
				return nil, errors.New("no such host")
			},
		},
	}
}

// TestFindings: one change of a good file, what is found and where, and what
// the fix makes of it.
func TestFindings(t *testing.T) {
	for _, p := range []conf.Profile{conf.EL7, conf.EL9} {
		if found := lint.Check("f", []byte(good), config(p)); len(found) != 1 || found[0].Check != "no-authentication" || found[0].Severity != lint.Note || found[0].Line != 6 {
			t.Errorf("%v: good file: %+v", p, found)
		}
	}
	for _, tt := range []struct {
		old, new string
		want     string // line:column: severity check
		remedy   string
		fixed    string // what stands for new after the fix; "" if nothing is fixed
	}{
		{"\ttoken: 10000\n", "\ttoken: 10000 # ten seconds\n", "7:15: error comment-behind-value", "line of its own", "\t# ten seconds\n\ttoken: 10000\n"},
		{"token: 10000", "tokn: 10000", "7:2: warning unknown-key", `did you mean "token"?`, ""},
		{"token: 10000", "Token: 10000", "7:2: warning unknown-key", `write "token"`, "token: 10000"},
		{"quorum {", "quorm {", "19:1: warning unknown-section", `did you mean "quorum"?`, ""},
		{"quorum {", "Quorum {", "19:1: warning unknown-section", `write "quorum"`, "quorum {"},
		{"quorum {", "quorum { # votes", "19:10: warning text-behind-brace", "line of its own", "# votes\nquorum {"},
		{"token: 10000", "token: 1000\u200b0", "7:13: error invisible-character", "take it out", "token: 10000"},
		{"cluster_name: c", "cluster_name:\u00a0c", "4:15: warning invisible-character", `write " "`, "cluster_name: c"},
		{"cluster_name: c", "cluster_name: \"c\"", "4:16: warning quoted-value", "take them out", "cluster_name: c"},
		{"# our cluster\ntotem {", "\ufefftotem {", "1:1: warning invisible-character", "take it out", "totem {"},
		{"\ttwo_node: 1\n}", "\ttwo_node: 1 }", "21:14: error brace-in-value", "line of its own", "\ttwo_node: 1\n}"},
		{"token: 10000", "token: 10000\n\tconsensus: 10000", "8:13: warning consensus", "12000", "token: 10000\n\tconsensus: 12000"},
		{"token: 10000", "token: 10000\n\ttoken: 9000", "8:9: warning repeated-key", "take one", ""},
		{"\ttoken: 10000", "\tprovider: x\n\ttoken: 10000", "7:2: warning unknown-key", "section quorum", ""},
		{"nodeid: 2", "nodeid: 1", "16:11: error repeated-nodeid", "its own", ""},
		{"\t\tnodeid: 2\n", "", "14:1: warning no-nodeid", "of its own", ""},
		{"ring0_addr: two", "ring0_addr: many", "15:15: warning name-resolution", "write the address", ""},
		{"ring0_addr: two", "ring0_addr: one", "15:15: error name-resolution", "/etc/hosts", ""},
		{"ring0_addr: two", "ring0_addr: gone", "15:15: warning name-resolution", "/etc/hosts", ""},
		{"ring0_addr: two", "ring0_addr: 10.0.0.1", "15:15: error repeated-address", "its own", ""},
		{"quorum {\n\tprovider: corosync_votequorum\n\ttwo_node: 1\n}\n", "", "1:1: warning no-quorum", "provider", ""},
		{"two_node: 1", "two_node: 1\n\twait_for_all: 0", "22:16: warning two-node", "take wait_for_all out", ""},
		{"two_node: 1", "expected_votes: 3", "21:18: warning expected-votes", "nodelist", ""},
		{"token: 10000", "token: 10", "7:2: error corosync", "", ""},
		{"token: 10000", "token: ten", "7:2: error corosync", "whole number", ""},
		{"token: 10000", "token: 9000", "6:11: note no-authentication", "corosync-keygen", ""},
	} {
		text := strings.Replace(good, tt.old, tt.new, 1)
		found := lint.Check("f", []byte(text), config(conf.EL7))
		var all []string
		hit := false
		for _, f := range found {
			s := fmt.Sprintf("%d:%d: %s %s", f.Line, f.Column, f.Severity, f.Check)
			all = append(all, s+": "+f.Text)
			if s == tt.want {
				hit = true
				if !strings.Contains(f.Remedy, tt.remedy) {
					t.Errorf("%q: remedy %q, want %q", tt.new, f.Remedy, tt.remedy)
				}
			}
		}
		if !hit {
			t.Errorf("%q: want %s, found:\n%s", tt.new, tt.want, strings.Join(all, "\n"))
		}
		want := text
		if tt.fixed != "" {
			want = strings.Replace(good, tt.old, tt.fixed, 1)
		}
		if got, _ := lint.Fix([]byte(text), found); string(got) != want {
			t.Errorf("%q fixed:\n%s\nwant:\n%s", tt.new, got, want)
		}
	}
}

// TestStrict: corosync 3 does not start with text behind a brace.
func TestStrict(t *testing.T) {
	found := lint.Check("f", []byte(strings.Replace(good, "quorum {", "quorum { # votes", 1)), config(conf.EL9))
	if len(found) != 1 || found[0].Severity != lint.Error {
		t.Errorf("%+v", found)
	}
}

// TestAgreesWithCorosync: what the originals refused has an error here too.
func TestAgreesWithCorosync(t *testing.T) {
	for p, version := range map[conf.Profile]string{conf.EL7: "2.4.5", conf.EL9: "3.1.7"} {
		b := captures.Read(t, "corosync", "conf/"+version+".json")
		var recorded struct {
			Cases map[string]struct {
				Conf string
				T    struct {
					Exit   int
					Output []string
				}
			}
		}
		if err := json.Unmarshal(b, &recorded); err != nil {
			t.Fatal(err)
		}
		n := 0
		for name, c := range recorded.Cases {
			out := strings.Join(c.T.Output, "\n")
			// Keys and log files are not looked at; the names are this test's.
			if c.T.Exit <= 0 || strings.Contains(out, "authkey") || strings.Contains(out, "logfile '") || strings.Contains(out, "state directory") ||
				strings.Contains(out, "not found in /etc") || strings.Contains(out, "uidgid") || strings.Contains(out, "Can't read file") {
				continue
			}
			bad := false
			for _, f := range lint.Check("f", []byte(c.Conf), config(p)) {
				bad = bad || f.Severity == lint.Error
			}
			if n++; !bad {
				t.Errorf("%s: %s: nothing found, corosync said %s\n%s", version, name, out, c.Conf)
			}
		}
		t.Logf("%s: %d refused files", version, n)
	}
}

// FuzzCheck: nothing that a file can hold stops the check, and its places and
// edits are in the file.
func FuzzCheck(f *testing.F) {
	f.Add([]byte(good), true)
	f.Add([]byte("totem{\n a: b # c }\n\xff\u200b: {\n}\n\"x\": \"\n:{"), false)
	f.Fuzz(func(t *testing.T, text []byte, el9 bool) {
		p := conf.EL7
		if el9 {
			p = conf.EL9
		}
		found := lint.Check("f", text, config(p))
		lines := bytes.Count(text, []byte("\n")) + 1
		fixable := false
		for _, x := range found {
			if x.Line < 1 || x.Line > lines || x.Column < 1 || x.Text == "" {
				t.Fatalf("%+v of %d lines", x, lines)
			}
			fixable = fixable || x.Fix != nil
		}
		fixed, n := lint.Fix(text, found)
		if !fixable && (n != 0 || !bytes.Equal(fixed, text)) || fixable && n == 0 {
			t.Fatalf("%d fixed, fixable %v: %q became %q", n, fixable, text, fixed)
		}
	})
}

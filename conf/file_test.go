package conf

import (
	"bytes"
	"errors"
	"net/netip"
	"strings"
	"testing"
)

const sample = `# A comment.
totem {
	version: 2
	cluster_name: lab
	transport: udpu
	token: 1000
	interface {
		ringnumber: 0
		mcastport: 5406
	}
}

nodelist {
  node {
    ring0_addr: 10.0.1.201
    nodeid: 1
  }
  node {
    ring0_addr: 10.0.1.202
    nodeid: 2
  }
}
quorum {
	provider: corosync_votequorum
	two_node: 1
}
logging {
	to_syslog: no
}
`

func parse(t *testing.T, p Profile, text string) *File {
	t.Helper()
	f, err := Parse("test.conf", []byte(text), p, nil)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// TestEdit changes values where they stand and leaves all else alone.
func TestEdit(t *testing.T) {
	f := parse(t, EL7, sample)
	if got := string(f.Bytes()); got != sample {
		t.Fatalf("printed back:\n%s", got)
	}
	for _, e := range []struct{ path, value string }{
		{"totem.token", "5000"}, {"totem.secauth", "off"}, {"quorum.device.model", "net"}, {"logging.debug", "on"}, {"nodelist.node.name", "two"}, {"system.sched_rr", "no"},
	} {
		if err := f.Set(e.path, e.value); err != nil {
			t.Fatalf("Set(%s): %v", e.path, err)
		}
	}
	want := strings.NewReplacer(
		"token: 1000\n", "token: 5000\n\tsecauth: off\n",
		"two_node: 1\n", "two_node: 1\n\tdevice {\n\t\tmodel: net\n\t}\n",
		"to_syslog: no\n}\n", "to_syslog: no\n\tdebug: on\n}\nsystem {\n\tsched_rr: no\n}\n",
		"    nodeid: 2\n", "    nodeid: 2\n    name: two\n",
	).Replace(sample)
	if got := string(f.Bytes()); got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
	node := f.Root.First("nodelist").All("node")[0]
	if err := f.Remove(node.Open, node.Close); err != nil {
		t.Fatal(err)
	}
	if n := len(f.Root.First("nodelist").All("node")); n != 1 {
		t.Errorf("%d nodes left", n)
	}
}

// TestEffective reads what follows from a small file in each generation.
func TestEffective(t *testing.T) {
	host := Host{Hostname: "a", Addrs: []netip.Prefix{netip.MustParsePrefix("10.0.1.202/24")}}
	for p, want := range map[Profile][4]uint32{EL7: {1000, 238, 180, 1200}, EL9: {1000, 238, 180, 1200}} {
		f := parse(t, p, strings.Replace(sample, "transport: udpu", "transport: udpu\n\tsecauth: off", 1))
		tt, err := ReadTotem(FromKeys(f.Keys), p, host)
		if err != nil {
			t.Fatalf("%v: %v", p, err)
		}
		if got := [4]uint32{tt.Token, tt.TokenRetransmit, tt.Hold, tt.Consensus}; got != want {
			t.Errorf("%v: %v, want %v", p, got, want)
		}
		if tt.NodeID != 2 || tt.LocalPos != 1 || tt.Interfaces[0].McastPort != 5406 {
			t.Errorf("%v: %+v", p, tt)
		}
	}
}

// TestAutoMcast is the example of corosync-conf.md.
func TestAutoMcast(t *testing.T) {
	if a := autoMcast("goldie", 0, false); a.String() != "239.192.25.17" {
		t.Error(a)
	}
}

// TestHint: an error knows its place and what to do.
func TestHint(t *testing.T) {
	_, err := Parse("corosync.conf", []byte("totem {\n\tversion: 2\n\ttoken: 3s\n}\n"), EL7, nil)
	var e *Error
	if !errors.As(err, &e) {
		t.Fatal(err)
	}
	if want := `Value of key "token" is expected to be integer in range (0..4294967295), but "3s" was given`; e.Error() != want {
		t.Errorf("%s", e)
	}
	if want := "corosync.conf:3: totem.token must be a whole number from 0 to 4294967295, without unit"; e.Hint() != want {
		t.Errorf("%s", e.Hint())
	}
}

func TestSettings(t *testing.T) {
	for text, ok := range map[string]bool{"": true, `compat = "el9"`: true, `compat = "el8"`: false, `compta = "el9"`: false, `compat = 7`: false} {
		if _, err := ParseSettings([]byte(text)); (err == nil) != ok {
			t.Errorf("%q: %v", text, err)
		}
	}
}

// FuzzSettings: what is taken says which profile, and the same text says it again.
func FuzzSettings(f *testing.F) {
	f.Add([]byte(`compat = "el9"`))
	f.Add([]byte("compat = \"el7\" # why\n[section]\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := ParseSettings(b)
		if err != nil {
			if s != (Settings{}) {
				t.Errorf("%q: %v and an error", b, s)
			}
			return
		}
		again, err := ParseSettings([]byte(`compat = "` + s.Profile.String() + `"`))
		if err != nil || again != s {
			t.Errorf("%q: %v, and again %v, %v", b, s, again, err)
		}
	})
}

func TestText(t *testing.T) {
	root := &Section{}
	tot := root.AddSection("totem").Add("version", "2")
	tot.AddSection("interface").Add("ringnumber", "0")
	root.AddSection("quorum").Add("provider", "x")
	want := "totem {\n    version: 2\n\n    interface {\n        ringnumber: 0\n    }\n}\n\nquorum {\n    provider: x\n}\n"
	if got := root.Text("    "); got != want {
		t.Errorf("got\n%s", got)
	}
}

// FuzzParse: whatever parses prints back unchanged, and an edit of it parses.
func FuzzParse(f *testing.F) {
	f.Add([]byte(sample), true)
	f.Add([]byte("a{b:c\n}}"), false)
	f.Add([]byte("totem {\r\n a : b\r\n"), true)
	f.Fuzz(func(t *testing.T, b []byte, el9 bool) {
		p := EL7
		if el9 {
			p = EL9
		}
		file, err := Parse("fuzz", b, p, nil)
		if !bytes.Equal(file.Bytes(), b) {
			t.Fatalf("%q printed as %q", b, file.Bytes())
		}
		if err != nil {
			return
		}
		v := FromKeys(file.Keys)
		ReadLogging(v, p)
		ReadTotem(v, p, Host{})
		if err := file.Set("totem.token", "77"); err == nil {
			if n := FromKeys(file.Keys).Uint("totem.token", 0); n != 77 && len(b) < 400 {
				t.Errorf("%q: totem.token is %d after Set", file.Bytes(), n)
			}
		}
	})
}

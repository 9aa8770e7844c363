package corosync

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gocorosync/gocorosync/conf"
)

// TestConfigErrors: what is wrong with a Config is said by the type that says so,
// with what is below it.
func TestConfigErrors(t *testing.T) {
	one := func(addr string) *Cluster { return &Cluster{Port: 25454, Nodes: []NodeSpec{{ID: 1, Addr: addr}}} }
	key := bytes.Repeat([]byte("k"), 128)
	plain := []byte("totem {\n version: 2\n transport: udpu\n}\nnodelist {\n node {\n  ring0_addr: 127.77.1.1\n  nodeid: 1\n }\n}\n")
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "file"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	first, err := Start(t.Context(), Config{Cluster: one("127.77.1.9")})
	if err != nil {
		t.Fatal(err)
	}
	defer first.Stop()
	for _, c := range []struct {
		what  string
		cfg   Config
		below error
		line  int
	}{
		{"nothing", Config{}, nil, 0},
		{"two", Config{Cluster: one("127.77.1.1"), Conf: plain}, nil, 0},
		{"no nodes", Config{Cluster: &Cluster{}}, nil, 0},
		{"one id twice", Config{Cluster: &Cluster{Nodes: []NodeSpec{{ID: 1, Addr: "127.77.1.1"}, {ID: 1, Addr: "127.77.1.2"}}}}, nil, 0},
		{"no such node", Config{Cluster: one("127.77.1.1"), NodeID: 2}, nil, 0},
		{"a part of a millisecond", Config{Cluster: &Cluster{Token: time.Second + 1, Nodes: one("127.77.1.1").Nodes}}, nil, 0},
		{"a time before", Config{Cluster: &Cluster{Token: -time.Second, Nodes: one("127.77.1.1").Nodes}}, nil, 0},
		{"less than no queue", Config{Cluster: one("127.77.1.1"), QueueBytes: -1}, nil, 0},
		{"a brace", Config{Cluster: one("127.77.1.1\n}\nquorum {")}, nil, 0},
		{"generation", Config{Cluster: one("127.77.1.1"), Generation: 4}, nil, 0},
		{"key in generation 3", Config{Cluster: one("127.77.1.1"), Key: key}, nil, 0},
		{"key without secauth", Config{Conf: plain, NodeID: 1, Key: key}, nil, 0},
		{"short key", Config{Cluster: one("127.77.1.1"), Generation: 2, Key: []byte("k")}, nil, 0},
		{"no key", Config{Conf: bytes.Replace(plain, []byte("udpu"), []byte("udpu\n secauth: on"), 1), Generation: 2, NodeID: 1}, nil, 0},
		{"syntax", Config{Conf: []byte("totem {\n version 2\n}\n")}, nil, 2},
		{"no file", Config{File: filepath.Join(dir, "none")}, fs.ErrNotExist, 0},
		{"address in use", Config{Cluster: one("127.77.1.9")}, syscall.EADDRINUSE, 0},
		{"address of another", Config{Cluster: one("192.0.2.1")}, syscall.EADDRNOTAVAIL, 0},
	} {
		n, err := Start(t.Context(), c.cfg)
		var wrong *ConfigError
		if !errors.As(err, &wrong) || c.below != nil && !errors.Is(err, c.below) || wrong.Line != c.line {
			t.Errorf("%s: %#v", c.what, err)
		}
		if err == nil {
			n.Stop()
		} else if s := err.Error(); !strings.HasPrefix(s, "corosync: ") || strings.Count(s, "corosync: ") > 1 {
			t.Errorf("%s: %q", c.what, s)
		}
		t.Logf("%s: %v", c.what, err)
	}
	if _, err := Start(t.Context(), Config{Cluster: one("127.77.1.1"), StateDir: filepath.Join(dir, "file")}); !errors.Is(err, ErrState) {
		t.Errorf("no folder: %v", err)
	}
	if _, err := first.Join(t.Context(), strings.Repeat("x", MaxGroupName+1)); !errors.Is(err, ErrGroupName) {
		t.Errorf("long name: %v", err)
	}
	if g, err := first.Join(t.Context(), strings.Repeat("x", MaxGroupName)); err != nil || len(g.Name()) != MaxGroupName {
		t.Errorf("longest name: %v", err)
	}
}

// TestKey: two nodes with one key in memory form a ring, one with another does not
// disturb them.
func TestKey(t *testing.T) {
	ctx := within(t, 20*time.Second)
	c := &Cluster{Name: "secret", Port: 25456, Token: 500 * time.Millisecond}
	for i := range uint32(3) {
		c.Nodes = append(c.Nodes, NodeSpec{ID: i + 1, Addr: fmt.Sprintf("127.77.2.%d", i+1)})
	}
	var nodes []*Node
	for id := range uint32(3) {
		key := bytes.Repeat([]byte{byte('a' + id/2)}, 128)
		n, err := Start(ctx, Config{Cluster: c, Generation: 2, NodeID: id + 1, Key: key})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { n.Stop() })
		nodes = append(nodes, n)
	}
	for v := range nodes[0].Views(ctx) {
		if v.Quorate && len(v.Members) == 2 {
			break
		}
	}
	if got := nodes[0].Members(); fmt.Sprint(got) != "[1 2]" || nodes[2].Quorate() {
		t.Errorf("members %v, the stranger is quorate: %v", got, nodes[2].Quorate())
	}
	if ctx.Err() != nil {
		t.Fatal(ctx.Err())
	}
	for nodes[2].Stats().Unauthenticated == 0 {
		if ctx.Err() != nil {
			t.Fatal("nothing was counted")
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// TestLogger: what a node says goes to the program's logger, with levels and the
// part that speaks.
func TestLogger(t *testing.T) {
	var b safeBuffer
	log := slog.New(slog.NewTextHandler(&b, &slog.HandlerOptions{Level: slog.LevelInfo}))
	n, err := Start(t.Context(), Config{Cluster: &Cluster{Port: 25458, Nodes: []NodeSpec{{ID: 1, Addr: "127.77.3.1"}}}, Logger: log})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := n.Join(within(t, 10*time.Second), "test"); err != nil {
		t.Fatal(err)
	}
	n.Stop()
	for _, want := range []string{
		`level=INFO msg="Initializing transport (UDP/IP Unicast)." subsystem=TOTEM`, `msg="Completed service synchronization, ready to provide service." subsystem=MAIN`,
		`msg="ring formed" subsystem=TOTEM ring=`,
	} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("no %s in\n%s", want, b.String())
		}
	}
	if strings.Contains(b.String(), "level=DEBUG") {
		t.Error("debug lines were made")
	}
}

// TestVolatile: a node without a folder for its state takes a higher ring with
// each start.
func TestVolatile(t *testing.T) {
	var last uint64
	for range 3 {
		n, err := Start(t.Context(), Config{Cluster: &Cluster{Port: 25460, Nodes: []NodeSpec{{ID: 1, Addr: "127.77.4.1"}}}})
		if err != nil {
			t.Fatal(err)
		}
		for v := range n.Views(within(t, 10*time.Second)) {
			if v.Ring.Seq <= last || v.Ring.Node != 1 {
				t.Errorf("ring %v after %x", v.Ring, last)
			}
			last = v.Ring.Seq
			break
		}
		if err := n.Stop(); err != nil {
			t.Error(err)
		}
	}
}

// TestClusterText: a Cluster with all that it can say is read as it is meant.
func TestClusterText(t *testing.T) {
	c := Cluster{
		Name: "all", Port: 5999, Token: 1500 * time.Millisecond, TwoNode: true, WaitForAll: true,
		Nodes: []NodeSpec{{ID: 3, Addr: "fd00::3", Name: "n3", Votes: 2}, {ID: 4, Addr: "n4.example.com"}},
	}
	if err := c.check(); err != nil {
		t.Fatal(err)
	}
	f, err := conf.Parse("", c.text(false), conf.EL9, nil)
	if err != nil {
		t.Fatal(err)
	}
	v := conf.FromKeys(f.Keys)
	for key, want := range map[string]string{
		"totem.cluster_name": "all", "totem.token": "1500", "totem.transport": "udpu", "totem.secauth": "off",
		"nodelist.node.0.ring0_addr": "fd00::3", "nodelist.node.0.name": "n3", "nodelist.node.0.quorum_votes": "2",
		"nodelist.node.1.ring0_addr": "n4.example.com", "nodelist.node.1.nodeid": "4", "quorum.two_node": "1", "quorum.wait_for_all": "1",
	} {
		if got := v.Text(key, ""); got != want && fmt.Sprint(v.Uint(key, 0)) != want {
			t.Errorf("%s is %q, want %q", key, got, want)
		}
	}
}

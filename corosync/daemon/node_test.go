package daemon

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gocorosync/gocorosync/conf"
	"github.com/gocorosync/gocorosync/corosync/internal/node"
)

// clusterText is the configuration of n nodes on loopback addresses of their
// own. port keeps tests apart.
func clusterText(port, n int) string {
	var b strings.Builder
	fmt.Fprintf(&b, "totem {\n version: 2\n transport: udpu\n secauth: off\n token: 500\n interface {\n mcastport: %d\n }\n}\nnodelist {\n", port)
	for i := 1; i <= n; i++ {
		fmt.Fprintf(&b, " node {\n  ring0_addr: 127.77.%d.%d\n  nodeid: %d\n  name: n%d\n }\n", port%250, i, i, i)
	}
	b.WriteString("}\nquorum {\n provider: corosync_votequorum\n}\nlogging {\n to_stderr: no\n to_syslog: no\n}\n")
	return b.String()
}

// cluster starts what n daemons run, in this process and without local sockets.
func cluster(t *testing.T, p conf.Profile, port, n int) (nodes []*node.Node) {
	t.Helper()
	dir := t.TempDir()
	file := filepath.Join(dir, "corosync.conf")
	if err := os.WriteFile(file, []byte(clusterText(port, n)), 0o644); err != nil {
		t.Fatal(err)
	}
	for id := 1; id <= n; id++ {
		log := newLogger(io.Discard)
		cfg := config(options{file: file}, p, log)
		cfg.NodeID, cfg.StateDir, cfg.IPC, cfg.Dedicated = uint32(id), filepath.Join(dir, fmt.Sprint(id)), false, false
		one, err := node.Load(cfg)
		if err == nil {
			err = one.Start(context.Background())
		}
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { one.Leave(); one.Wait(); log.close() })
		nodes = append(nodes, one)
	}
	return nodes
}

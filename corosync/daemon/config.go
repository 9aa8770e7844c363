package daemon

import (
	"context"
	"os"
	"path/filepath"
	"strings"

	"github.com/gocorosync/gocorosync/conf"
	"github.com/gocorosync/gocorosync/corosync/internal/node"
)

// defaultFile is where the configuration is.
const defaultFile = "/etc/corosync/corosync.conf"

// thisHost is this machine, with the keys that are on it.
func thisHost(ctx context.Context) conf.Host {
	h := node.ThisHost(ctx)
	h.ReadKey = readKey
	return h
}

// readFile reads corosync.conf and the uidgid.d files.
func readFile(path string, p conf.Profile) (*conf.File, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, conf.Unread(path, node.SysText(err), p, "the configuration must be readable; \"pcs cluster setup\" makes one")
	}
	f, err := conf.Parse(path, data, p, node.HostNames{})
	if err != nil {
		return nil, err
	}
	dir := "/etc/corosync/uidgid.d"
	if p == conf.EL9 {
		dir = filepath.Join(filepath.Dir(path), "uidgid.d")
	}
	entries, _ := os.ReadDir(dir)
	for _, e := range entries {
		if !e.Type().IsRegular() {
			continue
		}
		name := filepath.Join(dir, e.Name())
		data, err := os.ReadFile(name)
		if err != nil {
			continue
		}
		extra, err := conf.Parse(name, data, p, node.HostNames{})
		if err != nil {
			return nil, err
		}
		for _, k := range extra.Keys {
			if strings.HasPrefix(k.Name, "uidgid.") {
				f.Keys = append(f.Keys, k)
			}
		}
	}
	return f, nil
}

// readKey reads the authentication key.
func readKey(path string) ([]byte, error) {
	if path == "/etc/corosync/authkey" {
		if env := os.Getenv("COROSYNC_TOTEM_AUTHKEY_FILE"); env != "" {
			path = env
		}
	}
	return node.ReadKey(path)
}

package ipc

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
)

// An administrator who has no abstract sockets (some containers), or does not
// want them, creates this file; libqb from 1.0.2 on then uses /run.
const forceFilesystemSockets = "/etc/libqb/force-filesystem-sockets"

// pathSize is the size of sun_path. libqb binds and connects abstract names
// with all of it, so the padding NULs are part of the name.
const pathSize = 108

// socketDir is the folder of such sockets. It was chosen when libqb was built:
// /run is its own choice, Debian's is /tmp. SocketDirEnv names another.
func socketDir() string {
	if dir := os.Getenv(SocketDirEnv); dir != "" {
		return dir
	}
	return "/run"
}

// SocketDirEnv is the environment variable with the folder that libqb's
// file-system sockets are in on this system.
const SocketDirEnv = "GOCOROSYNC_SOCKET_DIR"

// filesystemSockets reports whether names go to the file system on this host.
func filesystemSockets() bool {
	_, err := os.Stat(forceFilesystemSockets)
	return err == nil
}

// address returns the address of a name: abstract and padded, or a path in
// socketDir. Names that begin with a slash are never moved to the file system.
func address(network, name string, filesystem bool) (*net.UnixAddr, error) {
	if filesystem && !strings.HasPrefix(name, "/") {
		return &net.UnixAddr{Net: network, Name: filepath.Join(socketDir(), name)}, nil
	}
	if name == "" || len(name) >= pathSize || strings.ContainsRune(name, 0) {
		return nil, fmt.Errorf("ipc: %q cannot be a socket name", name)
	}
	return &net.UnixAddr{Net: network, Name: "@" + name + strings.Repeat("\x00", pathSize-1-len(name))}, nil
}

// listen binds the stream socket of a service.
func listen(name string, filesystem bool) (*net.UnixListener, error) {
	addr, err := address("unix", name, filesystem)
	if err != nil {
		return nil, err
	}
	if addr.Name[0] == '@' {
		return net.ListenUnix("unix", addr)
	}
	if err := os.Remove(addr.Name); err != nil && !os.IsNotExist(err) {
		return nil, err
	}
	l, err := net.ListenUnix("unix", addr)
	if err != nil {
		return nil, err
	}
	// Who may speak is decided by the kernel's credentials, not by the mode.
	if err := os.Chmod(addr.Name, 0o777); err != nil {
		l.Close()
		return nil, err
	}
	return l, nil
}

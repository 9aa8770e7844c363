// Package integration runs our daemons and tools together with unmodified ones
// of corosync and pacemaker, each host in namespaces of its own.
//
// Its tests have the build tag interop, need root and Linux, and skip what they
// lack programs for:
//
//	go test -tags interop ./integration/...
package integration

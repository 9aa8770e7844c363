package crm

import (
	"errors"
	"syscall"

	"github.com/gocorosync/gocorosync/conf"
	"github.com/gocorosync/gocorosync/pacemakerd/cib"
	"github.com/gocorosync/gocorosync/pacemakerd/client"
	"github.com/gocorosync/gocorosync/tool"
)

// emulated is the pacemaker whose text is printed.
func emulated(env *tool.Env) string {
	if env.Profile == conf.EL9 {
		return "2.1.5"
	}
	return "1.1.20"
}

// Exit statuses of 2.1.5 (crm_exit_t).
const (
	exitError       = 1
	exitNoPrivilege = 4
	exitUsage2      = 64
	exitNoInput     = 66
	exitUnavailable = 69
	exitSoftware    = 70
	exitConfig      = 78
	exitDisconnect  = 102
	exitOld         = 103
	exitNoSuch      = 105
	exitQuorum      = 106
	exitUnsafe      = 107
	exitExists      = 108
	exitTimeout     = 124
)

func exitUsage(env *tool.Env) int {
	if env.Profile == conf.EL9 {
		return exitUsage2
	}
	return int(syscall.EINVAL)
}

// exitOf is the exit status for a CIB result: 1.1.20 exits with the positive
// code, 2.1.5 with a status of its own.
func exitOf(env *tool.Env, c cib.Code) int {
	if c == cib.OK {
		return 0
	}
	if env.Profile != conf.EL9 {
		if c == cib.Exists {
			return 76 // ENOTUNIQ: what 1.1.20 uses for an id that is taken
		}
		return int(-c) & 0xff
	}
	switch c {
	case cib.NotFound, cib.NodeUnknown:
		return exitNoSuch
	case cib.Exists:
		return exitExists
	case cib.AccessDenied, cib.NoPermission: // what 2.1.5 makes of EACCES and EPERM
		return exitNoPrivilege
	case cib.SchemaInvalid, cib.TransformFail, cib.SchemaSame:
		return exitConfig
	case cib.OldData:
		return exitOld
	case cib.DiffFailed, cib.DiffResync:
		return exitOld
	case cib.NoQuorum:
		return exitQuorum
	case cib.Invalid:
		return exitUsage2
	case cib.NotConnected:
		return exitDisconnect
	case cib.Timeout:
		return exitTimeout
	}
	return exitError
}

// text is what the tools print for a code.
func text(env *tool.Env, c cib.Code) string {
	if c == cib.Exists && env.Profile != conf.EL9 {
		return "Name not unique on network"
	}
	return c.String()
}

// codeOf turns an error of the client into a code.
func codeOf(err error) cib.Code {
	var c cib.Code
	switch {
	case err == nil:
		return cib.OK
	case errors.As(err, &c):
		return c
	case errors.Is(err, client.ErrNotRunning):
		return cib.NotConnected
	case errors.Is(err, client.ErrTimeout):
		return cib.Timeout
	}
	return cib.Generic
}

// notConnected is the text and status of a tool that finds no cluster.
func notConnected(env *tool.Env) (string, int) {
	if env.Profile == conf.EL9 {
		return "Transport endpoint is not connected", exitDisconnect
	}
	return "Transport endpoint is not connected", int(syscall.ENOTCONN)
}

// notLetIn is notConnected for a tool of 2.1.5 that tells being refused from
// finding nobody; the others call both not connected.
func notLetIn(env *tool.Env, err error) (string, int) {
	if env.Profile == conf.EL9 && errors.Is(err, syscall.EACCES) {
		return "Permission denied", exitNoPrivilege
	}
	return notConnected(env)
}

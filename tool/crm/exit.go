package crm

import (
	"errors"
	"strings"
	"syscall"

	"github.com/gocorosync/gocorosync/pacemakerd/cib"
	"github.com/gocorosync/gocorosync/pacemakerd/client"
	"github.com/gocorosync/gocorosync/tool"
)

// Exit statuses of 2.1.5 (crm_exit_t).
const (
	exitError       = 1
	exitNoPrivilege = 4
	exitUsage2      = 64
	exitNoInput     = 66
	exitUnavailable = 69
	exitSoftware    = 70
	exitIO          = 74
	exitProtocol    = 76 // a document that is no CIB
	exitConfig      = 78
	exitDisconnect  = 102
	exitOld         = 103
	exitNoSuch      = 105
	exitQuorum      = 106
	exitUnsafe      = 107
	exitExists      = 108
	exitMultiple    = 109
	exitTimeout     = 124
)

func exitUsage(env *tool.Env) int { return generationOf(env).exit.usage }

// exitOf is the exit status for a CIB result.
func exitOf(env *tool.Env, c cib.Code) int {
	if c == cib.OK {
		return 0
	}
	return generationOf(env).exit.of(c)
}

// text is what the tools print for a code.
func text(env *tool.Env, c cib.Code) string {
	if generationOf(env).spelledOut {
		switch c {
		case cib.DiffFailed:
			return "Application of update diff failed"
		case cib.DiffResync:
			return "Application of update diff failed, requesting full refresh"
		}
	}
	if c == cib.Exists {
		return generationOf(env).exit.exists
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

const notConnectedWord = "Transport endpoint is not connected"

// notConnected is the text and status of a tool that finds no cluster.
func notConnected(env *tool.Env) (string, int) {
	return notConnectedWord, generationOf(env).exit.notConnected
}

// notLetIn is notConnected for a tool that may tell being refused from finding
// nobody; the others call both not connected.
func notLetIn(env *tool.Env, err error) (string, int) {
	if status := generationOf(env).exit.refused; status != 0 && errors.Is(err, syscall.EACCES) {
		return "Permission denied", status
	}
	return notConnected(env)
}

// complain prints a line as the tool's own.
func complain(env *tool.Env, text string) { complainAs(env, env.Name, text) }

// complainAs is complain for a tool that calls itself otherwise.
func complainAs(env *tool.Env, name, text string) {
	if generationOf(env).named {
		env.Errorf("%s: ", name)
	}
	env.Errorf("%s\n", text)
}

// commandLine is what a tool was called with.
func commandLine(env *tool.Env) string {
	line := env.Name
	for _, word := range env.Args {
		if strings.Contains(word, " ") {
			word = "'" + word + "'"
		}
		line += " " + word
	}
	return line
}

// statusMessage is what an exit status of 2.1.5 means.
func statusMessage(code int) string {
	switch code {
	case 0:
		return "OK"
	case exitUsage2:
		return "Incorrect usage"
	case exitNoInput:
		return "Input file not available"
	case exitSoftware:
		return "Internal software bug"
	case exitProtocol:
		return "Protocol violated"
	case exitConfig:
		return "Invalid configuration"
	case exitDisconnect:
		return "Not connected"
	case exitNoPrivilege:
		return "Insufficient privileges"
	case exitOld:
		return "Update was older than existing configuration"
	case exitNoSuch:
		return "No such object"
	case exitQuorum:
		return "Quorum required"
	case exitExists:
		return "Requested item already exists"
	case exitMultiple:
		return "Multiple items match request"
	case exitTimeout:
		return "Timeout occurred"
	}
	return "Error occurred"
}

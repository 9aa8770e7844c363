package udp

import (
	"errors"

	"golang.org/x/sys/unix"
)

// transient reports whether a failed receive is about one datagram or the
// moment, not about the socket. An unreachable peer is reported that way.
func transient(err error) bool {
	for _, e := range []error{unix.ECONNREFUSED, unix.EHOSTUNREACH, unix.ENETUNREACH, unix.ENETDOWN,
		unix.EHOSTDOWN, unix.EPERM, unix.EACCES, unix.ENOBUFS, unix.ENOMEM, unix.EMSGSIZE, unix.EPROTO, unix.ENOPROTOOPT} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}

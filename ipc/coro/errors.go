package coro

import (
	"errors"
	"fmt"
	"syscall"
)

// Error is a cs_error_t other than success: what corosync's services answer
// and its tools print.
type Error int32

// The errors. The numbers are the protocol's.
const (
	OK                   Error = 1
	ErrLibrary           Error = 2
	ErrVersion           Error = 3
	ErrInit              Error = 4
	ErrTimeout           Error = 5
	ErrTryAgain          Error = 6
	ErrInvalidParam      Error = 7
	ErrNoMemory          Error = 8
	ErrBadHandle         Error = 9
	ErrBusy              Error = 10
	ErrAccess            Error = 11
	ErrNotExist          Error = 12
	ErrNameTooLong       Error = 13
	ErrExist             Error = 14
	ErrNoSpace           Error = 15
	ErrInterrupt         Error = 16
	ErrNameNotFound      Error = 17
	ErrNoResources       Error = 18
	ErrNotSupported      Error = 19
	ErrBadOperation      Error = 20
	ErrFailedOperation   Error = 21
	ErrMessageError      Error = 22
	ErrQueueFull         Error = 23
	ErrQueueNotAvailable Error = 24
	ErrBadFlags          Error = 25
	ErrTooBig            Error = 26
	ErrNoSections        Error = 27
	ErrContextNotFound   Error = 28
	ErrTooManyGroups     Error = 30
	ErrSecurity          Error = 100
)

var errorNames = map[Error]string{
	OK: "success", ErrLibrary: "CS_ERR_LIBRARY", ErrVersion: "CS_ERR_VERSION", ErrInit: "CS_ERR_INIT",
	ErrTimeout: "CS_ERR_TIMEOUT", ErrTryAgain: "CS_ERR_TRY_AGAIN", ErrInvalidParam: "CS_ERR_INVALID_PARAM",
	ErrNoMemory: "CS_ERR_NO_MEMORY", ErrBadHandle: "CS_ERR_BAD_HANDLE", ErrBusy: "CS_ERR_BUSY",
	ErrAccess: "CS_ERR_ACCESS", ErrNotExist: "CS_ERR_NOT_EXIST", ErrNameTooLong: "CS_ERR_NAME_TOO_LONG",
	ErrExist: "CS_ERR_EXIST", ErrNoSpace: "CS_ERR_NO_SPACE", ErrInterrupt: "CS_ERR_INTERRUPT",
	ErrNameNotFound: "CS_ERR_NAME_NOT_FOUND", ErrNoResources: "CS_ERR_NO_RESOURCES",
	ErrNotSupported: "CS_ERR_NOT_SUPPORTED", ErrBadOperation: "CS_ERR_BAD_OPERATION",
	ErrFailedOperation: "CS_ERR_FAILED_OPERATION", ErrMessageError: "CS_ERR_MESSAGE_ERROR",
	ErrQueueFull: "CS_ERR_QUEUE_FULL", ErrQueueNotAvailable: "CS_ERR_QUEUE_NOT_AVAILABLE",
	ErrBadFlags: "CS_ERR_BAD_FLAGS", ErrTooBig: "CS_ERR_TOO_BIG", ErrNoSections: "CS_ERR_NO_SECTIONS",
	ErrContextNotFound: "CS_ERR_CONTEXT_NOT_FOUND", ErrTooManyGroups: "CS_ERR_TOO_MANY_GROUPS",
	ErrSecurity: "CS_ERR_SECURITY",
}

// Known reports whether the error has a name.
func (e Error) Known() bool { _, ok := errorNames[e]; return ok }

// Error returns the name of the error as corosync's tools print it.
func (e Error) Error() string {
	if s, ok := errorNames[e]; ok {
		return s
	}
	return "unknown error"
}

// check turns the error field of a response into an error.
func check(status int32) error {
	if Error(status) == OK {
		return nil
	}
	return Error(status)
}

// AsError returns the cs_error_t that corosync's libraries would report for
// err: its own number, or the translation of an errno. Anything else is
// [ErrLibrary]; nil is [OK].
func AsError(err error) Error {
	if err == nil {
		return OK
	}
	var e Error
	if errors.As(err, &e) {
		return e
	}
	var errno syscall.Errno
	if !errors.As(err, &errno) {
		return ErrLibrary
	}
	switch errno {
	case syscall.EBADF:
		return ErrBadHandle
	case syscall.ENOMEM:
		return ErrNoMemory
	case syscall.EAGAIN, syscall.ETIMEDOUT, syscall.ENOMSG, syscall.ENOBUFS:
		return ErrTryAgain
	case syscall.EBADE:
		return ErrFailedOperation
	case syscall.ETIME:
		return ErrTimeout
	case syscall.EINVAL:
		return ErrInvalidParam
	case syscall.EBUSY:
		return ErrBusy
	case syscall.EACCES:
		return ErrAccess
	case syscall.EOVERFLOW:
		return ErrNameTooLong
	case syscall.EEXIST:
		return ErrExist
	case syscall.ENOSPC:
		return ErrNoSpace
	case syscall.EINTR:
		return ErrInterrupt
	case syscall.ENOENT, syscall.ENODEV:
		return ErrNotExist
	case syscall.ENOSYS, syscall.ENOTSUP:
		return ErrNotSupported
	case syscall.EBADMSG:
		return ErrMessageError
	case syscall.EMSGSIZE, syscall.E2BIG:
		return ErrTooBig
	}
	return ErrLibrary
}

// wrap says what was being asked for.
func wrap(what string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", what, err)
}

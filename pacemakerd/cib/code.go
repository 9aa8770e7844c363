package cib

import "fmt"

// A Code is the result of an operation: 0, or a negative errno or legacy
// pacemaker code as cib_rc carries it (pacemaker-ipc.md 4.1).
type Code int

// Result codes.
const (
	OK            Code = 0
	NoPermission  Code = -1  // EPERM
	NotFound      Code = -6  // ENXIO
	TryAgain      Code = -11 // EAGAIN
	AccessDenied  Code = -13 // EACCES
	Exists        Code = -17 // EEXIST
	Invalid       Code = -22 // EINVAL
	IOError       Code = -5  // EIO
	NoSpace       Code = -28 // ENOSPC
	ReadOnly      Code = -30 // EROFS
	NotSupported  Code = -95 // EOPNOTSUPP
	TooNew        Code = -93 // EPROTONOSUPPORT: feature set newer than ours
	Timeout       Code = -62 // ETIME
	NotConnected  Code = -107
	Generic       Code = -201
	NoQuorum      Code = -202
	SchemaInvalid Code = -203
	TransformFail Code = -204
	OldData       Code = -205
	DiffFailed    Code = -206
	DiffResync    Code = -207
	Modified      Code = -208
	SchemaSame    Code = -211
	Corrupt       Code = -212
	MultipleFound Code = -213
	NodeUnknown   Code = -214
	AlreadyThere  Code = -215
	BadNameValue  Code = -216
	UnknownFormat Code = -217
)

// Error makes a Code an error; do not compare OK with nil.
func (c Code) Error() string { return c.String() }

// String is the text that pacemaker's tools print for the code.
func (c Code) String() string {
	switch c {
	case OK:
		return "OK"
	case NoPermission:
		return "Operation not permitted"
	case NotFound:
		return "No such device or address"
	case TryAgain:
		return "Resource temporarily unavailable"
	case AccessDenied:
		return "Permission denied"
	case Exists:
		return "File exists"
	case Invalid:
		return "Invalid argument"
	case IOError:
		return "Input/output error"
	case NoSpace:
		return "No space left on device"
	case ReadOnly:
		return "Read-only file system"
	case Timeout:
		return "Timer expired"
	case TooNew:
		return "Protocol not supported"
	case NotSupported:
		return "Operation not supported"
	case NotConnected:
		return "Transport endpoint is not connected"
	case Generic:
		return "Generic Pacemaker error"
	case NoQuorum:
		return "Operation requires quorum"
	case SchemaInvalid:
		return "Update does not conform to the configured schema"
	case TransformFail:
		return "Schema transform failed"
	case OldData:
		return "Update was older than existing configuration"
	case DiffFailed:
		return "Application of an update diff failed"
	case DiffResync:
		return "Application of an update diff failed, requesting a full refresh"
	case Modified:
		return "On-disk configuration was manually modified"
	case SchemaSame:
		return "Schema is already the latest available"
	case Corrupt:
		return "Local copy of CIB is corrupt"
	case MultipleFound:
		return "Resource active on multiple nodes"
	case NodeUnknown:
		return "Node not found"
	case AlreadyThere:
		return "Situation already as requested"
	case BadNameValue:
		return "Bad name/value pair given"
	case UnknownFormat:
		return "Unknown output format"
	}
	return fmt.Sprintf("error %d", int(c))
}

package rules

import "strings"

// Role is what a resource does or is to do. The order of the constants is the
// order of the roles.
type Role int

const (
	RoleUnknown Role = iota
	RoleStopped
	RoleStarted
	RoleUnpromoted
	RolePromoted
)

func (r Role) String() string {
	switch r {
	case RoleStopped:
		return "Stopped"
	case RoleStarted:
		return "Started"
	case RoleUnpromoted:
		return "Unpromoted"
	case RolePromoted:
		return "Promoted"
	}
	return "Unknown"
}

// ParseRole reads a role name, the old names included.
func ParseRole(s string) Role {
	switch strings.ToLower(s) {
	case "stopped":
		return RoleStopped
	case "started":
		return RoleStarted
	case "slave", "unpromoted":
		return RoleUnpromoted
	case "master", "promoted":
		return RolePromoted
	}
	return RoleUnknown
}

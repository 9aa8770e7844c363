package pengine

import "github.com/gocorosync/gocorosync/pacemakerd/rules"

// Role is what a resource does or is to do; rules can ask for it.
type Role = rules.Role

// The roles, in their order.
const (
	RoleUnknown    = rules.RoleUnknown
	RoleStopped    = rules.RoleStopped
	RoleStarted    = rules.RoleStarted
	RoleUnpromoted = rules.RoleUnpromoted
	RolePromoted   = rules.RolePromoted
)

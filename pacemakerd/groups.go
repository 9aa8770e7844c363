package pacemakerd

import (
	"os"

	"github.com/gocorosync/gocorosync/pacemakerd/acl"
)

// inGroup tells whether a user is in a group's list of members, as the original
// looks for one: in the list alone, not by the user's own group.
func inGroup(user, group string) bool {
	b, err := os.ReadFile("/etc/group")
	return err == nil && acl.Listed(b, user, group)
}

package pacemakerd

import (
	"os/user"
	"strconv"
)

// haclusterIDs returns the ids of the user and group that pacemaker's files
// belong to, -1 where they do not exist.
func haclusterIDs() (uid, gid int) {
	uid, gid = -1, -1
	if u, err := user.Lookup("hacluster"); err == nil {
		uid, _ = strconv.Atoi(u.Uid)
	}
	if g, err := groupID("haclient"); err == nil {
		gid = g
	}
	return uid, gid
}

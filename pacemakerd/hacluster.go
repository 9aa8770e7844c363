package pacemakerd

// haclusterIDs returns the ids of the user and group that pacemaker's files
// belong to, -1 where they do not exist.
func haclusterIDs() (uid, gid int) {
	uid, gid = -1, -1
	a := systemAccounts()
	if u, err := a.uid(clusterUser); err == nil {
		uid = u
	}
	if g, err := a.gid(clusterGroup); err == nil {
		gid = g
	}
	return uid, gid
}

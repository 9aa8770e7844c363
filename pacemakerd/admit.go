package pacemakerd

import (
	"os"
	"os/user"
	"strconv"
	"strings"
	"syscall"

	"github.com/gocorosync/gocorosync/ipc"
)

// Who runs pacemaker, by their names on every node.
const (
	clusterUser  = "hacluster"
	clusterGroup = "haclient"
	rootUser     = "root"
	// namelessUser is what the originals call a user whose id has no name, in messages and ACLs.
	namelessUser = "#unprivileged"
)

// A visitor is a local client that may come in.
type visitor struct {
	user string
	// privileged is root, or the user that pacemaker runs as: it may do
	// everything and speak for others. The others of the group are subject to ACLs.
	privileged bool
	gid        int // of the group that the channel files are open to, 0 for root's own
}

// accounts finds the ids of names, so that tests need none of the machine's.
type accounts struct {
	uid, gid func(name string) (int, error)
	name     func(uid uint32) (string, error)
}

func systemAccounts() accounts {
	return accounts{
		uid: func(name string) (int, error) {
			u, err := user.Lookup(name)
			if err != nil {
				return 0, err
			}
			return strconv.Atoi(u.Uid)
		},
		gid: groupID,
		name: func(uid uint32) (string, error) {
			u, err := user.LookupId(strconv.FormatUint(uint64(uid), 10))
			if err != nil {
				return "", err
			}
			return u.Username, nil
		},
	}
}

// admit decides who may come in: root, hacluster, and the members of haclient,
// by the groups of the process that connected. The error is EACCES for all
// others, with what else went wrong.
func (a accounts) admit(peer ipc.Creds, inGroup func(gid uint32) (bool, error)) (visitor, error) {
	if peer.UID == 0 {
		return visitor{user: rootUser, privileged: true}, nil
	}
	gid, gerr := a.gid(clusterGroup)
	uid, uerr := a.uid(clusterUser)
	if uerr == nil && int64(uid) == int64(peer.UID) {
		return visitor{user: clusterUser, privileged: true, gid: max(gid, 0)}, nil
	}
	if gerr != nil {
		return visitor{}, refusal{gerr}
	}
	member, err := inGroup(uint32(gid))
	if !member || err != nil {
		return visitor{}, refusal{err}
	}
	name, err := a.name(peer.UID)
	if err != nil || name == "" || name == rootUser || name == clusterUser { // names are not ids
		name = namelessUser
	}
	return visitor{user: name, gid: gid}, nil
}

// refusal is EACCES, and why if that is not plain.
type refusal struct{ why error }

func (r refusal) Error() string {
	if r.why == nil {
		return "not root, not " + clusterUser + " and not in group " + clusterGroup
	}
	return r.why.Error()
}

func (r refusal) Unwrap() error { return syscall.EACCES }

func groupID(name string) (int, error) {
	g, err := user.LookupGroup(name)
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(g.Gid)
}

// program returns the name of a process.
func program(pid int) string {
	b, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/comm")
	if err != nil {
		return strconv.Itoa(pid)
	}
	return strings.TrimSpace(string(b))
}

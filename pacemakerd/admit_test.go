package pacemakerd

import (
	"errors"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/gocorosync/gocorosync/ipc"
)

func TestAdmit(t *testing.T) {
	none := errors.New("no such name")
	names := map[uint32]string{0: "root", 189: "hacluster", 1000: "alice", 1001: "hacluster", 1002: "root"}
	with := accounts{
		uid:  func(string) (int, error) { return 189, nil },
		gid:  func(string) (int, error) { return 188, nil },
		name: func(uid uint32) (string, error) { return names[uid], nil },
	}
	without := accounts{
		uid:  func(string) (int, error) { return 0, none },
		gid:  func(string) (int, error) { return 0, none },
		name: func(uint32) (string, error) { return "", none },
	}
	for _, tt := range []struct {
		name   string
		a      accounts
		peer   ipc.Creds
		groups []uint32
		err    error // of asking for the groups
		want   visitor
		in     bool
	}{
		{"root", with, ipc.Creds{}, nil, nil, visitor{"root", true, 0}, true},
		{"root of another group", with, ipc.Creds{GID: 5}, nil, nil, visitor{"root", true, 0}, true},
		{"hacluster", with, ipc.Creds{UID: 189, GID: 188}, nil, nil, visitor{"hacluster", true, 188}, true},
		{"hacluster in no group of ours", with, ipc.Creds{UID: 189, GID: 9}, nil, nil, visitor{"hacluster", true, 188}, true},
		{"member", with, ipc.Creds{UID: 1000, GID: 1000}, []uint32{7, 188}, nil, visitor{"alice", false, 188}, true},
		{"member without a name", with, ipc.Creds{UID: 1234, GID: 1000}, []uint32{188}, nil, visitor{"#unprivileged", false, 188}, true},
		{"member whose name is another's", with, ipc.Creds{UID: 1001, GID: 1000}, []uint32{188}, nil, visitor{"#unprivileged", false, 188}, true},
		{"member with root's name", with, ipc.Creds{UID: 1002, GID: 1000}, []uint32{188}, nil, visitor{"#unprivileged", false, 188}, true},
		{"another", with, ipc.Creds{UID: 1000, GID: 1000}, []uint32{7, 8}, nil, visitor{}, false},
		{"root's group", with, ipc.Creds{UID: 1000, GID: 0}, []uint32{0}, nil, visitor{}, false},
		{"groups unknown", with, ipc.Creds{UID: 1000, GID: 1000}, []uint32{188}, errors.New("process 1 is gone"), visitor{}, false},
		{"no such group", without, ipc.Creds{UID: 1000, GID: 0}, []uint32{0}, nil, visitor{}, false},
		{"no such group, root", without, ipc.Creds{}, nil, nil, visitor{"root", true, 0}, true},
	} {
		got, err := tt.a.admit(tt.peer, func(gid uint32) (bool, error) {
			return slices.Contains(tt.groups, gid), tt.err
		})
		if got != tt.want || (err == nil) != tt.in {
			t.Errorf("%s: %+v, %v", tt.name, got, err)
		}
		if err != nil && !errors.Is(err, syscall.EACCES) {
			t.Errorf("%s: %v is not EACCES", tt.name, err)
		}
		if tt.err != nil && (err == nil || !strings.Contains(err.Error(), tt.err.Error())) {
			t.Errorf("%s: %v does not say why", tt.name, err)
		}
	}
}

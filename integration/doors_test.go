//go:build interop

package integration

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gocorosync/gocorosync/ipc"
)

// knock connects to each of the sockets and says what came of it, as a client
// that asks for as much as the originals do.
func knock(names []string) error {
	for _, name := range names {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		c, err := ipc.Dial(ctx, name, ipc.DialOptions{MaxMessage: 1 << 20, Users: []string{"root", "hacluster"}})
		cancel()
		var errno syscall.Errno
		switch {
		case err == nil:
			fmt.Println(name, "in")
			c.Close()
		case errors.As(err, &errno):
			fmt.Println(name, "errno", int(errno))
		default:
			fmt.Println(name, err)
		}
	}
	return nil
}

var (
	pacemakerSockets = []string{"pacemakerd", "cib_ro", "cib_rw", "cib_shm", "crmd", "attrd", "stonith-ng", "lrmd", "pengine"}
	corosyncSockets  = []string{"cmap", "cfg", "cpg", "quorum", "votequorum"}
)

// someone is a kind of user: who it is, and where it is let in.
type someone struct {
	name, setpriv       string
	pacemaker, corosync bool
}

// TestDoors: who may come in at which socket of which daemon, and what the
// tools say and return, ours and the originals, at our daemons and at the originals.
func TestDoors(t *testing.T) {
	realCorosync, realPacemaker := real(t, "corosync"), real(t, "pacemakerd")
	ids := strings.Fields(func() string {
		out, _ := exec.Command("sh", "-c", "id -u hacluster; getent group haclient | cut -d: -f3").Output()
		return string(out)
	}())
	if len(ids) != 2 {
		lacking(t, "needs the user hacluster and the group haclient")
	}
	hacluster, haclient := ids[0], ids[1]
	people := []someone{
		{"root", "--reuid 0 --regid 0 --clear-groups", true, true},
		{"hacluster", "--reuid " + hacluster + " --regid " + haclient + " --clear-groups", true, true}, // an uidgid file says so
		{"haclient by its list", "--reuid 4321 --regid 65534 --groups 7," + haclient, true, false},
		{"haclient by itself", "--reuid 4321 --regid " + haclient + " --clear-groups", true, true}, // the same file
		{"another", "--reuid 65534 --regid 65534 --clear-groups", false, false},
		{"another of group 0", "--reuid 65534 --regid 0 --clear-groups", false, true},
	}
	tools := []struct {
		at, command string
		in, out     int // exit statuses
		pacemaker   bool
	}{
		{"pacemakerd", "crmadmin -P", 0, 4, true},
		{"cib_ro", "crm_mon -1", 0, 4, true},
		{"cib_rw", "cibadmin -Q", 0, 102, true},
		{"crmd", "crm_node -l", 0, 4, true},
		{"attrd", "attrd_updater -n doors -U 1", 0, 4, true},
		{"stonith-ng", "stonith_admin -L", 0, 102, true},
		{"cmap", "corosync-cmapctl -g totem.cluster_name", 0, 1, false},
		{"cfg", "corosync-cfgtool -s", 0, 1, false},
		{"cpg", "corosync-cpgtool", 0, 1, false},
		{"quorum", "corosync-quorumtool -p", 0, 1, false},
	}
	for _, tt := range []struct {
		name   string
		ours   bool
		socket bool // datagrams instead of shared memory
	}{{"the originals", false, false}, {"ours", true, false}, {"ours over datagrams", true, true}} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel() // most of it is waiting for a DC
			l := newLab(t, 1)
			l.t = t
			more, env := "", []string(nil)
			if tt.socket {
				more, env = "}\nsystem {\n qb_ipc_type: socket\n", []string{"PCMK_ipc_type=socket"}
			}
			l.configure(more, "")
			h := l.hosts[0]
			l.must(h, "mkdir -p /etc/corosync/uidgid.d; printf 'uidgid {\\n uid: "+hacluster+"\\n gid: "+haclient+"\\n}\\n' >/etc/corosync/uidgid.d/pacemaker")
			pacemakerd := l.our("pacemakerd")
			if tt.ours {
				h.ours("el9")
			} else {
				h.start(nil, realCorosync, "-f")
				pacemakerd = realPacemaker
			}
			eventually(t, 20*time.Second, func() string {
				out, status := h.run(nil, real(t, "corosync-cpgtool"))
				return says(out, status, 0)
			})
			h.start(env, pacemakerd, "-f")
			eventually(t, 90*time.Second, func() string {
				out, status := h.run(nil, real(t, "crm_mon"), "-1")
				return says(out, status, 0, "Online: [ node1 ]")
			})
			exe, err := os.Executable()
			if err != nil {
				t.Fatal(err)
			}
			visitor := filepath.Join(l.bin, "visitor-"+strings.ReplaceAll(tt.name, " ", "-"))
			if b, err := os.ReadFile(exe); err != nil {
				t.Fatal(err)
			} else if err := os.WriteFile(visitor, b, 0o755); err != nil {
				t.Fatal(err)
			}
			table := [][]string{{"", "socket or tool"}}
			for _, p := range people {
				table[0] = append(table[0], p.name)
			}
			column := func(first, second string, cell func(p someone) string) {
				row := []string{first, second}
				for _, p := range people {
					row = append(row, cell(p))
				}
				table = append(table, row)
			}
			knocked := map[string]map[string]string{}
			for _, p := range people {
				answers := map[string]string{}
				out, _ := h.run([]string{helperEnv + "=knock " + strings.Join(slices.Concat(pacemakerSockets, corosyncSockets), " ")},
					append(append([]string{"setpriv"}, strings.Fields(p.setpriv)...), visitor)...)
				for line := range strings.Lines(out) {
					name, what, _ := strings.Cut(strings.TrimSpace(line), " ")
					answers[name] = what
				}
				knocked[p.name] = answers
			}
			for i, names := range [][]string{pacemakerSockets, corosyncSockets} {
				for _, name := range names {
					column([]string{"pacemakerd", "corosync"}[i], "socket "+name, func(p someone) string {
						allowed := i == 0 && p.pacemaker || i == 1 && p.corosync
						got, want := knocked[p.name][name], "in"
						if !allowed {
							want = fmt.Sprintf("errno %d", int(syscall.EACCES))
						}
						if got != want {
							t.Errorf("%s as %s: %q, want %q", name, p.name, got, want)
						}
						return got
					})
				}
			}
			for _, tool := range tools {
				words := strings.Fields(tool.command)
				paths := []string{real(t, words[0])}
				if executable(l.our(words[0])) {
					paths = append(paths, l.our(words[0]))
				}
				for i, path := range paths {
					column([]string{"Debian's", "our"}[i], tool.command, func(p someone) string {
						args := append(append([]string{"setpriv"}, strings.Fields(p.setpriv)...), path)
						out, status := h.run([]string{"GOCOROSYNC_COMPAT=el9"}, append(args, words[1:]...)...)
						want := tool.out
						if tool.pacemaker && p.pacemaker || !tool.pacemaker && p.corosync {
							want = tool.in
						}
						if status != want {
							t.Errorf("%s %s as %s: exit status %d, want %d\n%s", []string{"Debian's", "our"}[i], tool.command, p.name, status, want, out)
						}
						return fmt.Sprint(status)
					})
				}
			}
			t.Logf("at the daemons of %s:\n%s", tt.name, aligned(table))
			if !tt.ours {
				return
			}
			log, _ := h.run(nil, "cat", "/var/log/pacemaker/pacemaker.log")
			for _, name := range pacemakerSockets {
				if !strings.Contains(log, "client refused endpoint="+name+" uid=65534 gid=65534 pid=") {
					t.Errorf("the log does not say who was refused at %s", name)
				}
			}
			if out, _ := h.run(nil, "find", "/dev/shm", "-uid", "65534", "-o", "-uid", "4321", "-o", "-path", "/dev/shm/qb-*", "-perm", "/007"); out != "" {
				t.Errorf("channel files that are not root's:\n%s", out)
			}
		})
	}
}

// aligned is a table in columns.
func aligned(table [][]string) string {
	var b strings.Builder
	for _, row := range table {
		for i, cell := range row {
			width := 0
			for _, r := range table {
				width = max(width, len(r[i]))
			}
			fmt.Fprintf(&b, "| %-*s ", width, cell)
		}
		b.WriteString("|\n")
	}
	return b.String()
}

package pacemakerd

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/gocorosync/gocorosync/conf"
	"github.com/gocorosync/gocorosync/crash"
	"github.com/gocorosync/gocorosync/pacemakerd/keeper"
	"github.com/gocorosync/gocorosync/scribe"
	"github.com/gocorosync/gocorosync/tool/option"
)

// Main is the program pacemakerd. It returns its exit status.
func Main(name string, args []string, version string, stdout, stderr io.Writer) int {
	var o options
	switch word, err := o.read(args); {
	case errors.Is(err, option.ErrHelp):
		io.WriteString(stdout, o.table().Help(conf.EL9))
		return ExitOK
	case errors.Is(err, option.ErrVersion):
		fmt.Fprintf(stdout, "Pacemaker 2.1.5-gocorosync-%s\nWritten by the gocorosync authors\n", version)
		return ExitOK
	case errors.Is(err, errFeatures):
		fmt.Fprintf(stdout, "Pacemaker 2.1.5-gocorosync-%s (CRM feature set 3.16.1)\n Supporting v3.16.1: agent-manpages corosync-ge-2\n", version)
		return ExitOK
	case err != nil:
		fmt.Fprintf(stderr, "%s: %s\n%s", name, complaint(word, err), o.table().Help(conf.EL9))
		return exitUsage
	}
	level := slog.LevelInfo
	if o.verbose > 0 {
		level = slog.LevelDebug
	}
	if os.Getenv("PCMK_debug") == "yes" {
		level = slog.LevelDebug
	}
	out := openLog(stderr)
	defer out.Close(closeTime)
	log := NewLog(out, level)
	if os.Getuid() != 0 {
		fmt.Fprintf(stderr, "%s: must be started by root\n", name)
		return 77
	}
	syscall.Umask(0o026) // what agents inherit (resource-agents.md 2)
	ctx, cancel := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer cancel()
	fd, isWorker := os.LookupEnv(keeper.Env)
	if !isWorker {
		recordCrash(coresDir, "pacemakerd", log)
		return parent(ctx, args, log)
	}
	os.Unsetenv(keeper.Env) // agents are none of it
	recordCrash(coresDir, "pacemakerd-worker", log)
	signal.Ignore(syscall.SIGPIPE)
	link, left, err := keeper.Attach(fd, RunDir, log)
	if err != nil {
		log.Error("no parent", "err", err)
		return ExitError
	}
	return Run(ctx, Options{Version: version, Log: log, Socket: os.Getenv("PCMK_ipc_type") == "socket", Keeper: link, Left: left})
}

// RunDir holds what is of use only as long as the machine is up.
const RunDir = "/run/gocorosync"

// parent runs this program again as the worker, and holds what must outlive it.
func parent(ctx context.Context, args []string, log *slog.Logger) int {
	self, err := os.Executable()
	if err != nil {
		log.Error("this program cannot be found", "err", err)
		return ExitError
	}
	env := slices.DeleteFunc(os.Environ(), func(e string) bool { return strings.HasPrefix(e, "NOTIFY_SOCKET=") })
	p := &keeper.Parent{Run: RunDir, Log: log, Ready: notifyReady, Command: func() *exec.Cmd {
		return &exec.Cmd{Path: self, Args: append([]string{"pacemakerd"}, args...), Env: env, Stdout: os.Stdout, Stderr: os.Stderr}
	}}
	return p.Serve(ctx)
}

// closeTime is what writing the rest of the log may take at the end.
const closeTime = 2 * time.Second

// openLog opens pacemaker's log file; without it the log goes to stderr. Nobody
// waits for either to take what is written.
func openLog(stderr io.Writer) *scribe.Queue {
	path := cmp.Or(os.Getenv("PCMK_logfile"), "/var/log/pacemaker/pacemaker.log")
	sink := scribe.Stream(stderr)
	if path != "none" && os.MkdirAll(filepath.Dir(path), 0o770) == nil {
		if f, err := scribe.OpenFile(path, 0o660); err == nil {
			sink = f
		}
	}
	return scribe.New(sink, missing)
}

// recordCrash keeps what the runtime says if it ends this process, beside the
// cores of agents, and tells of an earlier one.
func recordCrash(dir, name string, log *slog.Logger) {
	earlier, err := crash.Record(dir, name)
	if err != nil {
		log.Warn("a crash would leave no report", "err", err)
	}
	if earlier != "" {
		log.Error("an earlier process ended in a crash", "report", earlier)
	}
}

// coresDir is for what is left of programs that died.
const coresDir = stateDir + "/cores"

// notifyReady tells the service manager that the daemon is up.
func notifyReady() {
	path := os.Getenv("NOTIFY_SOCKET")
	if path == "" {
		return
	}
	c, err := net.Dial("unixgram", path)
	if err != nil {
		return
	}
	defer c.Close()
	_, _ = c.Write([]byte("READY=1"))
}

package daemon

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"syscall"

	"github.com/gocorosync/gocorosync/cmap"
	"github.com/gocorosync/gocorosync/conf"
	"github.com/gocorosync/gocorosync/corosync/internal/node"
	"github.com/gocorosync/gocorosync/tool"
	"github.com/gocorosync/gocorosync/tool/option"
	"github.com/gocorosync/gocorosync/version"
)

// Main is the corosync daemon. It returns the exit status of the process.
func Main(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	settings, err := readSettings()
	if err != nil {
		fmt.Fprintln(stderr, err)
		return exitConfig
	}
	p := settings.Profile
	opt, err := parseOptions(args, p)
	switch {
	case err != nil:
		if !errors.Is(err, option.ErrHelp) {
			fmt.Fprintln(stderr, "corosync:", err)
		}
		io.WriteString(stderr, opt.table().Help(p))
		return 1
	case opt.version:
		printVersion(stdout, p)
		return exitOK
	case opt.test:
		return testConfig(opt, p, stderr)
	}
	if !opt.foreground && os.Getenv(childEnv) == "" {
		return detach(stderr)
	}
	if status, done := realtime(opt, p); done {
		return status
	}
	return serve(ctx, opt, p, stderr)
}

func readSettings() (conf.Settings, error) {
	var s conf.Settings
	data, err := os.ReadFile(conf.SettingsFile)
	if err == nil {
		if s, err = conf.ParseSettings(data); err != nil {
			return s, err
		}
	}
	if env := os.Getenv(conf.ProfileEnv); env != "" {
		if s.Profile, err = conf.ParseProfile(env); err != nil {
			return s, fmt.Errorf("%s: %w", conf.ProfileEnv, err)
		}
	}
	return s, nil
}

func printVersion(w io.Writer, p conf.Profile) {
	fmt.Fprintf(w, "Corosync Cluster Engine, version '%s'\n", p.Version())
	fmt.Fprintf(w, "gocorosync %s, profile %s\n\nBuilt-in features: %s\n", version.Version, p, node.Features(p))
}

// testConfig is -t: what the original says without starting. More is said by
// Check.
func testConfig(opt options, p conf.Profile, stderr io.Writer) int {
	log := newLogger(stderr)
	n, err := node.Load(config(opt, p, log))
	var bad *conf.Error
	switch {
	case errors.As(err, &bad):
		warn(log, bad.Warnings)
	case err == nil:
		warn(log, n.Totem().Warnings)
	}
	if err != nil {
		return failed(log, err, false)
	}
	// The original goes no further than the first of these here, and says yes to what
	// does not start.
	if err := cmp.Or(checkStateDir(n, p), checkPriority(n, p)); err != nil {
		return failed(log, err, false)
	}
	if err := n.CheckVotes(); err != nil {
		return failed(log, err, false)
	}
	log.Log(node.LevelNotice, node.MAIN, "Corosync Cluster Engine exiting normally")
	log.close()
	return exitOK
}

// warn logs what the configuration has that is not used or goes away.
func warn(log *logger, warnings []string) {
	for _, w := range warnings {
		log.Log(node.LevelWarning, node.MAIN, "%s", w)
	}
}

// checkStateDir refuses to run where a state directory was asked for that is
// not there.
func checkStateDir(n *node.Node, p conf.Profile) error {
	dir := n.StateDir()
	if _, err := os.Stat(dir); err != nil && p == conf.EL9 && dir != node.DefaultStateDir {
		return &exitError{exitStateDir, fmt.Errorf("Cannot chdir to state directory %s. %s", dir, node.SysText(err))}
	}
	return nil
}

// checkPriority refuses what is no priority.
func checkPriority(n *node.Node, p conf.Profile) error {
	if v := n.Keys().Text("system.priority", "max"); p == conf.EL9 && !isPriority(v) {
		return &exitError{exitConfig, fmt.Errorf("Priority value %s is invalid", v)}
	}
	return nil
}

// failed reports why the daemon does not start, as the original does: what is
// wrong with the file on standard error, everything later in the log. With help
// it also says what to do.
func failed(log *logger, err error, help bool) int {
	status := statusOf(err)
	if help {
		tool.NotifyService("STATUS=" + err.Error()) // "systemctl status" shows it
	}
	var ce *conf.Error
	isConf := errors.As(err, &ce)
	early := status == exitLogging || isConf && ce.Early()
	switch {
	case early:
		log.plain(err.Error())
	case status != exitService: // whose reason is in the log
		log.Log(node.LevelError, node.MAIN, "%s", err)
	}
	if help && isConf && ce.Hint() != "" {
		log.plain("gocorosync: " + ce.Hint())
	}
	if !early {
		log.Log(node.LevelError, node.MAIN, "Corosync Cluster Engine exiting with status %d at main.go.", status)
	}
	log.close()
	return status
}

// config is that of a daemon with these options.
func config(opt options, p conf.Profile, log *logger) node.Config {
	cfg := node.Config{
		Read: func() (*conf.File, error) { return readFile(orDefault(opt.file), p) }, ReadKey: readKey,
		Profile: p, IPC: true, Dedicated: true, Log: log.lines, Places: log,
		Monitor: func(keys *cmap.Map) node.Monitor { return newWatch(keys, log) },
	}
	if p == conf.EL7 {
		cfg.StateDir = os.Getenv("COROSYNC_RUN_DIR")
	} else {
		log.margin = "  "
	}
	return cfg
}

func sayStarting(log *logger, p conf.Profile) {
	started := "Corosync Cluster Engine ('2.4.5'): started and ready to provide service."
	if p == conf.EL9 {
		started = "Corosync Cluster Engine 3.1.7 starting up"
	}
	log.Log(node.LevelNotice, node.MAIN, "%s", started)
	log.Log(node.LevelInfo, node.MAIN, "Corosync built-in features: %s", node.Features(p))
	log.Log(node.LevelInfo, node.MAIN, "gocorosync %s, profile %s", version.Version, p)
}

// softMemoryLimit is from where on memory is worth more than time, in bytes:
// clients that do not read their events can make the daemon keep so much.
const softMemoryLimit = 128 << 20

// serve runs the daemon until it is told to end.
func serve(ctx context.Context, opt options, p conf.Profile, stderr io.Writer) int {
	setName()
	if os.Getenv("GOMAXPROCS") == "" {
		// One for the loop, which does nearly all the work, and one for the
		// rest. More threads would mostly wake each other, at real-time
		// priority, and take the CPUs from clients.
		runtime.GOMAXPROCS(2)
	}
	if os.Getenv("GOGC") == "" {
		// There is little to keep, and large messages are much to throw away.
		debug.SetGCPercent(400)
		debug.SetMemoryLimit(softMemoryLimit)
	}
	log := newLogger(stderr)
	log.journal = toJournal()
	cfg := config(opt, p, log)
	cfg.OnKilled = func() {
		log.Log(node.LevelError, node.MAIN, "Corosync Cluster Engine exiting with status -1 at cfg.go.")
		log.close()
		os.Exit(exitKilled)
	}
	n, err := node.Load(cfg)
	if n != nil { // the log is where it should be
		sayStarting(log, p)
	}
	if err != nil {
		return tellParent(failed(log, err, true))
	}
	if err := cmp.Or(checkStateDir(n, p), checkPriority(n, p)); err != nil {
		return tellParent(failed(log, err, true))
	}
	lock, err := lockPID("/run/corosync.pid")
	if err != nil {
		return tellParent(failed(log, err, true))
	}
	defer lock.Close()
	if t := n.Totem(); t.Cipher == "none" && t.Hash == "none" {
		log.Log(node.LevelInfo, node.TOTEM, "messages on the ring are not authenticated: whoever can send UDP to port %d can disturb it", t.Interfaces[0].McastPort)
	}
	recordCrash(n, log)
	lockMemory(log)

	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	// The node gets a context of its own: a signal makes it leave, not stop.
	if err := n.Start(context.WithoutCancel(ctx)); err != nil {
		return tellParent(failed(log, err, true))
	}
	tool.NotifyService("READY=1")
	if os.Getenv(childEnv) != "" {
		log.flush(closeTime) // the parent and with it standard error goes
	}
	tellParent(exitOK)
	signals := make(chan os.Signal, 4)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGINT, syscall.SIGQUIT, syscall.SIGHUP, syscall.SIGUSR2)
	defer signal.Stop(signals)
	go func() {
		for {
			select {
			case s := <-signals:
				switch s {
				case syscall.SIGHUP:
					log.Reopen()
					continue
				case syscall.SIGUSR2:
					n.DumpState()
					continue
				}
				log.Log(node.LevelNotice, node.MAIN, "Node was shut down by a signal")
			case <-ctx.Done():
				select {
				case <-n.Done():
					return
				default:
				}
			case <-n.Done():
				return
			}
			n.Leave()
			<-n.Done()
			return
		}
	}()
	err = n.Wait()
	tool.NotifyService("STOPPING=1")
	if err != nil {
		return failed(log, err, true)
	}
	log.Log(node.LevelNotice, node.MAIN, "Corosync Cluster Engine exiting normally")
	log.close()
	return exitOK
}

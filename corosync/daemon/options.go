package daemon

import (
	"os"

	"github.com/gocorosync/gocorosync/conf"
	"github.com/gocorosync/gocorosync/tool/option"
)

// options are the daemon's command line. The generations have different ones;
// each refuses the other's.
type options struct {
	foreground, test, version bool
	noRealtime, roundRobin    bool
	file, priority            string
	keepCgroup                bool
}

func (o *options) table() *option.Program {
	return &option.Program{
		Name: "corosync", Section: 8, Purpose: "the ring, quorum and process groups of a cluster", Synopsis: []string{"[OPTION...]"},
		About: []string{
			"Corosync keeps a ring of nodes, which all get the same messages in the same order, knows who is there and whether this part of the cluster may act. Pacemaker and other programs use it over local sockets.",
			"Without -f it goes to the background once it runs, and ends with the status of a failed start.",
			"SIGTERM and SIGINT end it in good order: the other nodes hear of it.",
		},
		Groups: []option.Group{{Options: []option.Option{
			{Flags: "-c", Arg: "FILE", Text: "The configuration.", Only: "el9", Values: option.Files(), To: option.Text(&o.file)},
			{Flags: "-f", Text: "Stay in the foreground.", To: option.On(&o.foreground)},
			{Flags: "-p", Text: "Keep the priority of the process.", Only: "el7", To: option.On(&o.noRealtime)},
			{Flags: "-r", Text: "Run with real-time priority, which is the default.", Only: "el7", To: option.On(&o.roundRobin)},
			{Flags: "-R", Text: "Do not.", Only: "el7", To: option.On(&o.keepCgroup)},
			{Flags: "-P", Arg: "NUMBER", Text: "Accepted.", Only: "el7", To: option.Text(&o.priority)},
			{Flags: "-t", Text: "Check the configuration and exit. More is found by \"gocorosync check\".", To: option.On(&o.test)},
			{Flags: "-v", Text: "Print the version and exit.", To: option.On(&o.version)},
			{Flags: "-h", To: option.Help}, // no original lists it
		}}},
		Usage: usage,
		Status: []string{"0: ended in good order", "7: the section logging is wrong", "8: the configuration is wrong", "16: there is no state directory",
			"17: the lock file cannot be written", "18: corosync runs already", "20: a service cannot be started", "21: the ring's number cannot be stored", "255: ended by another node"},
		Files: []string{"/etc/corosync/corosync.conf: the configuration", "/etc/corosync/gocorosync.toml: which generation to be compatible with",
			"/etc/corosync/authkey: the key", "/var/lib/corosync: the state", "/run/corosync.pid: the process id"},
		See: []string{"corosync-cfgtool(8)", "corosync-quorumtool(8)", "corosync-cmapctl(8)", "gocorosync-check(8)"},
	}
}

// parseOptions reads the command line. The originals ignore operands.
func parseOptions(args []string, p conf.Profile) (o options, err error) {
	if _, err := o.table().Read(p, args); err != nil {
		return o, err
	}
	if env := os.Getenv("COROSYNC_MAIN_CONFIG_FILE"); env != "" && o.file == "" {
		o.file = env
	}
	return o, nil
}

func usage(p conf.Profile) string {
	file, priority := "", ""
	if p == conf.EL9 {
		file = "        -c     : Corosync config file path.\n"
	} else {
		priority = `        -p     : Do not set process priority.    
        -r     : Set round robin realtime scheduling (default).
        -R     : Do not set round robin realtime scheduling.
        -P num : Set priority of process (no effect when -r is used)
`
	}
	return "usage:\n" + file + "        -f     : Start application in foreground.\n" + priority +
		"        -t     : Test configuration and exit.\n        -v     : Display version and SVN revision of Corosync and exit.\n"
}

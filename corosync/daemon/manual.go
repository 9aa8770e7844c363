package daemon

import (
	"strings"

	"github.com/gocorosync/gocorosync/conf"
	"github.com/gocorosync/gocorosync/tool"
)

// Manuals are the pages of the daemon, of its check and of its configuration.
func Manuals() []*tool.Manual {
	return []*tool.Manual{&manual, &checkManual, confManual(), votesManual(), keysManual()}
}

var manual = tool.Manual{
	Name: "corosync", Section: 8, Purpose: "the ring, quorum and process groups of a cluster", Synopsis: []string{"[OPTION...]"},
	About: []string{
		"Corosync keeps a ring of nodes, which all get the same messages in the same order, knows who is there and whether this part of the cluster may act. Pacemaker and other programs use it over local sockets.",
		"Without -f it goes to the background once it runs, and ends with the status of a failed start.",
		"SIGTERM and SIGINT end it in good order: the other nodes hear of it.",
	},
	Options: []tool.Option{
		{Flags: "-c", Arg: "FILE", Text: "The configuration.", Only: "el9"},
		{Flags: "-f", Text: "Stay in the foreground."},
		{Flags: "-p", Text: "Keep the priority of the process.", Only: "el7"},
		{Flags: "-r", Text: "Run with real-time priority, which is the default.", Only: "el7"},
		{Flags: "-R", Text: "Do not.", Only: "el7"},
		{Flags: "-P", Arg: "NUMBER", Text: "Accepted.", Only: "el7"},
		{Flags: "-t", Text: "Check the configuration and exit. More is found by \"gocorosync check\"."},
		{Flags: "-v", Text: "Print the version and exit."},
	},
	Status: []string{"0: ended in good order", "7: the section logging is wrong", "8: the configuration is wrong", "16: there is no state directory",
		"17: the lock file cannot be written", "18: corosync runs already", "20: a service cannot be started", "21: the ring's number cannot be stored", "255: ended by another node"},
	Files: []string{"/etc/corosync/corosync.conf: the configuration", "/etc/corosync/gocorosync.toml: which generation to be compatible with",
		"/etc/corosync/authkey: the key", "/var/lib/corosync: the state", "/run/corosync.pid: the process id"},
	See: []string{"corosync-cfgtool(8)", "corosync-quorumtool(8)", "corosync-cmapctl(8)", "gocorosync-check(8)"},
}

var checkManual = tool.Manual{
	Name: "gocorosync-check", Section: 8, Purpose: "find what is wrong with a corosync.conf", Synopsis: []string{"[--fix] [--output-as FORM] [FILE]", "--addresses [FILE]", "--same-as LIST [FILE]"},
	About: []string{
		"Called as \"gocorosync check\". Finds what corosync accepts without a word: comments behind values, invisible characters, keys and sections that have no effect, keys, node ids and addresses that stand twice, a consensus below 1.2 x token, names that are another host on each node; and all that corosync refuses.",
		"Each finding has its line and column, and says what to do.",
	},
	Options: []tool.Option{
		{Flags: "--fix", Text: "Correct what can only be meant in one way. The rest of the file stays as it is."},
		{Flags: "--output-as", Arg: "FORM", Text: "Print findings as text, json or xml."},
		{Flags: "--addresses", Text: "Print what the nodes' names stand for on this host."},
		{Flags: "--same-as", Arg: "LIST", Text: "Compare that with what another host printed."},
		{Flags: "-h --help", Text: "Print the options and exit."},
	},
	Status: []string{"0: nothing found, or only notes", "1: warnings", "8: errors: corosync would not start, or do something else than what is written", "64: wrong usage", "74: the file cannot be read or written"},
	See:    []string{"corosync(8)"},
}

// letters are the daemon's options in a generation, and those with an argument.
func letters(p conf.Profile) (all, valued string) {
	short, _ := manual.Getopt(p)
	for i := range len(short) {
		if strings.HasPrefix(short[i+1:], ":") {
			valued += short[i : i+1]
		}
	}
	return strings.ReplaceAll(short, ":", ""), valued
}

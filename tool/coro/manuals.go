package coro

import (
	"github.com/gocorosync/gocorosync/tool"
)

// Manuals are the pages of the tools by name.
func Manuals() map[string]*tool.Manual {
	all := make(map[string]*tool.Manual)
	for i := range manuals {
		all[manuals[i].Name] = &manuals[i]
	}
	return all
}

// getopt reads a tool's options.
func getopt(env *tool.Env, name string) *tool.Getopt {
	short, long := Manuals()[name].Getopt(env.Profile)
	return tool.NewGetopt(env.Name, env.Args, short, long...)
}

var help = tool.Option{Flags: "-h", Text: "Print the options and exit."}

var okOrNot = []string{"0: done", "1: failed, or wrong usage"}

var manuals = []tool.Manual{
	{
		Name: "corosync-blackbox", Section: 8, Purpose: "print the flight recorder of corosync", Synopsis: []string{"[FILE]"},
		About: []string{
			"The daemon keeps its last log records in memory, those of debug level too. This program makes it write its state to the log and these records to a file, and prints the file.",
			"With FILE it prints that file and asks no daemon. Files of the original corosync can be read, and qb-blackbox can read ours.",
		},
		Files: []string{"/var/lib/corosync/fdata: the file written last"},
		See:   []string{"corosync(8)", "corosync-cmapctl(8)"},
	},
	{
		Name: "corosync-cfgtool", Section: 8, Purpose: "show and steer the ring of the local corosync", Synopsis: []string{"OPTION..."},
		About: []string{"Asks the corosync of this host."},
		Options: []tool.Option{
			{Flags: "-i", Arg: "ADDRESS", Text: "With -s: only this interface."},
			{Flags: "-s", Text: "Show this node's id and the state of its rings or links."},
			{Flags: "-n", Text: "Show the nodes that are connected, with their links.", Only: "el9"},
			{Flags: "-b", Text: "With -s: in short.", Only: "el9"},
			{Flags: "-r", Text: "Take rings that were marked faulty into use again, on all nodes."},
			{Flags: "-R", Text: "Have all nodes read their corosync.conf again. A file with an error changes nothing."},
			{Flags: "-L", Text: "Have the daemon open its log files again, after they were moved.", Only: "el9"},
			{Flags: "-k", Arg: "NODEID", Text: "End corosync on a node, at once and without goodbye."},
			{Flags: "-a", Arg: "NODEID", Text: "Print the addresses of a node."},
			help,
			{Flags: "-H", Text: "End corosync on this node in good order."},
			{Flags: "--force", Text: "With -H: also if a client of the daemon objects.", Only: "el9"},
			{Flags: "--all", Text: "With -H: accepted.", Only: "el9"},
		},
		Status: okOrNot, See: []string{"corosync.conf(5)", "corosync-quorumtool(8)"},
	},
	{
		Name: "corosync-cmapctl", Section: 8, Purpose: "read and change the keys of corosync", Synopsis: []string{"[OPTION...] [KEY...]"},
		About: []string{
			"Without an option that says otherwise the keys are printed, all of them or those that begin with one of KEY.",
			"A value has a type: i8, u8, i16, u16, i32, u32, i64, u64, flt, dbl, str or bin. What is set is kept until the daemon ends.",
		},
		Options: []tool.Option{
			{Flags: "-m", Arg: "MAP", Text: "The map: icmap, with configuration and state, or stats, with counters.", Only: "el9"},
			help,
			{Flags: "-q", Text: "With -g: print values alone.", Only: "el9"},
			{Flags: "-g", Text: "Print these keys."},
			{Flags: "-s", Text: "Set a key: KEY TYPE VALUE. A value of type bin is the name of a file."},
			{Flags: "-d", Text: "Delete these keys."},
			{Flags: "-D", Text: "Delete the keys that begin with these."},
			{Flags: "-t", Text: "Print changes of a key until a line is read that begins with q."},
			{Flags: "-T", Text: "Print changes of the keys that begin with one."},
			{Flags: "-C", Arg: "WHAT", Text: "Clear counters: knet, ipc, totem, schedmiss or all.", Only: "el9"},
			{Flags: "-b", Text: "Print binary values."},
			{Flags: "-p", Arg: "FILE", Text: "Do what the lines of a file say: KEY TYPE VALUE sets, ^KEY deletes, ^^KEY deletes what begins with it."},
		},
		Status: okOrNot, See: []string{"corosync.conf(5)"},
	},
	{
		Name: "corosync-cpgtool", Section: 8, Purpose: "list process groups and their members", Synopsis: []string{"[OPTION...]"},
		Options: []tool.Option{
			help,
			{Flags: "-d", Arg: "TEXT", Text: "Print this between fields, and one member in a line."},
			{Flags: "-n", Text: "Print the names of groups alone."},
			{Flags: "-e", Text: "Print names as they are, not with \\xNN for what cannot be seen."},
		},
		Status: okOrNot, See: []string{"corosync(8)"},
	},
	{
		Name: "corosync-keygen", Section: 8, Purpose: "make the key that the nodes of a ring share", Synopsis: []string{"[OPTION...]"},
		About: []string{"The key is copied to all nodes, by a way on which nobody else can read it."},
		Options: []tool.Option{
			{Flags: "-k --key-file", Arg: "FILE", Text: "Write to this file."},
			{Flags: "-r --random-file", Arg: "FILE", Text: "Take random numbers from this file.", Only: "el9"},
			{Flags: "-s --size", Arg: "BYTES", Text: "Size of the key.", Only: "el9"},
			{Flags: "-m", Arg: "FILE", Text: "The same as -r.", Only: "el9"},
			{Flags: "-l --less-secure", Text: "Accepted. The system's generator never waits."},
			{Flags: "-h --help", Text: "Print the options and exit."},
		},
		Status: okOrNot, Files: []string{"/etc/corosync/authkey: the key, unless -k names another file"}, See: []string{"corosync.conf(5)"},
	},
	{
		Name: "corosync-notifyd", Section: 8, Purpose: "report what happens in the cluster", Synopsis: []string{"[OPTION...]"},
		About: []string{"Reports nodes that join and leave, quorum that is gained and lost, and clients of corosync that come and go. It ends when corosync does."},
		Options: []tool.Option{
			{Flags: "-c", Arg: "NAME", Text: "The community of SNMP; without it public."},
			{Flags: "-f", Text: "Stay in the foreground."},
			{Flags: "-l", Text: "Report to syslog."},
			{Flags: "-o", Text: "Report to standard error too. Needs -f."},
			{Flags: "-s", Text: "Send SNMP traps (version 2c) when quorum changes and when nodes join or leave. The objects are those of COROSYNC-MIB."},
			help,
			{Flags: "-d", Text: "Send signals over the system bus: QuorumStateChange, NodeStateChange and ConnectionStateChange of org.corosync, from /org/corosync."},
			{Flags: "-n", Text: "Do not look for the names of nodes' addresses."},
			{Flags: "-m", Arg: "ADDRESS", Text: "The manager of SNMP, HOST or HOST:PORT; without it localhost and port 162."},
		},
		Status: okOrNot, See: []string{"corosync(8)", "corosync-cmapctl(8)"},
	},
	{
		Name: "corosync-quorumtool", Section: 8, Purpose: "show and change quorum and votes", Synopsis: []string{"[OPTION...]"},
		Options: []tool.Option{
			{Flags: "-V", Text: "Print the version."},
			{Flags: "-H", Text: "Print node ids in hexadecimal."},
			{Flags: "-a", Text: "Print all names or addresses of a node."},
			{Flags: "-s", Text: "Show the state of quorum, and the nodes. This is what happens without options."},
			{Flags: "-l", Text: "List the nodes."},
			{Flags: "-p", Text: "With -s or -l: for programs to read."},
			{Flags: "-m", Text: "Show the state again at each change, for ever."},
			{Flags: "-f", Text: "Take the quorum device out by force."},
			{Flags: "-e", Arg: "VOTES", Text: "Set the expected votes of the cluster."},
			{Flags: "-v", Arg: "VOTES", Text: "Set the votes of a node."},
			help,
			{Flags: "-i", Text: "Print addresses, not names."},
			{Flags: "-n", Arg: "NODEID", Text: "The node of -v; this one without."},
			{Flags: "-o", Arg: "ORDER", Text: "Sort by address (a), name (n) or node id (i)."},
		},
		Status: []string{"0: quorate, or done", "1: failed; in profile el7: quorate", "2: in profile el9: not quorate"},
		See:    []string{"corosync.conf(5)", "corosync-cfgtool(8)"},
	},
}

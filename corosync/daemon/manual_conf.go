package daemon

import (
	"slices"
	"strings"

	"github.com/gocorosync/gocorosync/conf"
	"github.com/gocorosync/gocorosync/tool/manual"
)

// sections are the parts of corosync.conf(5) in their order, with what there is
// to say of them as a whole.
var sections = []struct {
	name  string
	about []string
}{
	{"totem", []string{"The ring. All times are in milliseconds. Those from token_retransmit to miss_count_const have good defaults; a slow network may want a longer token."}},
	{"totem.interface", []string{"An interface of the ring, for what the nodelist does not say. It may stand once for each ring."}},
	{"totem.interface.member", nil},
	{"nodelist.node", []string{"One section \"node\" in section \"nodelist\" for each node, the same list on all of them."}},
	{"quorum", []string{"Who may act: see votequorum(5)."}},
	{"quorum.device", []string{"A quorum device: see votequorum(5) and corosync-qdevice(8)."}},
	{"quorum.device.net", nil},
	{"logging", nil},
	{"logging.logger_subsys", nil},
	{"logging.logging_daemon", nil},
	{"system", []string{"How the daemon runs."}},
	{"qb", []string{"How the daemon talks to local programs."}},
	{"uidgid", []string{"Who may talk to the daemon. The section may repeat, and may stand in files of the folder uidgid.d too."}},
	{"resources", []string{"Monitoring and watchdog (el9). A section \"system\" in it with a section \"memory_used\" or \"load_15min\" in that gives a limit (max, in percent, or a load), poll_period in milliseconds (3000), and recovery: watchdog and quit let the watchdog bite, reboot and shutdown do that at once."}},
	{"cfg", nil},
	{"pload", nil},
	{"nozzle", nil},
}

const exampleConf = `totem {
  version: 2
  cluster_name: web
  transport: udpu
  secauth: off
}
nodelist {
  node {
    ring0_addr: 10.0.1.201
    name: web1
    nodeid: 1
  }
  node {
    ring0_addr: 10.0.1.202
    name: web2
    nodeid: 2
  }
}
quorum {
  provider: corosync_votequorum
  two_node: 1
}`

// keysOf are the keys of a section as terms.
func keysOf(section string) (terms []manual.Term) {
	for _, k := range conf.Known {
		if k.Section != section {
			continue
		}
		var note []string
		if k.Only != "" {
			note = append(note, "profile "+k.Only)
		}
		if k.Type != "" && k.Type != "str" {
			note = append(note, k.Type)
		}
		switch k.Default {
		case "":
		case "required":
			note = append(note, "required")
		default:
			note = append(note, "default: "+k.Default)
		}
		terms = append(terms, manual.Term{Name: k.Name, Note: strings.Join(note, "; "), Text: k.Text})
	}
	return terms
}

func sectionPart(name string, about []string) manual.Part {
	return manual.Part{Title: "section " + name, About: about, Terms: keysOf(name)}
}

func confManual() *manual.Page {
	m := &manual.Page{
		Name: "corosync.conf", Section: 5, Purpose: "the configuration of corosync",
		About: []string{
			"The file /etc/corosync/corosync.conf has sections, \"name {\" up to \"}\", each on a line of its own, and in them lines \"key: value\". A line that begins with # is a comment; behind a value there is none. Everything is also a key of corosync-cmapctl(8), by its path with dots between.",
			"The file should be the same on all nodes. After a change, \"corosync-cfgtool -R\" on one of them makes all read theirs again; what cannot change while the ring runs is said. \"corosync -t\" checks a file, \"gocorosync check\" finds more.",
			"Two generations of corosync read it a little differently; /etc/corosync/gocorosync.toml says which one to be like: \"compat = el7\" (corosync 2.4) or \"compat = el9\" (3.1), the values in quotes.",
		},
		Files: []string{"/etc/corosync/corosync.conf: the configuration", "/etc/corosync/uidgid.d: more sections uidgid", "/etc/corosync/authkey: the key of the ring"},
		See:   []string{"corosync(8)", "votequorum(5)", "cmap_keys(7)", "corosync-cmapctl(8)", "gocorosync-check(8)"},
	}
	for _, s := range sections {
		m.Parts = append(m.Parts, sectionPart(s.name, s.about))
	}
	m.Parts = append(m.Parts, manual.Part{Title: "example", Example: exampleConf})
	return m
}

func votesManual() *manual.Page {
	m := &manual.Page{
		Name: "votequorum", Section: 5, Purpose: "how corosync decides which part of a cluster may act",
		About: []string{
			"Each node has votes, normally one. A part of the cluster is quorate when it has more than half of the expected votes. What a part that is not quorate does is up to those who ask, such as pacemaker.",
			"The keys stand in section quorum of corosync.conf(5). \"corosync-quorumtool -s\" shows what has come of them, \"corosync-quorumtool -e N\" changes the expected votes of a cluster that runs.",
		},
		See: []string{"corosync.conf(5)", "corosync-quorumtool(8)", "corosync-qdevice(8)"},
	}
	for _, s := range sections {
		if strings.HasPrefix(s.name, "quorum") {
			about := slices.DeleteFunc(slices.Clone(s.about), func(text string) bool { return strings.Contains(text, "votequorum(5)") })
			m.Parts = append(m.Parts, sectionPart(s.name, about))
		}
	}
	m.Parts = append(m.Parts, manual.Part{Title: "which go together", About: []string{
		"Two nodes: two_node, which brings wait_for_all with it. A device takes its place, so the two exclude each other.",
		"Three nodes or more that may go down to few: last_man_standing, with wait_for_all, and for the last step from two to one auto_tie_breaker.",
		"An even number of nodes that a network may cut in half: auto_tie_breaker, or a device with a host at a third place.",
		"last_man_standing, auto_tie_breaker and allow_downscale do not work with a device.",
	}})
	return m
}

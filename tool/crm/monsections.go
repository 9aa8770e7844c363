package crm

import (
	"strings"

	"github.com/gocorosync/gocorosync/pacemakerd/status"
)

// sectionNames is what --include and --exclude know, in the order in which it
// is listed.
const sectionNames = "all, attributes, bans[:PREFIX], counts, dc, default, failcounts, failures, fencing, fencing-failed, " +
	"fencing-pending, fencing-succeeded, maint-mode, nodes, none, operations, options, resources, stack, summary, tickets, times"

var sectionsByName = map[string]status.Sections{
	"attributes": status.ShowAttributes, "bans": status.ShowBans, "counts": status.ShowCounts, "dc": status.ShowDC, "failcounts": status.ShowFailCounts,
	"failures": status.ShowFailures, "fencing": status.ShowFencing, "fencing-failed": status.ShowFencing, "fencing-pending": status.ShowFencing,
	"fencing-succeeded": status.ShowFencing, "maint-mode": status.ShowMaintenance, "nodes": status.ShowNodes, "operations": status.ShowOperations,
	"options": status.ShowOptions, "resources": status.ShowResources, "stack": status.ShowStack, "summary": status.ShowSummary, "tickets": status.ShowTickets,
	"times": status.ShowTimes,
}

// errSections is a list of sections that has a word in it that is none.
type errSections string

func (e errSections) Error() string { return string(e) }

// sectionOptions are the options of 2.1.5 about sections.
func (m *monitor) sectionOptions() []option {
	return []option{
		{short: 'I', long: "include", arg: "value", help: "Sections to include in the output, with commas between them", call: m.include},
		{short: 'U', long: "exclude", arg: "value", help: "Sections to exclude from the output", call: m.exclude},
		{long: "neg-locations-of", arg: "value", call: func(prefix string) error {
			m.show(status.ShowBans)
			m.view.BanPrefix = prefix
			return nil
		}},
	}
}

// include shows the sections of a list, exclude hides them. They work in the
// order of the command line on what is shown so far.
func (m *monitor) include(list string) error { return m.choose(list, true) }
func (m *monitor) exclude(list string) error { return m.choose(list, false) }

func (m *monitor) choose(list string, in bool) error {
	for _, name := range strings.Split(list, ",") {
		all, none := "all", "none"
		if !in {
			all, none = none, all
		}
		prefix, isBans := "", name == "bans"
		if p, ok := strings.CutPrefix(name, "bans:"); ok && in {
			name, prefix, isBans = "bans", p, true
		}
		part, known := sectionsByName[name]
		switch {
		case name == all:
			m.view.Sections |= status.ShowAll
		case name == none:
			m.view.Sections = 0
		case name == "default" && in:
			m.view.Sections = m.view.Sections&status.ShowOptions | status.ShowDefault
		case !known && in:
			return errSections("--include options: " + sectionNames)
		case !known:
			return errSections("--exclude options: " + strings.Replace(strings.Replace(sectionNames, "[:PREFIX]", "", 1), " default,", "", 1))
		case in:
			m.view.Sections |= part
			if isBans {
				m.view.BanPrefix = prefix
			}
		default:
			m.view.Sections &^= part
		}
	}
	return nil
}

// optionalArguments brings options of 2.1.5 whose argument may be left out into
// the form with "=", which is the only one that our parser knows with one.
func optionalArguments(args []string) []string {
	var out []string
	for _, a := range args {
		switch {
		case a == "--":
			return append(out, args[len(out):]...)
		case len(a) > 2 && strings.HasPrefix(a, "-L") && strings.Trim(a[1:], "1rnoftAcLRDbsjNm") != "":
			a = "--neg-locations-of=" + a[2:]
		case strings.HasPrefix(a, "--neg-locations="):
			a = "--neg-locations-of=" + a[len("--neg-locations="):]
		case len(a) == 3 && strings.HasPrefix(a, "-m") && a[2] >= '0' && a[2] <= '3':
			a = "--fence-history"
		case strings.HasPrefix(a, "--fence-history="):
			a = "--fence-history"
		}
		out = append(out, a)
	}
	return out
}

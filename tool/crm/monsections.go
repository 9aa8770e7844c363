package crm

import (
	"strconv"
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

// showBans shows constraints that keep resources from nodes, those with a
// prefix if there is one.
func (m *monitor) showBans(prefix string) error {
	m.show(status.ShowBans)
	if prefix != "" {
		m.view.BanPrefix = prefix
	}
	return nil
}

// isHistory refuses what is more of the history than there is. A text without a
// number is 0.
func isHistory(level string) error {
	digits := strings.TrimRight(level, strings.TrimLeft(level, "0123456789"))
	if n, err := strconv.Atoi(digits); err == nil && n > 3 {
		return errOption("Fence history must be 0-3")
	}
	return nil
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

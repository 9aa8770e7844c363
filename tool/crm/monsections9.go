package crm

import (
	"strings"
)

// sections are the parts of crm_mon's text in 2.1.5 that are shown.
type sections uint32

const (
	showStack sections = 1 << iota
	showDC
	showTimes
	showCounts
	showOptions
	showMaintenance
	showNodes
	showResources
	showAttributes
	showFailCounts
	showOperations
	showFailures
	showFencing // of a live cluster only, whose fencer knows its history
	showTickets
	showBans

	showSummary = showStack | showDC | showTimes | showCounts
	showDefault = showSummary | showMaintenance | showNodes | showResources | showFailures | showFencing
	showAll     = showDefault | showAttributes | showFailCounts | showOperations | showTickets | showBans
)

// sectionNames is what --include and --exclude know, in the order in which it
// is listed.
const sectionNames = "all, attributes, bans[:PREFIX], counts, dc, default, failcounts, failures, fencing, fencing-failed, " +
	"fencing-pending, fencing-succeeded, maint-mode, nodes, none, operations, options, resources, stack, summary, tickets, times"

var sectionsByName = map[string]sections{
	"attributes": showAttributes, "bans": showBans, "counts": showCounts, "dc": showDC, "failcounts": showFailCounts,
	"failures": showFailures, "fencing": showFencing, "fencing-failed": showFencing, "fencing-pending": showFencing,
	"fencing-succeeded": showFencing, "maint-mode": showMaintenance, "nodes": showNodes, "operations": showOperations,
	"options": showOptions, "resources": showResources, "stack": showStack, "summary": showSummary, "tickets": showTickets,
	"times": showTimes,
}

// errSections is a list of sections that has a word in it that is none.
type errSections string

func (e errSections) Error() string { return string(e) }

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
			m.shows |= showAll
		case name == none:
			m.shows = 0
		case name == "default" && in:
			m.shows = m.shows&showOptions | showDefault
		case !known && in:
			return errSections("--include options: " + sectionNames)
		case !known:
			return errSections("--exclude options: " + strings.Replace(strings.Replace(sectionNames, "[:PREFIX]", "", 1), " default,", "", 1))
		case in:
			m.shows |= part
			if isBans {
				m.banPrefix = prefix
			}
		default:
			m.shows &^= part
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

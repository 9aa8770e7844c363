package status

import "time"

// Sections are the parts of a status that are shown.
type Sections uint32

// The sections, in the order in which they are printed.
const (
	ShowStack Sections = 1 << iota
	ShowDC
	ShowTimes
	ShowCounts
	ShowOptions
	ShowMaintenance
	ShowNodes
	ShowResources
	ShowAttributes
	ShowFailCounts
	ShowOperations
	ShowFailures
	ShowFencing // of a live cluster only, whose fencer knows its history
	ShowTickets
	ShowBans

	ShowSummary = ShowStack | ShowDC | ShowTimes | ShowCounts
	ShowDefault = ShowSummary | ShowMaintenance | ShowNodes | ShowResources | ShowFailures | ShowFencing
	ShowAll     = ShowDefault | ShowAttributes | ShowFailCounts | ShowOperations | ShowTickets | ShowBans
)

// A View is what of a status is shown, and how. Not every format takes notice
// of all of it.
type View struct {
	Sections  Sections
	Inactive  bool   // resources that run nowhere, too
	ByNode    bool   // resources below the nodes they run on
	Brief     bool   // primitives counted, not named
	Detail    bool   // ids of nodes, all about a failure
	Timing    bool   // times of operations
	Pending   bool   // what is under way
	BanPrefix string // with which the ids of bans begin

	Live    bool // a running cluster is shown, not a file
	Now     time.Time
	Request string        // the command line
	CGI     bool          // a web server passes the page on, which wants a header
	Page    bool          // the page is a file that is written again and again,
	Refresh time.Duration // so often
}

func (v *View) shows(part Sections) bool { return v.Sections&part != 0 }

package crm

import (
	"os"

	"github.com/gocorosync/gocorosync/conf"
	"github.com/gocorosync/gocorosync/pacemakerd/cib"
	"github.com/gocorosync/gocorosync/pacemakerd/pengine"
	"github.com/gocorosync/gocorosync/pacemakerd/schema"
	"github.com/gocorosync/gocorosync/pacemakerd/status"
	"github.com/gocorosync/gocorosync/pacemakerd/xml"
	"github.com/gocorosync/gocorosync/tool"
)

// A generation is what differs between the pacemakers whose tools these are:
// words, exit statuses, and functions where those will not do. A tool asks it
// and never which one it is.
type generation struct {
	version string // of the pacemaker whose text is printed
	prints  status.Generation

	named bool // complaints begin with the tool's name

	spelledOut bool // long options are, but for those of a few tools
	message    func(severity, origin, text string) string
	library    string // the origin of what libxml2 complains about

	exit        exits
	unvalidated string // said of a document without a schema
	lineage     func(*xml.Element) schema.Lineage
	nextIsOld   bool                                              // pacemaker-next is not to be used
	modernise   func(*tool.Env, *xml.Element) (warnings []string) // brings a document into the planner's terms
	reword      func(pengine.Message) []pengine.Message           // what is said in place of a message of the planner's

	mon       monWords
	verify    verifyWords
	simulate  simulateWords
	attribute attributeWords
	admin     adminWords
	node      nodeWords
}

// exits are exit statuses.
type exits struct {
	usage, notConnected int
	refused             int // for who is not let in, 0 if that is the same as not connected
	of                  func(cib.Code) int
	exists              string // what is said of an id that is taken
}

// monWords are crm_mon's.
type monWords struct {
	own     bool // it has switches of its own for each format, and no --output-as
	anyFile bool // as a web page, too, it reads the file it is told to
	// One line of status counts a node that is online among those, also if it
	// has to be fenced or is not a member yet.
	uncleanIsThere bool
	resource       string
	unread         func(*tool.Env, error) int // a file could not be
	refused        func(m *monitor, foreign bool) int
	noCluster      func(*tool.Env) int
	warn           func(env *tool.Env, problems []string, dc bool) int
}

// verifyWords are crm_verify's.
type verifyWords struct {
	emptyText                       bool        // no text is a text, too
	namesError                      bool        // it says why a live configuration cannot be read
	mode                            os.FileMode // of a file that is saved
	noLive, invalid                 string
	hint, hintDoubtful              string
	actionOrigin, nodeOrigin        string // of the lines of a plan
	action                          string // before such a line
	noSource, noLiveCode            int
	unreadable, foreign, notConform int
}

// simulateWords are crm_simulate's.
type simulateWords struct {
	profiles     bool                                              // it times a folder of files
	rooms        bool                                              // it shows utilization
	quorumCounts bool                                              // a quorum that is asked for is a modification of its own
	asserts      bool                                              // it fails assertions
	least        string                                            // schema that is not upgraded
	stuck        func(claimed, least, first, newest string) string // said of one that cannot be upgraded to it
	noLive       string

	noLiveCode, unreadable, incomplete int
	foreign, notConform, stuckCode     int
}

// attributeWords are those of crm_attribute and its wrappers.
type attributeWords struct {
	transientToo bool   // standby until the next reboot counts, too
	nodeAlways   bool   // also for the defaults of resources and operations a node has to be known
	nullValue    bool   // a value is shown that is not there
	noCIB        string // before the reason
	deletedEnd   string
}

// adminWords are cibadmin's.
type adminWords struct {
	unsafe int

	statuses bool   // it tells apart what 1.1.20 calls wrong usage, and takes no notice of no word
	noCIB    string // before the reason
	failed   func(name string, fromFile bool, c cib.Code) string
	reason   bool // each element that failed has the reason in it
}

// nodeWords are those of crm_node, crmadmin and attrd_updater.
type nodeWords struct {
	noController func(word string) string
	noDaemon     func(env *tool.Env, daemon string) // says what crmadmin misses, nil for the plain error
	silentExit   int                                // of a crmadmin that finds no cluster, 0 if it says so
	kind         string
	noAttributes func(env *tool.Env, query bool, name, word string)
	noAttribute  int
}

// generationOf is the generation that a tool is of.
func generationOf(env *tool.Env) *generation {
	if env.Profile == conf.EL9 {
		return el9()
	}
	return el7()
}

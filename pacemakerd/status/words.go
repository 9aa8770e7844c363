package status

import (
	"strings"

	"github.com/gocorosync/gocorosync/pacemakerd/pengine"
)

// Words are what a generation of pacemaker calls things, and what it shows of
// them, as far as all its formats agree.
type Words struct {
	roles    map[pengine.Role]string // where they are not the planner's own
	provider string                  // between the class and the provider of an agent
	results  map[int]string          // of agents
	noResult string                  // for any other
	lock     string                  // the flag of a resource that waits for a node that was shut down
	lists    listTitles
	// Histories name what they are about as the lists of resources do, and count
	// the failures of all instances of an anonymous clone together.
	instancesTogether bool
	// How long a failed operation took and waited is told also where it is not known.
	spansAlways bool
	// Probes that found that a resource cannot run there are no failures.
	hidesMasked bool
	// Groups in clones have all their members listed, also those that run nowhere.
	wholeGroups bool
	own         []string // attributes that are shown although they are the cluster's own
	tail        string   // behind each line about a resource in a transition summary
	reason      string   // before the reason in it
}

// listTitles stand above the list of resources.
type listTitles struct{ active, inactive, full string }

// wordsEL7 and wordsEL9 are the words of 1.1.20 and of 2.1.5.
var (
	wordsEL7 = Words{
		roles:    map[pengine.Role]string{pengine.RolePromoted: "Master", pengine.RoleUnpromoted: "Slave"},
		provider: "::",
		results: map[int]string{0: "ok", 1: "unknown error", 2: "invalid parameter", 3: "unimplemented feature", 4: "insufficient privileges",
			5: "not installed", 6: "not configured", 7: "not running", 8: "master", 9: "master (failed)", 193: "unknown"},
		noResult:    "<unknown>",
		lists:       listTitles{"Active resources", "Inactive resources", "Full list of resources"},
		spansAlways: true,
		wholeGroups: true,
		tail:        "  ",
		reason:      " ",
	}
	wordsEL9 = Words{
		provider: ":",
		results: map[int]string{0: "ok", 1: "error", 2: "invalid parameter", 3: "unimplemented feature", 4: "insufficient privileges",
			5: "not installed", 6: "not configured", 7: "not running", 8: "promoted", 9: "promoted (failed)",
			190: "OCF_DEGRADED", 191: "promoted (degraded)"},
		noResult:          "unknown",
		lock:              "LOCKED",
		instancesTogether: true,
		hidesMasked:       true,
		lists:             listTitles{"Active Resources", "Inactive Resources", "Full List of Resources"},
		own:               []string{"probe_complete", "maintenance"},
		reason:            "  ",
	}
)

func (w *Words) role(r pengine.Role) string {
	if word, ok := w.roles[r]; ok {
		return word
	}
	return r.String()
}

// result is what an agent's result means.
func (w *Words) result(rc int) string {
	if word, ok := w.results[rc]; ok {
		return word
	}
	return w.noResult
}

// agent is a resource's agent.
func (w *Words) agent(r *pengine.Resource) string {
	if r.Provider == "" {
		return r.Class + ":" + r.Type
	}
	return r.Class + w.provider + r.Provider + ":" + r.Type
}

// plural is what stands behind a word for n things.
func plural(n int) string {
	if n == 1 {
		return ""
	}
	return "s"
}

// choose is one of two words.
func choose(b bool, yes, no string) string {
	if b {
		return yes
	}
	return no
}

func bracket(flags []string) string {
	if len(flags) == 0 {
		return ""
	}
	return " (" + strings.Join(flags, ", ") + ")"
}

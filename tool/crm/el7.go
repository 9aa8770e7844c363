package crm

import (
	"fmt"
	"strconv"
	"strings"
	"syscall"

	"github.com/gocorosync/gocorosync/pacemakerd/cib"
	"github.com/gocorosync/gocorosync/pacemakerd/schema"
	"github.com/gocorosync/gocorosync/pacemakerd/status"
	"github.com/gocorosync/gocorosync/pacemakerd/xml"
	"github.com/gocorosync/gocorosync/tool"
)

// el7 is pacemaker 1.1.20. Its exit statuses are those of the system, and some
// are negative ones of which eight bits are left.
func el7() *generation {
	return &generation{
		version: "1.1.20",
		prints:  status.EL7,
		message: func(word, origin, text string) string {
			return fmt.Sprintf("%8s: %s:\t%s", word, origin, text)
		},
		library: "crm_xml_err",
		exit: exits{
			usage: int(syscall.EINVAL), notConnected: int(syscall.ENOTCONN),
			of: exitOfEL7, exists: "Name not unique on network",
		},
		unvalidated: "Configuration validation is currently disabled. It is highly encouraged and prevents many common cluster issues.",
		lineage:     lineageEL7,
		modernise:   func(_ *tool.Env, doc *xml.Element) []string { return inOldTerms(doc) },
		reword:      inOldWords,
		mon: monWords{
			own: true, resource: "resource",
			unread:  func(env *tool.Env, err error) int { return env.Fail(exitError, "%v", err) },
			refused: monRefusedEL7,
			noCluster: func(env *tool.Env) int {
				env.Printf("\nError: cluster is not available on this node\n")
				return int(syscall.ENOTCONN)
			},
			warn: func(env *tool.Env, problems []string, dc bool) int {
				if !dc {
					problems = append(problems, "no DC")
				}
				env.Printf("CLUSTER WARN: %s\n", strings.Join(problems, ", "))
				return 1
			},
		},
		verify: verifyWords{
			namesError: true, mode: 0o644,
			noLive:  "Live CIB query failed: Transport endpoint is not connected",
			invalid: "CIB did not pass DTD/schema validation",
			hint:    "  -V may provide more details", hintDoubtful: "  Use -V for more details",
			actionOrigin: "LogAction", nodeOrigin: "LogNodeActions", action: " * ",
			noSource: int(syscall.EINVAL), noLiveCode: 149,
			unreadable: 195, // ENODATA, negative
			foreign:    182, // EBADMSG, negative
			notConform: 55,  // ENOANO's place in 1.1.20: a schema error
		},
		simulate: simulateWords{
			quorumCounts: true, asserts: true,
			least: "pacemaker-2.0",
			stuck: func(claimed, least, from, newest string) string {
				return "Your current configuration " + claimed + " could not validate with any schema in range [" + from + ", " + newest + "], cannot upgrade to " + least + "."
			},
			noLive:     "Live CIB query failed: Transport endpoint is not connected (-107)",
			noLiveCode: int(syscall.ENOTCONN), unreadable: exitError,
			incomplete: 4,   // the graph's state, terminated
			foreign:    134, // the original aborts
			notConform: 203, // a schema error, negative
			stuckCode:  126,
		},
		attribute: attributeWords{nullValue: true, noCIB: "Error signing on to the CIB service: ", deletedEnd: "\n\n"},
		admin: adminWords{
			unsafe: int(syscall.EINVAL), noCIB: "Signon to CIB failed", reason: true,
			failed: func(name string, _ bool, c cib.Code) string {
				n := int(c)
				if c == cib.Exists {
					n = -76
				}
				return "Call " + name + " failed (" + strconv.Itoa(n) + ")"
			},
		},
		node: nodeWords{
			noController: func(string) string { return "Could not connect to cluster (is it running?)" },
			silentExit:   254,
			kind:         "(null)",
			noAttributes: func(env *tool.Env, query bool, name, word string) {
				env.Errorf("Connection to cluster attribute manager failed: Connection refused (111)\n")
				if query {
					env.Errorf("Could not query value of %s: %s (-107)\n", name, word)
				}
			},
			noAttribute: 6,
		},
	}
}

// exitOfEL7 is the exit status for a CIB result: the positive code.
func exitOfEL7(c cib.Code) int {
	if c == cib.Exists {
		return 76 // ENOTUNIQ: what 1.1.20 uses for an id that is taken
	}
	return int(-c) & 0xff
}

// lineageEL7 takes a later schema only where the cluster itself has one: there
// its feature set is later, too.
func lineageEL7(doc *xml.Element) schema.Lineage {
	const last = "3.0.14" // the feature set of 1.1.20
	claimed := doc.Get("validate-with")
	if schema.Lineage2.Has(claimed) && !schema.Lineage1.Has(claimed) && cib.CompareFeatureSets(doc.Get("crm_feature_set"), last) > 0 {
		return schema.Lineage2
	}
	return schema.Lineage1
}

// monRefusedEL7 says that a file is no CIB that conforms to its schema.
func monRefusedEL7(m *monitor, foreign bool) int {
	if foreign {
		m.env.Printf("\nConnection to cluster failed: No such device or address\n")
		return int(syscall.ENXIO)
	}
	m.env.Printf("\nConnection to cluster failed: %s\n", cib.SchemaInvalid.Error())
	m.env.Errorf("%s: Connection to local file '%s' failed: %s\n", m.env.Name, m.file, cib.SchemaInvalid.Error())
	return 203
}

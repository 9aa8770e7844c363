package crm

import (
	"strings"

	"github.com/gocorosync/gocorosync/pacemakerd/cib"
	"github.com/gocorosync/gocorosync/pacemakerd/pengine"
	"github.com/gocorosync/gocorosync/pacemakerd/schema"
	"github.com/gocorosync/gocorosync/pacemakerd/status"
	"github.com/gocorosync/gocorosync/pacemakerd/xml"
	"github.com/gocorosync/gocorosync/tool"
)

// el9 is pacemaker 2.1.5, which has exit statuses of its own.
func el9() *generation {
	return &generation{
		version: "2.1.5",
		prints:  status.EL9,
		named:   true,

		spelledOut: true,

		message: func(word, origin, text string) string { return "(" + origin + ") \t" + word + ": " + text },
		library: "log_xmllib_err",
		exit: exits{
			usage: exitUsage2, notConnected: exitDisconnect, refused: exitNoPrivilege,
			of: exitOfEL9, exists: cib.Exists.String(),
		},
		unvalidated: "Schema validation of configuration is disabled (enabling is encouraged and prevents common misconfigurations)",
		lineage:     func(*xml.Element) schema.Lineage { return schema.Lineage2 },
		nextIsOld:   true,
		modernise:   tellUpgrade,
		reword:      func(m pengine.Message) []pengine.Message { return []pengine.Message{m} },
		mon: monWords{
			anyFile: true, uncleanIsThere: true, resource: "resource instance",
			unread: func(env *tool.Env, _ error) int {
				env.Errorf("Could not connect to the CIB: No such device or address\n")
				return 0
			},
			refused: func(m *monitor, foreign bool) int {
				if !foreign { // what is no CIB at all does not count as a failure of the schema
					m.env.Errorf("Could not connect to the CIB: %s\n", cib.SchemaInvalid.Error())
				}
				return 0
			},
			noCluster: func(env *tool.Env) int {
				return env.Fail(exitDisconnect, "Connection to cluster failed: Connection refused")
			},
			warn: func(env *tool.Env, problems []string, dc bool) int {
				text := strings.Join(problems, " ")
				if !dc {
					text = "No DC, " + text
				}
				env.Printf("CLUSTER WARN: %s\n", strings.TrimSuffix(text, ", "))
				env.Errorf("Error outputting status info from the fencer or CIB\n")
				return 0
			},
		},
		verify: verifyWords{
			emptyText: true, mode: 0o640,
			noLive:  "CIB query failed: Input file not available",
			invalid: "CIB did not pass schema validation",
			hint:    "-V may provide more details", hintDoubtful: "-V may provide more details",
			actionOrigin: "log_list_item", nodeOrigin: "log_list_item", action: "Actions: ",
			noSource: exitError, noLiveCode: exitNoInput,
			unreadable: exitError, foreign: exitProtocol, notConform: exitConfig,
		},
		simulate: simulateWords{
			profiles: true, rooms: true,
			least: "pacemaker-3.0",
			stuck: func(claimed, least, from, newest string) string {
				return "Cannot upgrade configuration (claiming schema " + claimed + ") to at least " + least + " because it does not validate with any schema from " + from + " to " + newest
			},
			noLive:     "CIB query failed: Input file not available",
			noLiveCode: exitNoInput, unreadable: exitSoftware, incomplete: exitError,
			foreign: exitNoInput, notConform: exitConfig, stuckCode: exitConfig,
		},
		attribute: attributeWords{transientToo: true, nodeAlways: true, noCIB: "Could not connect to the CIB: ", deletedEnd: "\n"},
		admin: adminWords{
			unsafe: exitUnsafe, statuses: true, noCIB: "Could not connect to the CIB",
			failed: func(name string, fromFile bool, _ cib.Code) string {
				if fromFile { // the answer from a file does not say of which call
					return "Call failed"
				}
				return "Call " + name + " failed"
			},
		},
		node: nodeWords{
			noController: func(word string) string { return "Could not connect to controller: " + nobody(word) },
			noDaemon: func(env *tool.Env, daemon string) {
				env.Errorf("error: Could not connect to %s: Connection refused\nerror: Command failed: Connection refused\n", daemon)
			},
			kind: "cluster",
			noAttributes: func(env *tool.Env, _ bool, _, word string) {
				env.Errorf("%s: Could not connect to attrd: %s\n", env.Name, nobody(word))
			},
			noAttribute: exitConfig,
		},
	}
}

// nobody is the word for a daemon that is not there, which the tools that ask it
// themselves have from the kernel.
func nobody(word string) string {
	if word == notConnectedWord {
		return "Connection refused"
	}
	return word
}

// exitOfEL9 is the exit status for a CIB result.
func exitOfEL9(c cib.Code) int {
	switch c {
	case cib.NotFound, cib.NodeUnknown:
		return exitNoSuch
	case cib.Exists:
		return exitExists
	case cib.AccessDenied, cib.NoPermission: // what 2.1.5 makes of EACCES and EPERM
		return exitNoPrivilege
	case cib.SchemaInvalid, cib.TransformFail, cib.SchemaSame:
		return exitConfig
	case cib.OldData:
		return exitOld
	case cib.NoQuorum:
		return exitQuorum
	case cib.Invalid:
		return exitSoftware
	case cib.NotConnected:
		return exitDisconnect
	case cib.Timeout:
		return exitTimeout
	}
	return exitError
}

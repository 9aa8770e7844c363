package cib

import (
	"strconv"

	"github.com/gocorosync/gocorosync/pacemakerd/xml"
)

// Options of an operation, cib_callopt on the wire (pacemaker-ipc.md 4.1).
type Options int

// The options.
const (
	Verbose        Options = 0x1
	XPath          Options = 0x2
	Multiple       Options = 0x4
	CanCreate      Options = 0x8
	DiscardReply   Options = 0x10
	NoChildren     Options = 0x20
	XPathAddress   Options = 0x40
	MixedUpdate    Options = 0x80
	ScopeLocal     Options = 0x100
	DryRun         Options = 0x200
	SyncCall       Options = 0x1000
	NoMtime        Options = 0x2000
	ZeroCopy       Options = 0x4000
	InhibitNotify  Options = 0x10000
	QuorumOverride Options = 0x100000
	InhibitBcast   Options = 0x1000000
)

// Names of operations.
const (
	OpQuery     = "cib_query"
	OpCreate    = "cib_create"
	OpModify    = "cib_modify"
	OpReplace   = "cib_replace"
	OpDelete    = "cib_delete"
	OpDeleteAlt = "cib_delete_alt"
	OpApplyDiff = "cib_apply_diff"
	OpErase     = "cib_erase"
	OpBump      = "cib_bump"
	OpUpgrade   = "cib_upgrade"
	OpSync      = "cib_sync"
	OpSyncOne   = "cib_sync_one"
	OpMaster    = "cib_master"
	OpSlave     = "cib_slave"
	OpSlaveAll  = "cib_slave_all"
	OpIsMaster  = "cib_ismaster"
	OpShutdown  = "cib_shutdown_req"
	OpPing      = "ping"
	OpNoop      = "noop"
)

// An Op is one operation, as a client or a peer asks for it.
type Op struct {
	Name    string
	Section string // a section's name, or an XPath with the option XPath
	Options Options
	Data    *xml.Element // the input element, nil where there is none

	Host       string // node that shall answer, "" for any
	ClientID   string
	ClientName string
	CallID     string
	User       string // on whose behalf, for ACLs
	Origin     string // node that the client is connected to
	Digest     string // v2 digest the input must have, "" for unchecked
	SchemaMax  string // newest schema an upgrade may go to
	FullSync   bool   // a replace by another node's whole copy: counters stay
	Exact      bool   // and it is what the sender has now, however the counters are
}

// Modifies tells whether the operation changes the document.
func (o *Op) Modifies() bool {
	switch o.Name {
	case OpCreate, OpModify, OpReplace, OpDelete, OpDeleteAlt, OpApplyDiff, OpErase, OpBump, OpUpgrade:
		return true
	}
	return false
}

// Decode reads an operation from the message that carries it. The data is not
// copied.
func Decode(msg *xml.Element) *Op {
	opt, _ := strconv.Atoi(msg.Get("cib_callopt"))
	return &Op{
		Name:       msg.Get("cib_op"),
		Section:    msg.Get("cib_section"),
		Options:    Options(opt),
		Data:       msg.Child("cib_calldata").Child(""),
		Host:       msg.Get("cib_host"),
		ClientID:   msg.Get("cib_clientid"),
		ClientName: msg.Get("cib_clientname"),
		CallID:     msg.Get("cib_callid"),
		User:       msg.Get("cib_user"),
		Origin:     msg.Get("cib_delegated_from"),
		Digest:     msg.Get("digest"),
		SchemaMax:  msg.Get("cib_schema_max"),
		// What asked for it (original_cib_op) is cib_sync, cib_sync_one, or the
		// answer to a ping that showed another digest.
		FullSync: msg.Get("cib_op") == OpReplace && msg.Get("cib_update") == "true",
	}
}

// sectionPath gives the path below <cib> of each section that has a name.
var sectionPath = map[string][]string{
	"":                 {},
	"all":              {},
	"cib":              {},
	"status":           {"status"},
	"configuration":    {"configuration"},
	"crm_config":       {"configuration", "crm_config"},
	"nodes":            {"configuration", "nodes"},
	"resources":        {"configuration", "resources"},
	"constraints":      {"configuration", "constraints"},
	"rsc_defaults":     {"configuration", "rsc_defaults"},
	"op_defaults":      {"configuration", "op_defaults"},
	"acls":             {"configuration", "acls"},
	"tags":             {"configuration", "tags"},
	"fencing-topology": {"configuration", "fencing-topology"},
	"alerts":           {"configuration", "alerts"},
}

// IsSection tells whether there is a section of that name.
func IsSection(name string) bool { _, ok := sectionPath[name]; return ok }

// Section returns a section of the document by name, nil where it is missing
// or no such section exists.
func Section(doc *xml.Element, name string) *xml.Element {
	path, ok := sectionPath[name]
	if !ok {
		return nil
	}
	return doc.Descend(path...)
}

package cib

import (
	"fmt"
	"runtime/debug"

	"github.com/gocorosync/gocorosync/pacemakerd/acl"
	"github.com/gocorosync/gocorosync/pacemakerd/xml"
)

// Schemas checks and upgrades documents. Implementations are pure.
type Schemas interface {
	// Validate returns nil if doc conforms to the schema it names.
	Validate(doc *xml.Element) error
	// Upgrade returns doc brought to the newest schema, or to max if that is
	// not "", and whether anything changed. It may change doc.
	Upgrade(doc *xml.Element, max string) (*xml.Element, bool, error)
}

// Env is what an operation depends on besides the document. The zero value
// accepts every document, and knows no groups.
type Env struct {
	Schemas Schemas
	// InGroup tells whether a user is in a group's list of members, for access
	// control by group.
	InGroup func(user, group string) bool
}

// rules returns the access control that applies to an operation's user, and
// whether any does.
func (e Env) rules(doc *xml.Element, user string) (acl.Rules, bool) {
	if !acl.Required(user) || !acl.Enabled(doc) {
		return nil, false
	}
	return acl.For(doc, user, e.InGroup), true
}

// A Stamp is what an applied change leaves on <cib>. Time is ctime's form in
// local time, "Sun Nov 22 01:14:54 2026".
type Stamp struct{ Time, Origin, Client, User string }

// A Result tells what Apply did.
type Result struct {
	Code Code
	// Doc is the document afterwards: a new tree if Changed, else the one given, or
	// one that has more elements without attributes, which count as no change.
	Doc *xml.Element
	// Changed: the document differs, version included. ConfigChanged: something
	// below /cib/configuration does, so it has to go to disk.
	Changed, ConfigChanged bool
	// Patch leads from the old document to Doc; nil unless Changed. It is also
	// given for an operation refused by the schema.
	Patch *xml.Element
	// Output is what the client gets as cib_calldata, nil for nothing.
	Output *xml.Element
	// Rejected is the document that the schema refused.
	Rejected *xml.Element
	// Denied says what access control did not allow, with Code AccessDenied.
	Denied error
	// Panic is what a fault of ours said that broke the operation off, with
	// Code Generic; nil otherwise.
	Panic error
}

// Apply carries out op on doc, which it does not change, and returns the
// outcome. Rules: pacemaker-cluster.md 5.1.
//
// A panic on the way is a refusal: every node applies the same operation to the
// same document, so without this one input could end all of them at once.
//
// Where the CIB has access control on and op.User is neither root nor the
// cluster's own user, a query sees what that user may read, and a change of
// which any part is not allowed is refused.
func Apply(doc *xml.Element, op *Op, stamp Stamp, env Env) (r Result) {
	defer func() {
		if p := recover(); p != nil {
			r = Result{Code: Generic, Doc: doc, Panic: fmt.Errorf("panic in %s: %v\n%s", op.Name, p, debug.Stack())}
		}
	}()
	return apply(doc, op, stamp, env)
}

func apply(doc *xml.Element, op *Op, stamp Stamp, env Env) Result {
	rules, limited := env.rules(doc, op.User)
	if op.Name == OpQuery {
		seen := doc
		if limited {
			if seen = rules.Filter(doc); seen == nil {
				return Result{Code: AccessDenied, Doc: doc}
			}
		}
		r := query(seen, op)
		r.Doc = doc
		return r
	}
	refuse := func(c Code) Result { return Result{Code: c, Doc: doc} }
	if !op.Modifies() {
		return refuse(NotSupported)
	}

	c := &change{doc: doc.Clone()}
	var out *xml.Element
	code := OK
	switch op.Name {
	case OpModify:
		code = c.modify(op)
	case OpCreate:
		out, code = c.create(op)
	case OpDelete:
		code = c.delete(op)
	case OpDeleteAlt:
		code = c.deleteAlt(op)
	case OpReplace:
		code = c.replace(op)
	case OpApplyDiff:
		code = c.applyDiff(op)
	case OpErase:
		c.erase()
	case OpBump:
		v := VersionOf(c.doc)
		v.Epoch++
		v.set(c.doc)
		c.other = true
	case OpUpgrade:
		if code = c.upgrade(op, env.Schemas); code == SchemaSame {
			return refuse(code)
		}
	}
	if code != OK {
		r := refuse(code)
		r.Output = out
		return r
	}

	if limited {
		whole := op.Name != OpModify && op.Name != OpCreate
		if err := rules.Allow(doc, c.doc, whole); err != nil && xml.Diff(doc, c.doc) != nil {
			r := refuse(AccessDenied)
			r.Denied = err
			return r
		}
	}
	if CompareFeatureSets(c.doc.Get("crm_feature_set"), FeatureSet) > 0 {
		return refuse(TooNew)
	}
	before, after := VersionOf(doc), VersionOf(c.doc)
	if op.Name != OpErase && !op.Exact && (after.AdminEpoch < before.AdminEpoch ||
		after.AdminEpoch == before.AdminEpoch && after.Epoch < before.Epoch) {
		return refuse(OldData)
	}
	if !c.config && !c.other {
		r := refuse(OK)
		r.Output = out
		if op.Name != OpCreate && op.Name != OpModify || xml.Equal(doc, c.doc) {
			return r
		}
		// An element without attributes is there, and is no change.
		if invalid, is := refused(doc, c, op, env, rules, limited); is {
			return invalid
		}
		if op.Options&DryRun == 0 {
			r.Doc = c.doc
		}
		return r
	}
	if !op.FullSync && op.Options&InhibitBcast == 0 && !c.ownVersion {
		if c.config {
			after.Epoch++
			after.NumUpdates = 0
		} else {
			after.NumUpdates++
		}
		after.set(c.doc)
	}
	if c.config && op.Options&NoMtime == 0 && !op.FullSync {
		stamp.set(c.doc)
	}
	r := Result{Code: OK, Doc: c.doc, Changed: true, ConfigChanged: c.config, Output: out}
	r.Patch = xml.Diff(doc, c.doc)
	if r.Patch == nil { // the merge made something and took it away again: only counters, which did not move
		return refuse(OK)
	}
	if invalid, is := refused(doc, c, op, env, rules, limited); is {
		return invalid
	}
	if op.Options&DryRun != 0 {
		return Result{Code: OK, Doc: doc, Output: out}
	}
	return r
}

// refused is the outcome of a change after which the document does not conform to
// its schema, and whether that is so.
func refused(doc *xml.Element, c *change, op *Op, env Env, rules acl.Rules, limited bool) (r Result, is bool) {
	if env.Schemas == nil || op.Section == "status" || env.Schemas.Validate(c.doc) == nil {
		return r, false
	}
	r = Result{Code: SchemaInvalid, Doc: doc, Patch: xml.Diff(doc, c.doc), Rejected: c.doc, Output: c.doc}
	if limited {
		r.Output = rules.Filter(c.doc)
	}
	return r, true
}

func (s Stamp) set(doc *xml.Element) {
	doc.Set("cib-last-written", s.Time)
	doc.Set("update-origin", s.Origin)
	doc.Set("update-client", s.Client)
	doc.Set("update-user", s.User)
}

// A change is a document being changed, with what pacemaker would count.
type change struct {
	doc        *xml.Element
	config     bool // something below /cib/configuration
	other      bool // something else
	ownVersion bool // the operation has set the version itself
}

// note records that n, or something in it, changed.
func (c *change) note(n *xml.Element) {
	for ; n != nil; n = n.Parent {
		if n.Name == "configuration" && n.Parent == c.doc {
			c.config = true
			return
		}
	}
	c.other = true
}

// compare records what differs between two versions of the document.
func (c *change) compare(old, new *xml.Element) {
	oldConf, newConf := old.Child("configuration"), new.Child("configuration")
	switch {
	case oldConf == nil && newConf == nil:
	case oldConf == nil || newConf == nil || xml.Diff(oldConf, newConf) != nil:
		c.config = true
	}
	if xml.Digest(old) != xml.Digest(new) { // a clock or a name alone is no change: they differ between nodes
		c.other = true
	}
}

// start returns the element at which an operation begins, making a missing
// section. With an XPath it is the first match.
func (c *change) start(op *Op) (*xml.Element, Code) {
	if op.Options&XPath != 0 {
		found, code := pick(c.doc, op)
		if code != OK {
			return nil, code
		}
		return found[0], OK
	}
	at := c.doc // also of a section that there is not, as in the original
	for _, name := range sectionPath[op.Section] {
		at = at.Ensure(name)
	}
	return at, OK
}

// section is the element of a section, the document for a name of none, nil
// where the section is missing.
func (c *change) section(name string) *xml.Element {
	return c.doc.Descend(sectionPath[name]...)
}

// pick returns what the operation's XPath selects, at least one element. The
// original does not tell an expression that it cannot evaluate from one that
// selects nothing.
func pick(doc *xml.Element, op *Op) ([]*xml.Element, Code) {
	found, err := doc.Select(op.Section)
	if err != nil || len(found) == 0 {
		return nil, NotFound
	}
	return found, OK
}

// input returns the element to work with: a whole CIB given for one section
// stands for that section.
func input(op *Op) *xml.Element {
	if op.Data != nil && op.Data.Name == "cib" && op.Options&XPath == 0 && len(sectionPath[op.Section]) > 0 {
		if s := Section(op.Data, op.Section); s != nil {
			return s
		}
	}
	return op.Data
}

// first finds, depth first from n, the first element with the tag and the id
// of like; both without id count as the same.
func first(n, like *xml.Element) *xml.Element {
	id, has := like.Lookup("id")
	for e := range n.Walk() {
		if eid, ehas := e.Lookup("id"); e.Name == like.Name && eid == id && ehas == has {
			return e
		}
	}
	return nil
}

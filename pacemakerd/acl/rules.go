package acl

import (
	"errors"
	"strings"

	"github.com/gocorosync/gocorosync/pacemakerd/rules"
	"github.com/gocorosync/gocorosync/pacemakerd/xml"
)

// Required tells whether access control applies to a user at all. Root and the
// cluster's own user are exempt, and what the cluster does for nobody.
func Required(user string) bool { return user != "" && user != "root" && user != "hacluster" }

// Enabled tells whether the CIB asks for access control: the option enable-acl,
// of the set cib-bootstrap-options or else of the first that has it. Rules of
// sets are not looked at: what is on at some time is on.
func Enabled(doc *xml.Element) bool {
	var value string
	found := false
	for set := range doc.Descend("configuration", "crm_config").Each("cluster_property_set") {
		for nv := range set.Each("nvpair") {
			if nv.Get("name") != "enable-acl" {
				continue
			}
			if set.ID() == "cib-bootstrap-options" {
				return rules.IsTrue(nv.Get("value"))
			}
			if !found {
				value, found = nv.Get("value"), true
			}
		}
	}
	return rules.IsTrue(value)
}

// mode is a set of marks.
type mode uint8

const (
	read mode = 1 << iota
	write
	deny
)

// allows tells whether an element with these marks may be accessed so.
func (m mode) allows(want mode) bool {
	switch {
	case m&deny != 0:
		return false
	case want == read:
		return m&(read|write) != 0
	}
	return m&want != 0
}

// A rule is one permission.
type rule struct {
	mode  mode
	xpath string
}

// Rules are the permissions of one user. The zero value permits nothing.
type Rules []rule

// For returns the rules that the CIB has for a user. inGroup tells whether a
// user is in a group's list of members; nil means in none.
func For(doc *xml.Element, user string, inGroup func(user, group string) bool) Rules {
	var all Rules
	acls := find(doc, "acls")
	for entry := range acls.Each("") {
		name := entry.Get("name")
		if !entry.Has("name") {
			name = entry.ID()
		}
		switch entry.Name {
		case "acl_target", "acl_user":
			if name == user {
				all.collect(acls, entry, 0)
			}
		case "acl_group":
			if inGroup != nil && name != "" && inGroup(user, name) {
				all.collect(acls, entry, 0)
			}
		}
	}
	return all
}

// find returns the first element of that name, nil for none.
func find(doc *xml.Element, name string) *xml.Element {
	for n := range doc.Walk() {
		if n.Name == name {
			return n
		}
	}
	return nil
}

// maxRoles is how many roles may be inside each other.
const maxRoles = 16

func (r *Rules) collect(acls, entry *xml.Element, depth int) {
	if depth > maxRoles {
		return
	}
	for e := range entry.Each("") {
		kind := e.Name
		if kind == "acl_permission" {
			kind = e.Get("kind")
		}
		switch kind {
		case "role", "role_ref":
			for role := range acls.Each("acl_role") {
				if role.ID() != "" && role.ID() == e.ID() {
					r.collect(acls, role, depth+1)
				}
			}
		case "read":
			r.add(e, read)
		case "write":
			r.add(e, write)
		case "deny":
			r.add(e, deny)
		}
	}
}

func (r *Rules) add(e *xml.Element, m mode) {
	either := func(now, before string) string {
		if e.Has(now) {
			return e.Get(now)
		}
		return e.Get(before)
	}
	xpath, tag, ref, attr := e.Get("xpath"), either("object-type", "tag"), either("reference", "ref"), e.Get("attribute")
	if xpath == "" {
		if tag == "" && ref == "" {
			return
		}
		xpath = "//" + tag
		if tag == "" {
			xpath = "//*"
		}
		var tests []string
		if ref != "" {
			tests = append(tests, "@id='"+ref+"'")
		}
		if attr != "" {
			tests = append(tests, "@"+attr)
		}
		if len(tests) > 0 {
			xpath += "[" + strings.Join(tests, " and ") + "]"
		}
	}
	*r = append(*r, rule{m, xpath})
}

// marks are what the rules say of the elements of one document.
type marks map[*xml.Element]mode

// on marks a document. A rule that denies and cannot be evaluated within limits
// denies everything.
func (r Rules) on(doc *xml.Element) marks {
	m := marks{}
	for _, rule := range r {
		found, err := doc.Select(rule.xpath)
		if rule.mode == deny && (errors.Is(err, xml.ErrXPathPanic) || errors.Is(err, xml.ErrXPathTooCostly) || errors.Is(err, xml.ErrXPathCounts)) {
			return marks{doc: deny}
		}
		for _, n := range found {
			m[n] |= rule.mode
		}
	}
	return m
}

// may walks from an element up to the root for the mark that decides.
func (m marks) may(n *xml.Element, want mode) bool {
	for ; n != nil; n = n.Parent {
		if m[n].allows(want) {
			return true
		}
		if m[n]&deny != 0 {
			return false
		}
	}
	return false
}

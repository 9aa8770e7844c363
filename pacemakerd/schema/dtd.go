package schema

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gocorosync/gocorosync/pacemakerd/xml"
)

// What 1.1.20 still knew of the document types of Pacemaker 0.6, as far as a
// configuration of today meets them: it measures every document that claims no
// schema of its time by them first. The strict type and the transitional one
// differ in the attributes of the root.

// sets06 are the elements that held a list called attributes, and not pairs of
// name and value themselves.
var sets06 = []string{"cluster_property_set", "meta_attributes", "instance_attributes"}

// later are elements that came after 0.6.
var later = []string{"rsc_defaults", "op_defaults", "resource_set", "resource_ref", "template", "tags", "tag", "obj_ref", "acls", "acl_role",
	"acl_target", "acl_group", "acl_permission", "role", "alerts", "alert", "recipient", "select", "fencing-topology", "fencing-level",
	"bundle", "utilization", "rsc_ticket"}

// root06 are attributes of cib that the strict type did not have.
var root06 = []string{"have-quorum", "dc-uuid", "update-origin", "update-client", "update-user", "no-quorum-panic", "execution-date", "cib-last-written"}

// checkDTD measures doc by one of the two types.
func checkDTD(doc *xml.Element, name string) (faults []Fault) {
	say := func(n *xml.Element, format string, args ...any) {
		faults = append(faults, Fault{Node: n, Text: fmt.Sprintf(format, args...)})
	}
	for n := range doc.Walk() {
		if slices.Contains(later, n.Name) || doc.Name != "cib" {
			say(n, "No declaration for element %s", n.Name)
			continue
		}
		if slices.Contains(sets06, n.Name) && n.Child("nvpair") != nil {
			var got []string
			for _, k := range n.Children {
				got = append(got, k.Name)
			}
			say(n, "Element %s content does not follow the DTD, expecting (rule* , attributes), got (%s)", n.Name, strings.Join(got, " "))
		}
		if n.Name == "cib" && name == "pacemaker-0.6" {
			for _, a := range n.Attrs {
				if slices.Contains(root06, a.Name) {
					say(n, "No declaration for attribute %s of element cib", a.Name)
				}
			}
		}
		if n.Name == "node" && !n.Has("type") {
			say(n, "Element node does not carry attribute type")
		}
	}
	return faults
}

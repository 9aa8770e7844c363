package node

import (
	"github.com/gocorosync/gocorosync/pacemakerd/cib"
	"github.com/gocorosync/gocorosync/pacemakerd/peer"
)

// aclsEnabled tells whether the cluster wants its users restricted (option enable-acl).
func (m *Machine) aclsEnabled() bool {
	for set := range cib.Section(m.cib.Doc(), "crm_config").Each("cluster_property_set") {
		for nv := range set.Each("nvpair") {
			if nv.Get("name") == "enable-acl" {
				return peer.IsTrue(nv.Get("value"))
			}
		}
	}
	return false
}

// mayForget tells whether a user may have a resource's history deleted: without
// ACLs a member of haclient may do all that changes the CIB, and with them no more
// than they say.
func (m *Machine) mayForget(_, _ string) bool { return !m.aclsEnabled() }

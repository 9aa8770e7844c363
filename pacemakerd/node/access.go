package node

import (
	"strings"

	"github.com/gocorosync/gocorosync/pacemakerd/cib"
)

// mayForget tells whether a user may have a resource's history deleted on this
// node: whether access control would let the user delete it from the CIB.
func (m *Machine) mayForget(user, resource string) bool {
	if strings.Contains(resource, "'") { // no id has one; it would end the text in the expression
		return false
	}
	op := &cib.Op{Name: cib.OpDelete, Options: cib.XPath | cib.DryRun, User: user,
		Section: "//node_state[@uname='" + m.cfg.Node + "']//lrm_resource[@id='" + resource + "']"}
	return m.cib.Try(op).Code == cib.OK
}

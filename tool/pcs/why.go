package pcs

import (
	"time"

	"github.com/gocorosync/gocorosync/pacemakerd/pengine"
	"github.com/gocorosync/gocorosync/pacemakerd/status"
)

// resourceWhy says why a resource will run where it will.
func (c *call) resourceWhy(w []string) error {
	if len(w) < 1 || len(w) > 2 {
		return &errUsage{group: "resource"}
	}
	doc, err := c.open()
	if err != nil {
		return err
	}
	r, err := pengine.Plan(doc, pengine.Options{Now: time.Now(), Explain: true})
	if err != nil {
		return failf("the cluster has no plan: %v", err)
	}
	node := ""
	if len(w) == 2 {
		if node = w[1]; r.Node(node) == nil {
			return failf("Node '%s' does not exist", node)
		}
	}
	list := r.Explain(w[0], node)
	if list == nil {
		return existing(failf("Resource '%s' does not exist", w[0]), doc.Descend("configuration", "resources"), w[0])
	}
	return status.WriteWhy(c.env.Stdout, "text", list)
}

package pcs

import (
	"strings"
	"time"

	"github.com/gocorosync/gocorosync/pacemakerd/client"
	"github.com/gocorosync/gocorosync/pacemakerd/pengine"
	"github.com/gocorosync/gocorosync/pacemakerd/xml"
)

// where returns the names of the nodes that a resource, or any part of it,
// runs on.
func where(doc *xml.Element, id string) []string {
	cl, err := pengine.Status(doc, pengine.Options{Now: time.Now()})
	if err != nil {
		return nil
	}
	r := cl.Resource(id)
	if r == nil {
		return nil
	}
	var names []string
	for _, p := range append(r.Primitives(), r) {
		for _, n := range p.Running {
			names = append(names, n.Name)
		}
	}
	return names
}

func (c *call) runsSomewhere(p *xml.Element) bool { return len(where(c.cib.doc, p.ID())) > 0 }

// stopWait is how long a deleted resource may take to stop.
const stopWait = 60 * time.Second

// stopFirst disables a resource and waits until it runs nowhere.
func (c *call) stopFirst(p *xml.Element) error {
	id := p.ID()
	c.env.Printf("Attempting to stop: %s... ", id)
	setPairs(nvset(p, "meta_attributes", true), []pair{{"target-role", "Stopped"}})
	if err := c.push(); err != nil {
		return err
	}
	for end := time.Now().Add(stopWait); ; time.Sleep(200 * time.Millisecond) {
		doc, err := c.cib.live.Query(c.ctx)
		if err != nil {
			return err
		}
		c.cib.doc, c.cib.base = doc, doc.Clone()
		if len(where(doc, id)) == 0 {
			c.env.Printf("Stopped\n")
			return nil
		}
		if time.Now().After(end) || c.ctx.Err() != nil {
			c.env.Printf("Error\n")
			return failf("Unable to stop: %s before deleting (re-run with --force to force deletion)", id)
		}
	}
}

func (c *call) resourceMove(words []string) error {
	if len(words) < 1 || len(words) > 2 {
		return failf("must specify resource to move/unmove")
	}
	if len(words) == 1 {
		return c.ban(words[0], "")
	}
	return c.cliConstraint(words[0], words[1], "INFINITY")
}

func (c *call) resourceBan(words []string) error {
	if len(words) < 1 || len(words) > 2 {
		return failf("must specify a resource to ban")
	}
	node := ""
	if len(words) == 2 {
		node = words[1]
	}
	return c.ban(words[0], node)
}

func (c *call) ban(id, node string) error {
	doc, err := c.open()
	if err != nil {
		return err
	}
	if node == "" {
		on := where(doc, id)
		switch len(on) {
		case 0:
			return failf("You must specify a node when moving/banning a stopped resource")
		case 1:
			node = on[0]
		default:
			return failf("resource '%s' is active on several nodes (%s); name the one that is meant", id, strings.Join(on, ", "))
		}
	}
	c.env.Errorf("Warning: Creating location constraint cli-ban-%s-on-%s with a score of -INFINITY for resource %s on node %s.\n"+
		"This will prevent %s from running on %s until the constraint is removed. This will be the case even if %s is the last node in the cluster.\n",
		id, node, id, node, id, node, node)
	return c.cliConstraint(id, node, "-INFINITY")
}

// cliConstraint writes what crm_resource --move and --ban write.
func (c *call) cliConstraint(id, node, score string) error {
	resources, err := c.section("resources")
	if err != nil {
		return err
	}
	if resourceByID(resources, id) == nil {
		return existing(failf("Resource '%s' does not exist", id), resources, id)
	}
	if err := c.knownNode(node); err != nil {
		return err
	}
	cons, err := c.section("constraints")
	if err != nil {
		return err
	}
	name := "cli-prefer-" + id
	if score == "-INFINITY" {
		name = "cli-ban-" + id + "-on-" + node
	}
	con := cons.ByID("rsc_location", name)
	if con == nil {
		con = cons.Append(xml.New("rsc_location", "id", name))
	}
	con.Set("rsc", id)
	con.Set("role", "Started")
	con.Set("node", node)
	con.Set("score", score)
	return c.push()
}

func (c *call) resourceClear(words []string) error {
	if len(words) < 1 {
		return failf("must specify a resource to clear")
	}
	cons, err := c.section("constraints")
	if err != nil {
		return err
	}
	var gone []*xml.Element
	for con := range cons.Each("rsc_location") {
		mine := con.ID() == "cli-prefer-"+words[0] || strings.HasPrefix(con.ID(), "cli-ban-"+words[0]+"-on-")
		if mine && (len(words) == 1 || con.Get("node") == words[1]) {
			gone = append(gone, con)
		}
	}
	for _, con := range gone {
		con.Remove()
	}
	if len(gone) == 0 {
		return nil
	}
	return c.push()
}

func (c *call) knownNode(name string) error {
	nodes, err := c.section("nodes")
	if err != nil {
		return err
	}
	var names []string
	for n := range nodes.Each("node") {
		if n.Get("uname") == name {
			return nil
		}
		names = append(names, n.Get("uname"))
	}
	return failf("Node '%s' does not appear to exist in configuration", name).hint("known nodes: %s", strings.Join(names, ", "))
}

func (c *call) resourceCleanup(words []string) error { return c.forget(words, true) }
func (c *call) resourceRefresh(words []string) error { return c.forget(words, false) }

// forget makes the cluster forget the history of one resource or of all, or
// only what failed, on every node.
func (c *call) forget(words []string, failedOnly bool) error {
	doc, err := c.open()
	if err != nil {
		return err
	}
	if c.cib.live == nil {
		return failf("-f cannot be used with this command: it acts on a running cluster")
	}
	id := ""
	if len(words) > 0 {
		id = words[0]
		resources, err := c.section("resources")
		if err != nil {
			return err
		}
		if resourceByID(resources, id) == nil {
			return existing(failf("Resource '%s' does not exist", id), resources, id)
		}
	}
	attrs, err := client.DialAttributes(c.ctx, "crm_resource")
	if err != nil {
		return err
	}
	defer attrs.Close()
	ctl, err := client.DialController(c.ctx, "crm_resource")
	if err != nil {
		return err
	}
	defer ctl.Close()
	wanted := map[string]bool{}
	if id != "" {
		for n := range resourceByID(doc.Descend("configuration", "resources"), id).Walk() {
			if n.Name == "primitive" {
				wanted[n.ID()] = true
			}
		}
	}
	did := 0
	for state := range doc.Child("status").Each("node_state") {
		node := state.Get("uname")
		if state.Get("crmd") != "online" {
			continue
		}
		for rsc := range state.Descend("lrm", "lrm_resources").Each("lrm_resource") {
			if id != "" && !wanted[rsc.ID()] || failedOnly && !hasFailed(rsc) {
				continue
			}
			if _, err := attrs.Do(c.ctx, "clear-failure", xml.Attr{Name: "attr_host", Value: node}, xml.Attr{Name: "attr_resource", Value: rsc.ID()},
				xml.Attr{Name: "attr_is_remote", Value: "0"}); err != nil {
				return err
			}
			op := xml.New("rsc_op", "transition-key", "0:0:0:xxxxxxxx-xrsc-opxx-xcrm-resourcexxxx", "on_node", node)
			op.Append(xml.New("primitive", "id", rsc.ID(), "class", rsc.Get("class"), "provider", rsc.Get("provider"), "type", rsc.Get("type")))
			op.Append(xml.New("attributes", "crm_feature_set", "3.16.1", "CRM_meta_timeout", "60000"))
			if _, err := ctl.Do(c.ctx, client.Request{Task: "lrm_delete", To: "crmd", Host: node, Data: op}); err != nil {
				return err
			}
			c.env.Printf("Cleaned up %s on %s\n", rsc.ID(), node)
			did++
		}
	}
	if did == 0 && id == "" && failedOnly {
		c.env.Printf("Cleaned up all resources on all nodes\n")
	}
	return nil
}

// hasFailed tells whether a history holds a failure.
func hasFailed(rsc *xml.Element) bool {
	for op := range rsc.Each("lrm_rsc_op") {
		if strings.HasSuffix(op.ID(), "_last_failure_0") {
			return true
		}
	}
	return false
}

package pengine

import (
	"cmp"
	"slices"
	"strings"

	"github.com/gocorosync/gocorosync/pacemakerd/rules"
	"github.com/gocorosync/gocorosync/pacemakerd/xml"
)

// unpackNodes reads the node entries (scheduler.md 5.1).
func (c *Cluster) unpackNodes() {
	for e := range c.cib.Descend("configuration", "nodes").Each("node") {
		id, ok := e.Lookup("id")
		if !ok {
			c.log("unpack_nodes", Error, "Ignoring <node> entry in configuration without id")
			continue
		}
		n := c.addNode(id, e.Get("uname"), e.Get("type"), c.rules.Score(e.Get("score")))
		if n == nil {
			continue
		}
		c.startupFencing(n)
		c.nodeAttributes(n, e, rules.KeepFirst)
		values := make(map[string]string)
		c.rules.Unpack(e, "utilization", "", &rules.Facts{Attrs: n.Attrs}, values, rules.KeepFirst)
		n.Utilization = amounts(values)
	}
}

func amounts(values map[string]string) map[string]int {
	m := make(map[string]int, len(values))
	for name, v := range values {
		n, _ := rules.Int(v)
		m[name] = int(n)
	}
	return m
}

func (c *Cluster) addNode(id, name, kind string, weight int) *Node {
	if name == "" {
		name = id
	}
	if c.node(name) != nil {
		c.logNoted(NoteNodeTwice, "pe_create_node", Warning, "More than one node entry has name '%s'", name)
	}
	n := &Node{ID: id, Name: name, index: len(c.allNodes), weight: weight, Attrs: make(map[string]string),
		Utilization: map[string]int{}, discovery: true, digests: make(map[string]*opDigest)}
	switch kind {
	case "", "member":
		n.Attrs["#kind"] = "cluster"
	case "remote":
		n.Kind = Remote
		n.Attrs["#kind"] = "remote"
		c.haveRemote = true
	default:
		n.Kind = Ping
		if kind == "ping" {
			c.logDeprecated(NoteDeprecatedNow, "pe_create_node", "ping", "Support for nodes of type 'ping' (such as "+name+") is deprecated and will be removed in a future release")
		} else {
			c.log("pe_create_node", Error, "Node %s has unrecognized type '%s', assuming 'ping'", name, kind)
		}
	}
	c.allNodes = append(c.allNodes, n)
	if _, dup := c.nodeByID[strings.ToLower(id)]; !dup {
		c.nodeByID[strings.ToLower(id)] = n
	}
	if _, dup := c.nodeByName[strings.ToLower(name)]; !dup {
		c.nodeByName[strings.ToLower(name)] = n
	}
	// "Insert sorted": before existing equal ones.
	at, _ := slices.BinarySearchFunc(c.Nodes, n, func(a, b *Node) int { return compareNames(a.Name, b.Name) })
	c.Nodes = slices.Insert(c.Nodes, at, n)
	return n
}

// node finds a node by name.
func (c *Cluster) node(name string) *Node { return c.nodeByName[strings.ToLower(name)] }

// nodeByIDOrName prefers the id.
func (c *Cluster) nodeByIDOrName(id, name string) *Node {
	if n := c.nodeByID[strings.ToLower(id)]; n != nil && id != "" {
		return n
	}
	if name == "" {
		return nil
	}
	return c.node(name)
}

// startupFencing sets what is thought of a node before its state is read. A
// remote entry whose connection is not known is left alone.
func (c *Cluster) startupFencing(n *Node) {
	if n.Kind == Remote && n.Connection == nil {
		return
	}
	n.Unclean = c.opt.startupFencing && c.opt.fencing
	n.Unseen = true
}

// nodeAttributes adds the attribute sets below e, and the built-in ones.
func (c *Cluster) nodeAttributes(n *Node, e *xml.Element, on rules.OnConflict) {
	a := n.Attrs
	a["#uname"], a["#id"] = n.Name, n.ID
	n.named = true
	a["#is_dc"] = "false"
	if dc := c.cib.Get("dc-uuid"); dc != "" && strings.EqualFold(dc, n.ID) {
		c.DC, n.IsDC = n, true
		a["#is_dc"] = "true"
	}
	cluster := c.opt.all["cluster-name"]
	if cluster != "" {
		a["#cluster-name"] = cluster
	}
	c.rules.Unpack(e, "instance_attributes", "", &rules.Facts{Attrs: a}, a, on)
	if _, set := a["#site-name"]; !set {
		if site, ok := a["site-name"]; ok {
			a["#site-name"] = site
		} else if cluster != "" {
			a["#site-name"] = cluster
		}
	}
}

// available tells whether resources may run on the node now.
func (n *Node) available() bool {
	return n != nil && n.Online && !n.Shutdown && !n.Unclean && !n.Standby && !n.Maintenance
}

// unpackRemoteNodes makes entries for remote and guest nodes, and the implicit
// connections of guests (scheduler.md 5.3).
func (c *Cluster) unpackRemoteNodes() {
	resources := c.cib.Descend("configuration", "resources")
	for i := 0; resources != nil && i < len(resources.Children); i++ {
		e := resources.Children[i]
		switch e.Name {
		case "primitive":
			if isConnectionAgent(e) {
				if id := e.ID(); id != "" && c.node(id) == nil {
					c.addNode(id, id, "remote", 0)
				}
				continue
			}
			c.guestOf(e, resources)
		case "group":
			for m := range e.Each("primitive") {
				c.guestOf(m, resources)
			}
		}
	}
}

func isConnectionAgent(e *xml.Element) bool {
	return e.Get("class") == "ocf" && e.Get("provider") == "pacemaker" && strings.EqualFold(e.Get("type"), "remote")
}

// guestOf appends the connection of the guest that machine e holds, if it
// does. The meta attributes are scanned plainly: rules are ignored, the last
// value wins.
func (c *Cluster) guestOf(e, resources *xml.Element) {
	m := make(map[string]string)
	for set := range e.Each("meta_attributes") {
		for pair := range set.Each("nvpair") {
			switch name := pair.Get("name"); name {
			case "remote-node", "remote-addr", "remote-port", "remote-connect-timeout", "remote-allow-migrate", "is-managed":
				m[name] = pair.Get("value")
			}
		}
	}
	id := m["remote-node"]
	if id == "" || findXMLResource(resources, id) {
		return
	}
	timeout := cmp.Or(m["remote-connect-timeout"], "60s")
	resources.Append(connectionXML(id, e.ID(), m["remote-allow-migrate"], m["is-managed"], timeout, m["remote-addr"], m["remote-port"]))
	if c.node(id) == nil {
		c.addNode(id, id, "remote", 0)
	}
}

func findXMLResource(resources *xml.Element, id string) bool {
	for e := range resources.Each("") {
		if e.ID() == id {
			return true
		}
	}
	return false
}

// connectionXML is the implicit connection resource of a guest node.
func connectionXML(id, machine, migrate, managed, timeout, addr, port string) *xml.Element {
	e := xml.New("primitive", "id", id, "class", "ocf", "provider", "pacemaker", "type", "remote")
	pairs := func(kind, prefix string, kv ...string) {
		set := e.Append(xml.New(kind, "id", id+prefix))
		for i := 0; i < len(kv); i += 2 {
			if kv[i+1] != "" {
				set.Append(xml.New("nvpair", "id", id+prefix+"-"+kv[i], "name", kv[i], "value", kv[i+1]))
			}
		}
	}
	pairs("meta_attributes", "-meta_attributes", "internal-rsc", "true", "container", machine, "allow-migrate", migrate, "is-managed", managed)
	ops := e.Append(xml.New("operations"))
	ops.Append(xml.New("op", "id", id+"-monitor-30s", "name", "monitor", "interval", "30s", "timeout", "30s"))
	if timeout != "" {
		ops.Append(xml.New("op", "id", id+"-start-0", "name", "start", "interval", "0", "timeout", timeout))
	}
	if addr != "" || port != "" {
		pairs("instance_attributes", "-instance_attributes", "addr", addr, "port", port)
	}
	return e
}

package crm

import (
	"context"
	"strconv"
	"strings"

	"github.com/gocorosync/gocorosync/pacemakerd/cib"
	"github.com/gocorosync/gocorosync/pacemakerd/client"
	"github.com/gocorosync/gocorosync/pacemakerd/xml"
	"github.com/gocorosync/gocorosync/tool"
	"github.com/gocorosync/gocorosync/tool/option"
)

// nodeOptions are what crm_node is called with.
type nodeOptions struct {
	name, quorum, list, partition, id, force bool
	nameOf, remove                           string
}

func (o *nodeOptions) table() *option.Program {
	return program("crm_node", "Tool for displaying low-level node information", "command [options]", nil, []option.Option{
		{Flags: "-n --name", Text: "Display the name used by the cluster for this node", To: option.On(&o.name)},
		{Flags: "-N --name-for-id", Arg: "id", Text: "Display the name used by the cluster for the node with the specified ID", To: option.Text(&o.nameOf)},
		{Flags: "-i --cluster-id", Text: "Display this node's cluster id", To: option.On(&o.id)},
		{Flags: "-l --list", Text: "Display all known members (past and present) of this cluster", To: option.On(&o.list)},
		{Flags: "-p --partition", Text: "Display the members of this partition", To: option.On(&o.partition)},
		{Flags: "-q --quorum", Text: "Display a 1 if our partition has quorum, 0 if not", To: option.On(&o.quorum)},
		{Flags: "-R --remove", Arg: "name", Text: "(Advanced) Remove the (stopped) node with the specified name from Pacemaker's configuration and caches", To: option.Text(&o.remove)},
		{Flags: "-f --force", Text: "Do not ask", To: option.On(&o.force)},
	})
}

// Node is the tool crm_node.
func Node(ctx context.Context, env *tool.Env) int {
	o := &nodeOptions{}
	if done, status := parse(env, o.table()); done {
		return status
	}
	if o.remove != "" && !o.force {
		env.Errorf("%s\n", dangerous)
		return exitUsage(env)
	}
	if generationOf(env).spelledOut && !o.list && !o.partition && o.nameOf == "" && o.remove == "" && !o.id && !o.quorum && !o.name {
		return env.Fail(exitUsage(env), "no command given; '%s --help' lists them", env.Name)
	}
	c, err := client.DialController(ctx, "crm_node")
	if err != nil {
		word, status := notLetIn(env, err)
		env.Errorf("error: %s\n", generationOf(env).node.noController(word))
		return status
	}
	defer c.Close()
	info := func(nid uint32) (*xml.Element, int) {
		n, err := c.NodeInfo(ctx, nid, "")
		if err != nil {
			return nil, env.Fail(exitError, "%v", err)
		}
		return n, 0
	}
	switch {
	case o.list, o.partition:
		ev, err := c.Do(ctx, client.Request{Task: "list-nodes", To: "crmd"})
		if err != nil {
			return env.Fail(exitError, "%v", err)
		}
		var members []string
		for n := range ev.Descend("crm_xml", "nodes").Each("node") {
			if o.list {
				env.Printf("%s %s %s\n", n.ID(), n.Get("uname"), n.Get("in_ccm"))
			} else if n.Get("in_ccm") == "member" {
				members = append(members, n.Get("uname"))
			}
		}
		if o.partition {
			env.Printf("%s \n", strings.Join(members, " "))
		}
	case o.nameOf != "":
		nid, err := strconv.ParseUint(o.nameOf, 10, 32)
		if err != nil {
			return env.Fail(exitUsage(env), "%q is no node id", o.nameOf)
		}
		n, status := info(uint32(nid))
		if status != 0 {
			return status
		}
		if n.Get("uname") == "" {
			env.Errorf("Node is not known to cluster\n")
			return exitOf(env, cib.NotFound)
		}
		env.Printf("%s\n", n.Get("uname"))
	case o.remove != "":
		if status := aside(env, "a node is removed"); status != 0 {
			return status
		}
		return removeNode(ctx, env, c, o.remove)
	case o.id, o.quorum, o.name:
		n, status := info(0)
		if status != 0 {
			return status
		}
		switch {
		case o.id:
			env.Printf("%s\n", n.ID())
		case o.name:
			env.Printf("%s\n", n.Get("uname"))
		case n.Get("have-quorum") == "true":
			env.Printf("1\n")
		default:
			env.Printf("0\n")
		}
	default:
		return env.Fail(exitUsage(env), "no command given; '%s --help' lists them", env.Name)
	}
	return 0
}

// removeNode takes a node that is down out of the configuration and caches.
func removeNode(ctx context.Context, env *tool.Env, c *client.Controller, name string) int {
	n, err := c.NodeInfo(ctx, 0, name)
	if err == nil && n.Get("crmd") == "member" {
		return env.Fail(exitUsage(env), "node %s is a member of the cluster: stop pacemaker and corosync there first", name)
	}
	if err := c.Post(ctx, client.Request{Task: "rm_node_cache", To: "crmd", Attrs: []xml.Attr{{Name: "uname", Value: name}}}); err != nil {
		return env.Fail(exitError, "%v", err)
	}
	db, err := OpenCIB(ctx, env, "crm_node")
	if err != nil {
		return env.Fail(exitError, "%v", err)
	}
	defer db.Close()
	for section, e := range map[string]*xml.Element{"nodes": xml.New("node", "uname", name), "status": xml.New("node_state", "uname", name)} {
		if _, err := db.Do(ctx, &cib.Op{Name: cib.OpDelete, Section: section, Data: e}); err != nil {
			return env.Fail(exitOf(env, codeOf(err)), "remove %s from section %s: %v", name, section, err)
		}
	}
	if a, err := client.DialAttributes(ctx, "crm_node"); err == nil {
		defer a.Close()
		_, _ = a.Do(ctx, "peer-remove", xml.Attr{Name: "attr_host", Value: name})
	}
	return 0
}

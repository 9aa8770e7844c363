package crm

import (
	"context"
	"errors"
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
	c, err := client.DialController(ctx, "crm_node")
	if err != nil {
		word, status := notLetIn(env, err)
		env.Errorf("error: %s\n", generationOf(env).node.noController(word))
		return status
	}
	defer c.Close()
	info := func(nid uint32) (*xml.Node, int) {
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
	for section, e := range map[string]*xml.Node{"nodes": xml.New("node", "uname", name), "status": xml.New("node_state", "uname", name)} {
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

// adminOptions are what crmadmin is called with.
type adminOptions struct {
	dc, nodes, quiet, health bool
	status                   string
}

func (o *adminOptions) table() *option.Program {
	return program("crmadmin", "query and manage the Pacemaker controller", "command [options]", nil, []option.Option{
		{Flags: "-S --status", Arg: "node", Text: "Display the status of the specified node", To: option.Text(&o.status)},
		{Flags: "-P --pacemakerd", Text: "Display the status of local pacemakerd", To: option.On(&o.health)},
		{Flags: "-D --dc_lookup", Text: "Display the uname of the node co-ordinating the cluster", To: option.On(&o.dc)},
		{Flags: "-N --nodes", Text: "Display the uname of all member nodes", To: option.On(&o.nodes)},
		{Flags: "-q --quiet", Text: "Display only the essential information", To: option.On(&o.quiet)},
		{Flags: "-t --timeout", Arg: "value", Text: "Time to wait before declaring the operation failed"},
	})
}

// Admin is the tool crmadmin.
func Admin(ctx context.Context, env *tool.Env) int {
	o := &adminOptions{}
	if done, st := parse(env, o.table()); done {
		return st
	}
	words := generationOf(env).node
	fail := func(err error) int {
		word, st := notLetIn(env, err)
		if st == exitNoPrivilege {
			env.Errorf("error: Command failed: %s\n", word)
			return st
		}
		if silent := words.silentExit; silent != 0 && errors.Is(err, client.ErrNotRunning) {
			return silent
		}
		env.Errorf("%s: %v\n", env.Name, err)
		return st
	}
	switch {
	case o.health:
		state, at, err := client.Ping(ctx, "crmadmin")
		if err != nil {
			return fail(err)
		}
		env.Printf("Status of pacemakerd: '%s' (last updated %s)\n", state, at.Format("2006-01-02 15:04:05Z07:00"))
		return 0
	case o.nodes:
		doc, err := readCIB(ctx, env, "crmadmin")
		if err != nil {
			return fail(err)
		}
		for n := range cib.Section(doc, "nodes").Each("node") {
			env.Printf("%s node: %s (%s)\n", words.kind, n.Get("uname"), n.ID())
		}
		return 0
	case !o.dc && o.status == "":
		return env.Fail(exitUsage(env), "no command given; '%s --help' lists them", env.Name)
	}
	c, err := client.DialController(ctx, "crmadmin")
	if err != nil {
		return fail(err)
	}
	defer c.Close()
	if o.dc {
		name, err := c.DC(ctx)
		if err != nil {
			return fail(err)
		}
		if o.quiet {
			env.Printf("%s\n", name)
		} else {
			env.Printf("Designated Controller is: %s\n", name)
		}
		return 0
	}
	r, err := c.Do(ctx, client.Request{Task: "ping", To: "crmd", Host: o.status})
	if err != nil {
		return fail(err)
	}
	p := r.Descend("crm_xml", "ping_response")
	env.Printf("Status of %s@%s: %s (%s)\n", p.Get("crm_subsystem"), r.Get("src"), p.Get("crmd_state"), p.Get("result"))
	return 0
}

// updaterOptions are what attrd_updater is called with.
type updaterOptions struct {
	task, name, value, node, set, delay string
	hasValue, all, private              bool
}

// change is the target of a new value.
func (o *updaterOptions) change(task string) option.Target {
	return option.All(option.Text(&o.value), option.On(&o.hasValue), option.Mark(&o.task, task))
}

func (o *updaterOptions) table() *option.Program {
	return program("attrd_updater", "query and update Pacemaker node attributes", "command -n attribute [options]", nil, []option.Option{
		{Flags: "-n --name", Arg: "value", Text: "The attribute's name", To: option.Text(&o.name)},
		{Flags: "-U --update", Arg: "value", Text: "Update the attribute's value", To: o.change("update")},
		{Flags: "-v", Arg: "value", To: o.change("update")},
		{Flags: "-B --update-both", Arg: "value", Text: "Update the attribute's value and time to wait (dampening)", To: o.change("update-both")},
		{Flags: "-Y --update-delay", Text: "Update the attribute's dampening", To: option.Mark(&o.task, "update-delay")},
		{Flags: "-Q --query", Text: "Query the attribute's value", To: option.Mark(&o.task, "query")},
		{Flags: "-D --delete", Text: "Delete the attribute", To: func(string) error { o.task, o.hasValue = "update", false; return nil }},
		{Flags: "-R --refresh", Text: "(Advanced) Force the CIB to be updated with all attributes", To: option.Mark(&o.task, "refresh")},
		{Flags: "-N --node", Arg: "value", Text: "Set the attribute for the named node", To: option.Text(&o.node)},
		{Flags: "-A --all", Text: "Show values of the attribute for all nodes (query only)", To: option.On(&o.all)},
		{Flags: "-S --set", Arg: "value", Text: "(Advanced) The attribute set in which to place the value", To: option.Text(&o.set)},
		{Flags: "-d --delay", Arg: "value", Text: "The time to wait (dampening) in seconds for further changes", To: option.Text(&o.delay)},
		{Flags: "-p --private", Text: "If this creates a new attribute, never write it to the CIB", To: option.On(&o.private)},
		{Flags: "-q --quiet"},
	})
}

// AttrdUpdater is the tool attrd_updater.
func AttrdUpdater(ctx context.Context, env *tool.Env) int {
	o := &updaterOptions{}

	if done, status := parse(env, o.table()); done {
		return status
	}
	if o.task == "" || o.name == "" && o.task != "refresh" {
		return env.Fail(exitUsage(env), "give a command and the attribute's name: '%s -n NAME -U VALUE'", env.Name)
	}
	if o.task != "query" {
		if status := aside(env, "the attribute manager's values change"); status != 0 {
			return status
		}
	}
	c, err := client.DialAttributes(ctx, env.Name)
	if err != nil {
		word, status := notLetIn(env, err)
		generationOf(env).node.noAttributes(env, o.task == "query", o.name, word)
		return status
	}
	defer c.Close()
	if o.task == "query" && o.node == "" && !o.all {
		if o.node, err = localName(ctx, env.Name); err != nil {
			return env.Fail(exitError, "%v", err)
		}
	}
	var attrs []xml.Attr
	add := func(k, v string) { attrs = append(attrs, xml.Attr{Name: k, Value: v}) }
	if o.name != "" {
		add("attr_name", o.name)
	}
	if o.hasValue {
		add("attr_value", o.value)
	}
	if o.node != "" {
		add("attr_host", o.node)
	}
	if o.set != "" {
		add("attr_set", o.set)
	}
	if o.delay != "" {
		add("attr_dampening", o.delay)
	}
	if o.task != "query" && o.task != "refresh" {
		p := "0"
		if o.private {
			p = "1"
		}
		add("attr_is_remote", "0")
		add("attr_is_private", p)
	}
	r, err := c.Do(ctx, o.task, attrs...)
	if err != nil {
		return env.Fail(exitError, "%v", err)
	}
	if o.task != "query" {
		return 0
	}
	if r.Get("attr_name") == "" {
		env.Errorf("Could not query value of %s: attribute does not exist\n", o.name)
		return generationOf(env).node.noAttribute
	}
	for n := range r.Each("node") {
		env.Printf("name=\"%s\" host=\"%s\" value=\"%s\"\n", o.name, n.Get("attr_host"), n.Get("attr_value"))
	}
	return 0
}

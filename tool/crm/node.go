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
)

// Node is the tool crm_node.
func Node(ctx context.Context, env *tool.Env) int {
	var verbose int
	var name, quorum, list, partition, id, force bool
	var nameOf, remove string
	opts := []option{
		{short: 'n', long: "name", help: "Display the name used by the cluster for this node", flag: &name},
		{short: 'N', long: "name-for-id", arg: "id", help: "Display the name used by the cluster for the node with the specified ID", value: &nameOf},
		{short: 'i', long: "cluster-id", help: "Display this node's cluster id", flag: &id},
		{short: 'l', long: "list", help: "Display all known members (past and present) of this cluster", flag: &list},
		{short: 'p', long: "partition", help: "Display the members of this partition", flag: &partition},
		{short: 'q', long: "quorum", help: "Display a 1 if our partition has quorum, 0 if not", flag: &quorum},
		{short: 'R', long: "remove", arg: "name", help: "(Advanced) Remove the (stopped) node with the specified name from Pacemaker's configuration and caches", value: &remove},
		{short: 'f', long: "force", flag: &force, help: "Do not ask"},
	}
	if _, done, status := parse(env, &verbose, "Tool for displaying low-level node information", "command [options]", opts); done {
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
	case list, partition:
		ev, err := c.Do(ctx, client.Request{Task: "list-nodes", To: "crmd"})
		if err != nil {
			return env.Fail(exitError, "%v", err)
		}
		var members []string
		for n := range ev.Descend("crm_xml", "nodes").Each("node") {
			if list {
				env.Printf("%s %s %s\n", n.ID(), n.Get("uname"), n.Get("in_ccm"))
			} else if n.Get("in_ccm") == "member" {
				members = append(members, n.Get("uname"))
			}
		}
		if partition {
			env.Printf("%s \n", strings.Join(members, " "))
		}
	case nameOf != "":
		nid, err := strconv.ParseUint(nameOf, 10, 32)
		if err != nil {
			return env.Fail(exitUsage(env), "%q is no node id", nameOf)
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
	case remove != "":
		if status := aside(env, "a node is removed"); status != 0 {
			return status
		}
		return removeNode(ctx, env, c, remove)
	case id, quorum, name:
		n, status := info(0)
		if status != 0 {
			return status
		}
		switch {
		case id:
			env.Printf("%s\n", n.ID())
		case name:
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

// Admin is the tool crmadmin.
func Admin(ctx context.Context, env *tool.Env) int {
	var verbose int
	var dc, nodes, quiet, health bool
	var status string
	opts := []option{
		{short: 'S', long: "status", arg: "node", help: "Display the status of the specified node", value: &status},
		{short: 'P', long: "pacemakerd", help: "Display the status of local pacemakerd", flag: &health},
		{short: 'D', long: "dc_lookup", help: "Display the uname of the node co-ordinating the cluster", flag: &dc},
		{short: 'N', long: "nodes", help: "Display the uname of all member nodes", flag: &nodes},
		{short: 'q', long: "quiet", help: "Display only the essential information", flag: &quiet},
		{short: 't', long: "timeout", arg: "value", help: "Time to wait before declaring the operation failed", call: func(string) error { return nil }},
	}
	if _, done, st := parse(env, &verbose, "query and manage the Pacemaker controller", "command [options]", opts); done {
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
	case health:
		state, at, err := client.Ping(ctx, "crmadmin")
		if err != nil {
			return fail(err)
		}
		env.Printf("Status of pacemakerd: '%s' (last updated %s)\n", state, at.Format("2006-01-02 15:04:05Z07:00"))
		return 0
	case nodes:
		doc, err := readCIB(ctx, env, "crmadmin")
		if err != nil {
			return fail(err)
		}
		for n := range cib.Section(doc, "nodes").Each("node") {
			env.Printf("%s node: %s (%s)\n", words.kind, n.Get("uname"), n.ID())
		}
		return 0
	case !dc && status == "":
		return env.Fail(exitUsage(env), "no command given; '%s --help' lists them", env.Name)
	}
	c, err := client.DialController(ctx, "crmadmin")
	if err != nil {
		return fail(err)
	}
	defer c.Close()
	if dc {
		name, err := c.DC(ctx)
		if err != nil {
			return fail(err)
		}
		if quiet {
			env.Printf("%s\n", name)
		} else {
			env.Printf("Designated Controller is: %s\n", name)
		}
		return 0
	}
	r, err := c.Do(ctx, client.Request{Task: "ping", To: "crmd", Host: status})
	if err != nil {
		return fail(err)
	}
	p := r.Descend("crm_xml", "ping_response")
	env.Printf("Status of %s@%s: %s (%s)\n", p.Get("crm_subsystem"), r.Get("src"), p.Get("crmd_state"), p.Get("result"))
	return 0
}

// AttrdUpdater is the tool attrd_updater.
func AttrdUpdater(ctx context.Context, env *tool.Env) int {
	var verbose int
	var task, name, value, node, set, delay string
	var hasValue, all, private bool
	do := func(t string) func(string) error {
		return func(v string) error {
			task = t
			if t == "update" || t == "update-both" {
				value, hasValue = v, true
			}
			return nil
		}
	}
	opts := []option{
		{short: 'n', long: "name", arg: "value", help: "The attribute's name", value: &name},
		{short: 'U', long: "update", arg: "value", help: "Update the attribute's value", call: do("update")},
		{short: 'v', arg: "value", call: do("update")},
		{short: 'B', long: "update-both", arg: "value", help: "Update the attribute's value and time to wait (dampening)", call: do("update-both")},
		{short: 'Y', long: "update-delay", help: "Update the attribute's dampening", call: do("update-delay")},
		{short: 'Q', long: "query", help: "Query the attribute's value", call: do("query")},
		{short: 'D', long: "delete", help: "Delete the attribute", call: func(string) error { task, hasValue = "update", false; return nil }},
		{short: 'R', long: "refresh", help: "(Advanced) Force the CIB to be updated with all attributes", call: do("refresh")},
		{short: 'N', long: "node", arg: "value", help: "Set the attribute for the named node", value: &node},
		{short: 'A', long: "all", help: "Show values of the attribute for all nodes (query only)", flag: &all},
		{short: 'S', long: "set", arg: "value", help: "(Advanced) The attribute set in which to place the value", value: &set},
		{short: 'd', long: "delay", arg: "value", help: "The time to wait (dampening) in seconds for further changes", value: &delay},
		{short: 'p', long: "private", help: "If this creates a new attribute, never write it to the CIB", flag: &private},
		{short: 'q', long: "quiet", call: func(string) error { return nil }},
	}
	if _, done, status := parse(env, &verbose, "query and update Pacemaker node attributes", "command -n attribute [options]", opts); done {
		return status
	}
	if task == "" || name == "" && task != "refresh" {
		return env.Fail(exitUsage(env), "give a command and the attribute's name: '%s -n NAME -U VALUE'", env.Name)
	}
	if task != "query" {
		if status := aside(env, "the attribute manager's values change"); status != 0 {
			return status
		}
	}
	c, err := client.DialAttributes(ctx, env.Name)
	if err != nil {
		word, status := notLetIn(env, err)
		generationOf(env).node.noAttributes(env, task == "query", name, word)
		return status
	}
	defer c.Close()
	if task == "query" && node == "" && !all {
		if node, err = localName(ctx, env.Name); err != nil {
			return env.Fail(exitError, "%v", err)
		}
	}
	var attrs []xml.Attr
	add := func(k, v string) { attrs = append(attrs, xml.Attr{Name: k, Value: v}) }
	if name != "" {
		add("attr_name", name)
	}
	if hasValue {
		add("attr_value", value)
	}
	if node != "" {
		add("attr_host", node)
	}
	if set != "" {
		add("attr_set", set)
	}
	if delay != "" {
		add("attr_dampening", delay)
	}
	if task != "query" && task != "refresh" {
		p := "0"
		if private {
			p = "1"
		}
		add("attr_is_remote", "0")
		add("attr_is_private", p)
	}
	r, err := c.Do(ctx, task, attrs...)
	if err != nil {
		return env.Fail(exitError, "%v", err)
	}
	if task != "query" {
		return 0
	}
	if r.Get("attr_name") == "" {
		env.Errorf("Could not query value of %s: attribute does not exist\n", name)
		return generationOf(env).node.noAttribute
	}
	for n := range r.Each("node") {
		env.Printf("name=\"%s\" host=\"%s\" value=\"%s\"\n", name, n.Get("attr_host"), n.Get("attr_value"))
	}
	return 0
}

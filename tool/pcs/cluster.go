package pcs

import (
	"os"
	"os/exec"
	"strings"

	"github.com/gocorosync/gocorosync/pacemakerd/cib"
	"github.com/gocorosync/gocorosync/pacemakerd/xml"
)

func clusterCommands() []command {
	needsPcsd := func(what string) func(*call, []string) error {
		return func(*call, []string) error {
			return failf("'pcs cluster %s' talks to pcsd on the other nodes, which gocorosync does not have yet", what).
				hint("write /etc/corosync/corosync.conf on each node by hand, then start corosync and pacemaker there")
		}
	}
	return []command{
		{"auth", needsPcsd("auth"), "", ""},
		{"setup", needsPcsd("setup"), "", ""},
		{"enable", needsPcsd("enable"), "", ""},
		{"disable", needsPcsd("disable"), "", ""},
		{"destroy", needsPcsd("destroy"), "", ""},
		{"start", (*call).clusterStart, "start", "Start corosync and pacemaker on the local node."},
		{"stop", (*call).clusterStop, "stop", "Stop pacemaker and corosync on the local node."},
		{"standby", func(c *call, w []string) error { return c.standby(w, true) }, "standby [<node>] | --all", "Put specified node(s) into standby mode (the node specified will no longer be\nable to host resources), if no nodes or options are specified the current node\nwill be put into standby mode."},
		{"unstandby", func(c *call, w []string) error { return c.standby(w, false) }, "unstandby [<node>] | --all", "Remove node(s) from standby mode."},
		{"status", (*call).clusterStatus, "status", "View current cluster status (an alias of 'pcs status cluster')."},
		{"cib", (*call).clusterCIB, "cib [filename] [scope=<scope>]", "Get the raw xml from the CIB (Cluster Information Base)."},
		{"cib-push", (*call).clusterCIBPush, "cib-push <filename> [diff-against=<filename_original> | scope=<scope> |\n    --config]", "Push the raw xml from <filename> to the CIB. With diff-against, push the\ndifference between the two files. Do not specify a scope to be warned in\nthe case of an outdated CIB; --config is the same as scope=configuration."},
		{"verify", (*call).clusterVerify, "verify [-V] [filename]", "Check the pacemaker configuration (cib) for syntax and common conceptual errors."},
	}
}

func nodeCommands() []command {
	return []command{
		{"standby", func(c *call, w []string) error { return c.standby(w, true) }, "standby [--all | <node>...]", "Put specified node(s) into standby mode."},
		{"unstandby", func(c *call, w []string) error { return c.standby(w, false) }, "unstandby [--all | <node>...]", "Remove node(s) from standby mode."},
		{"maintenance", func(c *call, w []string) error { return c.nodeFlag(w, "maintenance", "on") }, "maintenance [--all] | [<node>]...", "Put specified node(s) into maintenance mode."},
		{"unmaintenance", func(c *call, w []string) error { return c.nodeFlag(w, "maintenance", "") }, "unmaintenance [--all] | [<node>]...", "Remove node(s) from maintenance mode."},
		{"attribute", (*call).nodeAttribute, "attribute [[<node>] <name>=<value> ...]", "Manage node attributes; without arguments, list them."},
	}
}

func (c *call) standby(words []string, on bool) error {
	value := ""
	if on {
		value = "on"
	}
	return c.nodeFlag(words, "standby", value)
}

// nodeFlag sets or removes a permanent attribute of nodes.
func (c *call) nodeFlag(words []string, name, value string) error {
	nodes, err := c.section("nodes")
	if err != nil {
		return err
	}
	var list []*xml.Element
	switch {
	case c.opt.all:
		if len(words) > 0 {
			return failf("you cannot specify both --all and specific nodes")
		}
		for n := range nodes.Each("node") {
			list = append(list, n)
		}
	case len(words) == 0:
		host, err := os.Hostname()
		if err != nil {
			return err
		}
		words = []string{host}
		fallthrough
	default:
		for _, w := range words {
			if err := c.knownNode(w); err != nil {
				return err
			}
			for n := range nodes.Each("node") {
				if n.Get("uname") == w {
					list = append(list, n)
				}
			}
		}
	}
	changed := false
	for _, n := range list {
		set := n.Child("instance_attributes")
		if set == nil {
			if value == "" {
				continue
			}
			set = n.Append(xml.New("instance_attributes", "id", uniqueID(n, "nodes-"+n.ID())))
		}
		before := set.Clone()
		setPairs(set, []pair{{name, value}})
		changed = changed || !xml.Equal(before, set)
	}
	if !changed {
		return nil
	}
	return c.push()
}

func (c *call) nodeAttribute(words []string) error {
	if len(words) == 0 {
		return c.nodeAttributes()
	}
	if len(words) < 2 {
		return &errUsage{group: "node"}
	}
	if err := c.knownNode(words[0]); err != nil {
		return err
	}
	list, err := pairs(words[1:])
	if err != nil {
		return err
	}
	for _, p := range list {
		if err := c.nodeFlag(words[:1], p.name, p.value); err != nil {
			return err
		}
	}
	return nil
}

// localNode runs the service manager for one of the cluster's units.
func (c *call) unit(action, name string) error {
	out, err := exec.CommandContext(c.ctx, "systemctl", action, name).CombinedOutput()
	if err != nil {
		return failf("unable to %s %s: %s", action, name, strings.TrimSpace(string(out)+" "+err.Error()))
	}
	return nil
}

func (c *call) clusterStart(words []string) error {
	if c.opt.all || len(words) > 0 {
		return failf("starting other nodes needs pcsd, which gocorosync does not have yet").hint("run 'pcs cluster start' on each node")
	}
	if _, err := os.Stat(c.env.Path("/etc/corosync/corosync.conf")); err != nil {
		return failf("no cluster is configured on this node").hint("run 'pcs cluster setup ...' first, or write /etc/corosync/corosync.conf")
	}
	for _, u := range []string{"corosync", "pacemaker"} {
		c.env.Printf("Starting Cluster (%s)...\n", u)
		if err := c.unit("start", u); err != nil {
			return err
		}
	}
	return nil
}

func (c *call) clusterStop(words []string) error {
	if c.opt.all || len(words) > 0 {
		return failf("stopping other nodes needs pcsd, which gocorosync does not have yet").hint("run 'pcs cluster stop' on each node")
	}
	for _, u := range []string{"pacemaker", "corosync"} {
		c.env.Printf("Stopping Cluster (%s)...\n", u)
		if err := c.unit("stop", u); err != nil {
			return err
		}
	}
	return nil
}

func (c *call) clusterCIB(words []string) error {
	doc, err := c.open()
	if err != nil {
		return err
	}
	out := doc
	file := ""
	for _, w := range words {
		if s, ok := strings.CutPrefix(w, "scope="); ok {
			if out = cib.Section(doc, s); out == nil {
				return failf("unable to get cib, scope '%s' not present in cib", s)
			}
			continue
		}
		file = w
	}
	if file == "" {
		c.env.Printf("%s", out.Format())
		return nil
	}
	if err := os.WriteFile(c.env.Path(file), out.Format(), 0o600); err != nil {
		return failf("Unable to write to file '%s', %v", file, err)
	}
	return nil
}

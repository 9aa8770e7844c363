package pcs

import (
	"strings"

	"github.com/gocorosync/gocorosync/pacemakerd/agent"
	"github.com/gocorosync/gocorosync/pacemakerd/lrmd"
	"github.com/gocorosync/gocorosync/pacemakerd/xml"
	"github.com/gocorosync/gocorosync/tool"
)

func resourceCommands() []command {
	return []command{
		{"show", (*call).resourceShow, "[show [<resource id>] | show --full | show --groups | show --hide-inactive]", "Show all currently configured resources or if a resource is specified show the\noptions for the configured resource."},
		{"config", (*call).resourceConfig, "config [<resource id>]...", "Show options of all currently configured resources or of the ones listed."},
		{"status", (*call).resourceShow, "", ""},
		{"list", (*call).resourceList, "list [filter] [--nodesc]", "Show list of all available resource agents (if filter is provided then only\nresource agents matching the filter will be shown)."},
		{"describe", (*call).resourceDescribe, "describe [<standard>:[<provider>:]]<type> [--full]", "Show options for the specified resource."},
		{"create", (*call).resourceCreate, "create <resource id> [<standard>:[<provider>:]]<type> [resource options] [op <operation action> <operation options> ...]\n[meta <meta options>...] [--group <group id> [--before <resource id> | --after <resource id>]] [--disabled]", "Create specified resource."},
		{"delete", (*call).resourceDelete, "delete <resource id|group id|clone id>", "Deletes the resource, group or clone (and all resources within the group/clone)."},
		{"remove", (*call).resourceDelete, "", ""},
		{"enable", (*call).resourceEnable, "enable <resource id>... [--wait[=n]]", "Allow the cluster to start the resources: target-role=Stopped is removed.\nConstraints, failures and quorum still decide whether they run."},
		{"disable", (*call).resourceDisable, "disable <resource id>... [--wait[=n]]", "Attempt to stop the resources if they are running and forbid the cluster from\nstarting them again (target-role=Stopped)."},
		{"standards", (*call).resourceStandards, "standards", "List available resource agent standards supported by this installation."},
		{"providers", (*call).resourceProviders, "providers", "List available OCF resource agent providers."},
		{"agents", (*call).resourceAgents, "agents [standard[:provider]]", "List available agents optionally filtered by standard and provider."},
		{"update", (*call).resourceUpdate, "update <resource id> [resource options] [op [<operation action> <operation options>]...] [meta <meta options>...]", "Add, remove or change options of specified resource."},
		{"meta", (*call).resourceMeta, "meta <resource id | group id | clone id> <meta options>", "Add, change or remove (by an empty value) meta attributes."},
		{"group", (*call).resourceGroup, "group add <group id> <resource id> [resource id] ... [--before <resource id> | --after <resource id>]", "Add the specified resource to the group, creating the group if it does not exist."},
		{"ungroup", (*call).resourceUngroup, "ungroup <group id>", "Dissolves the group; its resources stay."},
		{"clone", (*call).resourceClone, "clone <resource id | group id> [clone options]...", "Set up the specified resource or group as a clone."},
		{"master", (*call).resourceMaster, "master [<master id>] <resource id | group id> [options]", "Set up the specified resource or group as a master/slave resource (el7)."},
		{"promotable", (*call).resourcePromotable, "promotable <resource id | group id> [<clone id>] [clone options]...", "Set up the specified resource or group as a promotable clone (el9)."},
		{"unclone", (*call).resourceUnclone, "unclone <resource id | group id>", "Remove the clone which contains the specified group or resource (the resource\nor group will not be removed)."},
		{"defaults", (*call).resourceDefaults, "defaults [options]", "Set default values for resources; if no options are passed, lists currently\nconfigured defaults."},
		{"op", (*call).resourceOp, "op defaults [options]", "Set default values for operations; if no options are passed, lists currently\nconfigured defaults."},
		{"move", (*call).resourceMove, "move <resource id> [destination node]", "Move the resource off the node it is on by a -INFINITY constraint, or to the\ndestination node by an INFINITY constraint."},
		{"ban", (*call).resourceBan, "ban <resource id> [node]", "Prevent the resource from running on the node (or the one it runs on now)."},
		{"clear", (*call).resourceClear, "clear <resource id> [node]", "Remove constraints created by move and/or ban on the specified resource."},
		{"cleanup", (*call).resourceCleanup, "cleanup [<resource id>]", "Make the cluster forget failed operations from history of the resource."},
		{"refresh", (*call).resourceRefresh, "refresh [<resource id>]", "Make the cluster forget the complete operation history of the resource."},
		{"why", (*call).resourceWhy, "why <resource id> [node]", "Show for each node why the resource will run there or not, and what its score\nis made of."},
		{"manage", func(c *call, w []string) error { return c.managed(w, true) }, "manage <resource id>...", "Set resources listed to managed mode (default)."},
		{"unmanage", func(c *call, w []string) error { return c.managed(w, false) }, "unmanage <resource id>...", "Set resources listed to unmanaged mode."},
	}
}

// containers are the elements that hold resources.
var containers = []string{"group", "clone", "master", "bundle"}

// resourceByID finds a primitive, group, clone, master or bundle.
func resourceByID(resources *xml.Element, id string) *xml.Element {
	for _, kind := range append([]string{"primitive", "template"}, containers...) {
		if n := resources.ByID(kind, id); n != nil {
			return n
		}
	}
	return nil
}

func resourceIDs(resources *xml.Element) []string {
	var ids []string
	for n := range resources.Walk() {
		switch n.Name {
		case "primitive", "group", "clone", "master", "bundle":
			ids = append(ids, n.ID())
		}
	}
	return ids
}

// existing adds the names that do exist to an error about one that does not.
func existing(f *failure, resources *xml.Element, id string) *failure {
	ids := resourceIDs(resources)
	if s := tool.Suggest(id, ids); s != "" {
		return f.hint("did you mean '%s'?", s)
	}
	if len(ids) > 0 && len(ids) <= 20 {
		return f.hint("existing resources: %s", strings.Join(ids, ", "))
	}
	return f
}

func (c *call) runner() *agent.Runner {
	if c.env.Root == "" {
		return &agent.Runner{}
	}
	return &agent.Runner{OCFRoot: c.env.Path("/usr/lib/ocf"), LSBDir: c.env.Path("/etc/init.d"), FenceDir: c.env.Path("/usr/sbin")}
}

// splitAgent reads standard:provider:type, or a type alone, which may be of any
// OCF provider.
func (c *call) splitAgent(s string) (lrmd.Agent, error) {
	parts := strings.Split(s, ":")
	switch {
	case len(parts) == 3 && parts[0] == "ocf":
		return lrmd.Agent{Class: parts[0], Provider: parts[1], Type: parts[2]}, nil
	case len(parts) == 4 && parts[0] == "ocf" && parts[1] == "": // ocf::heartbeat:X as the status prints it
		return lrmd.Agent{Class: parts[0], Provider: parts[2], Type: parts[3]}, nil
	case len(parts) == 2:
		return lrmd.Agent{Class: parts[0], Type: parts[1]}, nil
	case len(parts) == 1:
		var found []lrmd.Agent
		r := c.runner()
		for _, p := range r.Providers() {
			for _, a := range r.Agents("ocf", p) {
				if strings.EqualFold(a, s) {
					found = append(found, lrmd.Agent{Class: "ocf", Provider: p, Type: a})
				}
			}
		}
		switch len(found) {
		case 0:
			return lrmd.Agent{}, failf("Unable to find agent '%s', try specifying its full name", s)
		case 1:
			return found[0], nil
		}
		var names []string
		for _, a := range found {
			names = append(names, a.String())
		}
		return lrmd.Agent{}, failf("Multiple agents match '%s', please specify full name: %s", s, strings.Join(names, ", "))
	}
	return lrmd.Agent{}, failf("Invalid resource agent name '%s'. Use standard:provider:type when standard is 'ocf' or standard:type otherwise. "+
		"List of standards and providers can be obtained by using commands 'pcs resource standards' and 'pcs resource providers'", s)
}

func (c *call) metadata(a lrmd.Agent) (*lrmd.Metadata, error) {
	m, err := c.runner().Metadata(c.ctx, a)
	if err != nil {
		return nil, failf("Agent '%s' is not installed or does not provide valid metadata: %v", a, err)
	}
	return m, nil
}

func (c *call) resourceStandards([]string) error {
	for _, s := range c.runner().Standards() {
		c.env.Printf("%s\n", s)
	}
	return nil
}

func (c *call) resourceProviders([]string) error {
	for _, p := range c.runner().Providers() {
		c.env.Printf("%s\n", p)
	}
	return nil
}

func (c *call) resourceAgents(words []string) error {
	r := c.runner()
	if len(words) == 0 {
		for _, p := range r.Providers() {
			for _, a := range r.Agents("ocf", p) {
				c.env.Printf("%s\n", a)
			}
		}
		for _, s := range []string{"lsb", "service", "systemd"} {
			for _, a := range r.Agents(s, "") {
				c.env.Printf("%s\n", a)
			}
		}
		return nil
	}
	class, provider, _ := strings.Cut(words[0], ":")
	list := r.Agents(class, provider)
	if class == "ocf" && provider == "" {
		for _, p := range r.Providers() {
			list = append(list, r.Agents("ocf", p)...)
		}
	}
	if len(list) == 0 {
		return failf("No agents found for %s", words[0])
	}
	for _, a := range list {
		c.env.Printf("%s\n", a)
	}
	return nil
}

func (c *call) resourceList(words []string) error {
	r := c.runner()
	filter := ""
	if len(words) > 0 {
		filter = strings.ToLower(words[0])
	}
	show := func(a lrmd.Agent) {
		if filter != "" && !strings.Contains(strings.ToLower(a.String()), filter) {
			return
		}
		desc := ""
		if !c.opt.noDesc {
			if m, err := r.Metadata(c.ctx, a); err == nil && m.ShortDesc != "" {
				desc = " - " + m.ShortDesc
			}
		}
		c.env.Printf("%s%s\n", a, desc)
	}
	for _, s := range []string{"lsb"} {
		for _, a := range r.Agents(s, "") {
			show(lrmd.Agent{Class: s, Type: a})
		}
	}
	for _, p := range r.Providers() {
		for _, a := range r.Agents("ocf", p) {
			show(lrmd.Agent{Class: "ocf", Provider: p, Type: a})
		}
	}
	for _, s := range []string{"service", "systemd"} {
		for _, a := range r.Agents(s, "") {
			show(lrmd.Agent{Class: s, Type: a})
		}
	}
	return nil
}

func (c *call) resourceDescribe(words []string) error {
	if len(words) != 1 {
		return &errUsage{group: "resource"}
	}
	a, err := c.splitAgent(words[0])
	if err != nil {
		return err
	}
	m, err := c.metadata(a)
	if err != nil {
		return err
	}
	c.describe(a.String(), m, "Resource options:")
	return nil
}

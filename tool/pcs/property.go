package pcs

import (
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/gocorosync/gocorosync/conf"
	"github.com/gocorosync/gocorosync/pacemakerd/rules"
	"github.com/gocorosync/gocorosync/pacemakerd/xml"
	"github.com/gocorosync/gocorosync/tool"
)

func propertyCommands() []command {
	return []command{
		{"list", (*call).propertyShow, "", ""},
		{"show", (*call).propertyShow, "[list|show [<property> | --all | --defaults]] | [--all | --defaults]", "List property settings (default: lists configured properties)."},
		{"set", (*call).propertySet, "set [--force] <property>=[<value>] ...", "Set specific pacemaker properties (if the value is blank then the property is\nremoved from the configuration). Use --force to set properties pcs does not know."},
		{"unset", (*call).propertyUnset, "unset <property> ...", "Remove property from configuration."},
	}
}

// properties are the cluster options and the kind of their values (cib.md 8).
var properties = map[string]string{
	"batch-limit": "integer", "cluster-delay": "time", "cluster-infrastructure": "string", "cluster-ipc-limit": "integer",
	"cluster-name": "string", "cluster-recheck-interval": "time", "concurrent-fencing": "boolean", "crmd-finalization-timeout": "time",
	"crmd-integration-timeout": "time", "crmd-transition-delay": "time", "dc-deadtime": "time", "dc-version": "string",
	"default-action-timeout": "time", "default-resource-stickiness": "integer", "election-timeout": "time", "enable-acl": "boolean",
	"enable-startup-probes": "boolean", "fence-reaction": "string", "have-watchdog": "boolean", "is-managed-default": "boolean",
	"join-finalization-timeout": "time", "join-integration-timeout": "time", "load-threshold": "percentage", "maintenance-mode": "boolean",
	"migration-limit": "integer", "no-quorum-policy": "stop freeze ignore demote suicide", "node-action-limit": "integer",
	"node-health-base": "integer", "node-health-green": "integer", "node-health-red": "integer", "node-health-strategy": "none migrate-on-red only-green progressive custom",
	"node-health-yellow": "integer", "notification-agent": "string", "notification-recipient": "string", "pe-error-series-max": "integer",
	"pe-input-series-max": "integer", "pe-warn-series-max": "integer", "placement-strategy": "default utilization minimal balanced",
	"priority-fencing-delay": "time", "remove-after-stop": "boolean", "shutdown-escalation": "time", "shutdown-lock": "boolean",
	"shutdown-lock-limit": "time", "start-failure-is-fatal": "boolean", "startup-fencing": "boolean", "stonith-action": "reboot off poweroff",
	"stonith-enabled": "boolean", "stonith-max-attempts": "integer", "stonith-timeout": "time", "stonith-watchdog-timeout": "time",
	"stop-all-resources": "boolean", "stop-orphan-actions": "boolean", "stop-orphan-resources": "boolean", "symmetric-cluster": "boolean",
	"transition-delay": "time",
}

// totemOptions are what people take for cluster properties.
var totemOptions = []string{"token", "consensus", "join", "merge", "send_join", "hold", "downcheck", "max_messages", "token_coefficient",
	"token_retransmits_before_loss_const", "fail_recv_const", "netmtu", "window_size"}

func validProperty(kind, value string) bool {
	switch kind {
	case "string":
		return true
	case "boolean":
		switch strings.ToLower(value) {
		case "true", "false", "yes", "no", "on", "off", "y", "n", "1", "0":
			return true
		}
		return false
	case "integer":
		switch strings.TrimPrefix(strings.TrimPrefix(value, "+"), "-") {
		case "INFINITY":
			return true
		}
		_, err := strconv.Atoi(value)
		return err == nil
	case "percentage":
		v, ok := strings.CutSuffix(value, "%")
		_, err := strconv.Atoi(v)
		return ok && err == nil
	case "time":
		v := strings.TrimRight(value, "abcdefghijklmnopqrstuvwxyz")
		_, err := strconv.Atoi(v)
		return err == nil && slices.Contains([]string{"", "s", "sec", "ms", "msec", "us", "usec", "m", "min", "h", "hr"}, value[len(v):])
	}
	return slices.Contains(strings.Fields(kind), value)
}

// propertiesOfOld are those that 0.11 knows nothing of, or leaves to the cluster.
var propertiesOfOld = map[string]bool{"cluster-infrastructure": true, "cluster-ipc-limit": false, "cluster-name": true, "crmd-finalization-timeout": true,
	"crmd-integration-timeout": true, "crmd-transition-delay": true, "dc-version": true, "default-action-timeout": true,
	"default-resource-stickiness": true, "have-watchdog": true, "is-managed-default": true, "notification-agent": true, "notification-recipient": true}

// unknownProperty lists what there is, in the words of 0.11.
func (c *call) unknownProperty(name string) error {
	var list []string
	for _, known := range sortedKeys(properties) {
		if !propertiesOfOld[known] {
			list = append(list, "'"+known+"'")
		}
	}
	f := failf("invalid cluster property option '%s', allowed options are: %s, use --force to override", name, strings.Join(list, ", ")).all()
	if s := tool.Suggest(name, sortedKeys(properties)); s != "" && !propertiesOfOld[s] {
		f.hint("did you mean '%s'?", s)
	}
	return f
}

func (c *call) propertySet(words []string) error {
	if len(words) == 0 {
		return &errUsage{group: "property"}
	}
	for _, w := range words {
		name, value, ok := strings.Cut(w, "=")
		if !ok {
			return failf("invalid property format: '%s'", w).hint("write 'pcs property set %s=VALUE'", w)
		}
		if name == "" {
			return failf("empty property name: '%s'", w)
		}
		kind, known := properties[name]
		if c.env.Profile == conf.EL9 && propertiesOfOld[name] {
			known = false
		}
		if !known && !c.opt.force && c.env.Profile == conf.EL9 && !slices.Contains(totemOptions, name) {
			return c.unknownProperty(name)
		}
		if !known && !c.opt.force {
			f := failf("unknown cluster property: '%s', (use --force to override)", name)
			if slices.Contains(totemOptions, name) {
				return f.hint("%s is a corosync option: 'pcs cluster config update totem %s' sets it, or edit the totem section of "+
					"/etc/corosync/corosync.conf on all nodes and run 'corosync-cfgtool -R'", name, strings.Join(words, " "))
			}
			if s := tool.Suggest(name, sortedKeys(properties)); s != "" {
				return f.hint("did you mean '%s'?", s)
			}
			return f
		}
		if known && value != "" && !validProperty(kind, value) && !c.opt.force {
			return failf("invalid value of property: '%s', (use --force to override)", w)
		}
	}
	list, err := pairs(words)
	if err != nil {
		return err
	}
	el9 := c.env.Profile == conf.EL9
	conf, err := c.section("crm_config")
	if err != nil {
		return err
	}
	none := conf.Child("cluster_property_set") == nil
	bag := propertyBag(conf)
	if el9 {
		if err := c.removable(bag, list); err != nil {
			return err
		}
	}
	if setPairs(bag, list); none && bag.Child("nvpair") == nil {
		bag.Remove()
	}
	if err := c.push(); err != nil {
		return err
	}
	for _, p := range list {
		if p.name == "stonith-enabled" && !rules.IsTrue(p.value) && p.value != "" {
			c.env.Errorf("Hint: without fencing, both halves of a split cluster run everything: two copies on shared data destroy it. " +
				"Create a fence device ('pcs stonith create ...') and set stonith-enabled=true, or use a quorum witness.\n")
		}
	}
	return nil
}

// removable refuses to take away what is not there, as 0.11 does.
func (c *call) removable(bag *xml.Element, list []pair) error {
	for _, p := range list {
		there := false
		for nv := range bag.Each("nvpair") {
			there = there || nv.Get("name") == p.name
		}
		if p.value != "" || there {
			continue
		}
		text := "Cannot remove property '" + p.name + "', it is not present in property set '" + bag.ID() + "'"
		if !c.opt.force {
			return failf("%s, use --force to override", text).all()
		}
		c.env.Errorf("Warning: %s\n", text)
	}
	return nil
}

// propertyBag is the set that pcs writes to.
func propertyBag(conf *xml.Element) *xml.Element {
	for s := range conf.Each("cluster_property_set") {
		if s.ID() == "cib-bootstrap-options" {
			return s
		}
	}
	if s := conf.Child("cluster_property_set"); s != nil {
		return s
	}
	return conf.Append(xml.New("cluster_property_set", "id", uniqueID(conf, "cib-bootstrap-options")))
}

func (c *call) propertyUnset(words []string) error {
	if len(words) == 0 {
		return &errUsage{group: "property"}
	}
	conf, err := c.section("crm_config")
	if err != nil {
		return err
	}
	bag := propertyBag(conf)
	for _, name := range words {
		found := false
		for nv := range bag.Each("nvpair") {
			if nv.Get("name") == name {
				nv.Remove()
				found = true
				break
			}
		}
		if !found && !c.opt.force {
			return failf("can't remove property: '%s' that doesn't exist", name)
		}
	}
	return c.push()
}

func (c *call) propertyShow(words []string) error {
	conf, err := c.section("crm_config")
	if err != nil {
		if errors.Is(err, errNoCIB) {
			return &failure{lines: []string{"unable to get crm_config\nSignon to CIB failed: Transport endpoint is not connected\nInit failed, could not perform requested operations\n"}}
		}
		return err
	}
	set := map[string]string{}
	for s := range conf.Each("cluster_property_set") {
		for nv := range s.Each("nvpair") {
			if _, have := set[nv.Get("name")]; !have || s.ID() == "cib-bootstrap-options" {
				set[nv.Get("name")] = nv.Get("value")
			}
		}
	}
	c.env.Printf("Cluster Properties:\n")
	for _, name := range sortedKeys(set) {
		if len(words) == 0 || slices.Contains(words, name) {
			c.env.Printf(" %s: %s\n", name, set[name])
		}
	}
	if len(words) > 0 {
		return nil
	}
	return c.nodeAttributes()
}

// nodeAttributes lists what nodes have, as 'pcs property' does below.
func (c *call) nodeAttributes() error {
	nodes, err := c.section("nodes")
	if err != nil {
		return err
	}
	header := false
	for n := range nodes.Each("node") {
		text := ""
		for set := range n.Each("instance_attributes") {
			text = strings.TrimSpace(text + " " + setText(set))
		}
		if text == "" {
			continue
		}
		if !header {
			c.env.Printf("Node Attributes:\n")
			header = true
		}
		c.env.Printf(" %s: %s\n", n.Get("uname"), text)
	}
	return nil
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

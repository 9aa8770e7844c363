package crm

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"os"
	"regexp"
	"slices"
	"strings"

	"github.com/gocorosync/gocorosync/pacemakerd/cib"
	"github.com/gocorosync/gocorosync/pacemakerd/client"
	"github.com/gocorosync/gocorosync/pacemakerd/rules"
	"github.com/gocorosync/gocorosync/pacemakerd/xml"
	"github.com/gocorosync/gocorosync/tool"
	"github.com/gocorosync/gocorosync/tool/option"
)

// attribute is what crm_attribute and its wrappers do: one name in one place.
type attribute struct {
	env                          *tool.Env
	section, node, name, value   string
	set, id, def                 string
	query, remove, quiet, hasDef bool
	program                      string
	root                         *xml.Element // of what is printed, where that is XML
	words                        io.Writer    // what is said in any case, whatever is printed
	isValue                      bool
	lifetime, rsc                string // as the tools' options say
	promotion                    bool   // the name is that of a promotion score
	output, outputTo             string
	hasOutput                    bool
	pattern                      string // of names, an extended regular expression
	hasName                      bool
	notZero                      bool   // fail counts were to be set to something
	operation, interval          string // of which the failures are counted
	transientToo                 bool   // show the value until the next reboot where there is no other
}

// newValue is the target of a new value, which may be empty.
func (a *attribute) newValue() option.Target {
	return option.All(option.Text(&a.value), func(string) error { a.query, a.remove, a.isValue = false, false, true; return nil })
}

// toQuery and toRemove are commands, of which the last one counts.
func (a *attribute) toQuery(string) error {
	a.query, a.remove, a.isValue = true, false, false
	return nil
}

func (a *attribute) toRemove(string) error {
	a.query, a.remove, a.isValue = false, true, false
	return nil
}

func (a *attribute) attributeTable() *option.Program {
	return program("crm_attribute", "Query and update Pacemaker cluster options and node attributes", "-n <attribute> <command> [options]", nil, []option.Option{
		{Flags: "-G --query", Text: "Query the current value of the attribute/option", To: a.toQuery},
		{Flags: "-v --update", Arg: "value", Text: "Update the value of the attribute/option", To: a.newValue()},
		{Flags: "-D --delete", Text: "Delete the attribute/option", To: a.toRemove},
		{Flags: "-t --type", Arg: "value", Text: "Which part of the configuration to update/delete/query: nodes, status, crm_config, rsc_defaults, op_defaults, tickets", Values: option.Words("nodes", "status", "crm_config", "rsc_defaults", "op_defaults", "tickets"), To: option.Text(&a.section)},
		{Flags: "-l --lifetime", Arg: "value", Text: "Lifetime of the node attribute: reboot, forever", Values: option.Words("reboot", "forever"), To: option.Text(&a.lifetime)},
		{Flags: "-N --node", Arg: "value", Text: "Set an attribute for the named node (instead of a cluster option)", To: option.Text(&a.node)},
		{Flags: "-U --uname", Arg: "value", To: option.Text(&a.node)},
		{Flags: "-s --set-name", Arg: "value", Text: "(Advanced) The attribute set in which to place the value", To: option.Text(&a.set)},
		{Flags: "-i --id", Arg: "value", Text: "(Advanced) The ID used to identify the attribute", To: option.Text(&a.id)},
		{Flags: "-n --name", Arg: "value", Text: "Name of the attribute/option to operate on", To: option.All(option.Text(&a.name), option.On(&a.hasName))},
		{Flags: "--attr-name", Arg: "value", To: option.All(option.Text(&a.name), option.On(&a.hasName))},
		{Flags: "--attr-value", Arg: "value", To: a.newValue()},
		{Flags: "--get-value", To: a.toQuery},
		{Flags: "--delete-attr", To: a.toRemove},
		{Flags: "-d --default", Arg: "value", Text: "(Advanced) The default value to display if none is found in the configuration", To: option.All(option.Text(&a.def), option.On(&a.hasDef))},
		{Flags: "-q --quiet", Text: "Print only the value on stdout", To: option.On(&a.quiet)},
		{Flags: "-Q", To: option.On(&a.quiet)},
		{Flags: "-P --pattern", Arg: "value", Text: "Operate on all attributes matching this pattern (with -G, or with -v or -D and -l reboot)", Only: "el9", To: option.Text(&a.pattern)},
		{Flags: "-p --promotion", May: true, Else: thisResource, Text: "Operate on node attribute used as promotion score for specified resource, or given in OCF_RESOURCE_INSTANCE environment variable if none is specified", Only: "el9", To: a.toPromotion},
		{Flags: "--output-as", Arg: "format", Text: "Format of the output: text, xml or none", Values: option.Words("text", "xml", "none"), Only: "el9", To: option.All(option.Text(&a.output), option.On(&a.hasOutput))},
		{Flags: "--output-to", Arg: "dest", Text: "File to write the output to, \"-\" for standard output", Values: option.Files(), Only: "el9", To: option.Text(&a.outputTo)},
		{Flags: "-! --inhibit-policy-engine"},
	})
}

// thisResource stands for the resource whose agent runs the tool. No id has a
// blank in it.
const thisResource = "the resource of this agent"

// toPromotion is the target of a resource whose promotion score is meant.
func (a *attribute) toPromotion(rsc string) error {
	if rsc == thisResource {
		var known bool
		if rsc, known = os.LookupEnv("OCF_RESOURCE_INSTANCE"); !known {
			return errOption("-p/--promotion must be called from an OCF resource agent or with a resource ID specified")
		}
	}
	a.name, a.hasName, a.promotion = "master-"+rsc, true, true
	return nil
}

// Attribute is the tool crm_attribute.
func Attribute(ctx context.Context, env *tool.Env) int {
	a := &attribute{env: env, program: "crm_attribute"}
	if done, status := parse(env, a.attributeTable()); done {
		return status
	}
	return a.printed(func() int { return a.perform(ctx) })
}

// perform is what crm_attribute is for.
func (a *attribute) perform(ctx context.Context) int {
	env := a.env
	if a.promotion && a.lifetime == "" {
		a.lifetime = "reboot"
	}
	if status := a.live(); status != 0 {
		return status
	}
	if a.pattern != "" {
		if (a.isValue || a.remove) && a.section != "status" {
			complain(env, "Error: pattern can only be used with query, or with till-reboot update or delete")
			return exitUsage(env)
		}
		a.name = a.pattern
	}
	return a.run(ctx)
}

// live puts an attribute where it lives as long as is asked for.
func (a *attribute) live() int {
	switch a.lifetime {
	case "":
	case "reboot":
		a.section = "status"
	case "forever":
		a.section = "nodes"
	default:
		complainAs(a.env, a.program, "Error performing operation: No message of desired type")
		return exitProtocol
	}
	return 0
}

func (a *attribute) standbyTable() *option.Program {
	return program("crm_standby", "Query, enable, or disable standby mode for a node", "[options]", nil, []option.Option{
		{Flags: "-G --query", Text: "Query the current value of standby mode (on/off)", To: a.toQuery},
		{Flags: "-v --update", Arg: "value", Text: "Update the value of standby mode (on/off)", Values: option.Words("on", "off"), To: a.newValue()},
		{Flags: "-D --delete", Text: "Let standby mode use default value", To: a.toRemove},
		{Flags: "-N --node", Arg: "node", Text: "Operate on the named node instead of the current one", To: option.Text(&a.node)},
		{Flags: "-l --lifetime", Arg: "value", Text: "Until when should the setting take affect (valid values: reboot, forever)", Values: option.Words("reboot", "forever"), To: option.Text(&a.lifetime)},
		{Flags: "-q --quiet", Text: "Print only the value", To: option.On(&a.quiet)},
	})
}

// Standby is the tool crm_standby.
func Standby(ctx context.Context, env *tool.Env) int {
	a := &attribute{env: env, program: "crm_attribute", section: "nodes", name: "standby", def: "off", hasDef: true}
	if done, status := parse(env, a.standbyTable()); done {
		if status != 0 && generationOf(env).spelledOut {
			return exitError // of a script
		}
		return status
	}
	if status := a.live(); status != 0 {
		return status
	}
	if a.lifetime == "reboot" && generationOf(env).attribute.transientToo {
		a.hasDef = false
	}
	if !a.isValue && !a.remove {
		a.query = true
	}
	if a.node == "" {
		a.node = "."
	}
	if a.remove && a.lifetime == "" && generationOf(env).attribute.transientToo {
		return a.removeBoth(ctx)
	}
	a.transientToo = a.query && generationOf(env).attribute.transientToo && a.section == "nodes"
	return a.run(ctx)
}

// removeBoth removes the value that stays and the one until the next reboot.
// That there is none, or no such node, is no failure.
func (a *attribute) removeBoth(ctx context.Context) int {
	for _, section := range [...]string{"nodes", "status"} {
		a.section = section
		if code := a.run(ctx); code != 0 && code != exitNoSuch {
			return code
		}
	}
	return 0
}

func (a *attribute) failCountTable() *option.Program {
	return program("crm_failcount", "Query or delete resource fail counts", "-r <resource> [options]", nil, []option.Option{
		{Flags: "-G --query", Text: "Query the current value of the resource's fail count", To: a.toQuery},
		{Flags: "-D --delete", Text: "Delete resource's recorded failures", To: a.toRemove},
		{Flags: "-v", Arg: "value", Only: "el9", To: a.toRemoveOld},
		{Flags: "-n --operation", Arg: "operation", Text: "Name of operation to use instead of all operations", Only: "el9", To: option.Text(&a.operation)},
		{Flags: "-I --interval", Arg: "interval", Text: "If an operation is specified, this specifies its interval", Only: "el9", To: option.Text(&a.interval)},
		{Flags: "-r --resource", Arg: "rsc", Text: "Name of the resource to use", To: option.Text(&a.rsc)},
		{Flags: "-N --node", Arg: "node", Text: "Use failcount on named node (instead of local node)", To: option.Text(&a.node)},
		{Flags: "-q --quiet", Text: "Print only the value", To: option.On(&a.quiet)},
	})
}

// toRemoveOld is the old way to delete fail counts: to set them to 0.
func (a *attribute) toRemoveOld(count string) error {
	if count == "0" {
		return a.toRemove("")
	}
	a.notZero = true
	return nil
}

// FailCount is the tool crm_failcount.
func FailCount(ctx context.Context, env *tool.Env) int {
	a := &attribute{env: env, program: "crm_attribute", section: "status", def: "0", hasDef: true}
	if done, status := parse(env, a.failCountTable()); done {
		return status
	}
	if a.notZero {
		env.Errorf("warning: ignoring deprecated option '-v' with nonzero value\n")
	}
	switch {
	case !a.query && !a.remove && generationOf(env).spelledOut:
		env.Errorf("error: must specify a command\n")
		return exitUsage(env)
	case a.rsc == "":
		if generationOf(env).spelledOut {
			env.Errorf("error: resource name required\n")
			return exitUsage(env)
		}
		return env.Fail(exitUsage(env), "name a resource with -r")
	}
	if a.node == "" {
		a.node = "."
	}
	if a.remove {
		return a.clear(ctx, a.rsc)
	}
	return a.failCount(ctx, a.rsc)
}

func (a *attribute) connect(ctx context.Context) (*client.CIB, int) {
	c, err := OpenCIB(ctx, a.env, a.program)
	if err != nil {
		word, status := unconnected(a.env, err)
		complainAs(a.env, a.program, generationOf(a.env).attribute.noCIB+word)
		return nil, status
	}
	return c, 0
}

// localName asks the controller what this node is called.
func localName(ctx context.Context, program string) (string, error) {
	c, err := client.DialController(ctx, program)
	if err != nil {
		return "", err
	}
	defer c.Close()
	n, err := c.NodeInfo(ctx, 0, "")
	if err != nil {
		return "", err
	}
	return n.Get("uname"), nil
}

// nameNode puts this node's name where one of the words for it was given. It
// returns the exit status of a failure.
func (a *attribute) nameNode(ctx context.Context, words ...string) int {
	if !slices.Contains(words, a.node) {
		return 0
	}
	name, err := localName(ctx, a.program)
	if err != nil && client.PlaceFromEnv().Elsewhere() && generationOf(a.env).spelledOut {
		if name, err = os.Hostname(); err == nil { // what 2.1.5 takes for it then
			a.node = name
			return 0
		}
	}
	if err != nil {
		return a.env.Fail(exitError, "cannot tell this node's name: %v", err)
	}
	a.node = name
	return 0
}

func (a *attribute) run(ctx context.Context) int {
	switch {
	case a.hasName && a.name == "" && generationOf(a.env).spelledOut: // there is none of that name
		complainAs(a.env, a.program, "Error performing operation: "+cib.NotFound.Error())
		return exitOf(a.env, cib.NotFound)
	case a.name == "" && a.remove && generationOf(a.env).spelledOut:
		complainAs(a.env, a.program, "Error: must specify attribute name or pattern to delete")
		return exitUsage(a.env)
	case a.name == "" && (a.isValue || a.remove || !generationOf(a.env).spelledOut):
		return a.env.Fail(exitUsage(a.env), "name the attribute with -n")
	}
	if a.section == "" {
		a.section = "crm_config"
		if a.node != "" {
			a.section = "nodes"
		}
	}
	if a.section == "reboot" {
		a.section = "status"
	} else if a.section == "forever" {
		a.section = "nodes"
	}
	c, status := a.connect(ctx)
	if status != 0 {
		return status
	}
	defer c.Close()
	var nodeID string
	if a.ofNode() {
		if status := a.nameNode(ctx, "", ".", "localhost"); status != 0 {
			return status
		}
		doc, err := c.Query(ctx)
		if err != nil {
			return a.env.Fail(exitError, "%v", err)
		}
		for n := range cib.Section(doc, "nodes").Each("node") {
			if strings.EqualFold(n.Get("uname"), a.node) {
				nodeID = n.ID()
			}
		}
		if nodeID == "" {
			complainAs(a.env, a.program, "Could not map name="+a.node+" to a UUID")
			return exitOf(a.env, cib.NotFound)
		}
	}
	if a.section != "tickets" && !cib.IsSection(a.section) {
		complainAs(a.env, a.program, "Error performing operation: No message of desired type")
		return exitProtocol
	}
	switch {
	case a.query:
		if a.transientToo {
			if _, err := c.Do(ctx, &cib.Op{Name: cib.OpQuery, Section: a.where(nodeID), Options: cib.XPath | cib.ScopeLocal}); codeOf(err) == cib.NotFound {
				a.section = "status"
			}
		}
		return a.show(ctx, c, nodeID)
	case a.section == "status" && !client.PlaceFromEnv().Elsewhere():
		return a.update(ctx)
	case a.pattern != "":
		return 0 // whose values are the attribute manager's, and none of a file's
	case a.remove:
		return a.delete(ctx, c, nodeID)
	case a.isValue:
		return a.write(ctx, c, nodeID)
	}
	return a.show(ctx, c, nodeID)
}

// ofNode tells whether a node has to be named. 2.1.5 wants one that is known
// for whatever is not an option of the cluster or a ticket's.
func (a *attribute) ofNode() bool {
	switch a.section {
	case "nodes", "status":
		return true
	case "crm_config", "tickets":
		return false
	}
	return generationOf(a.env).attribute.nodeAlways
}

// where is the XPath of the attribute's nvpair.
func (a *attribute) where(nodeID string) string {
	q := "[@name='" + a.name + "']"
	if a.name == "" || a.pattern != "" {
		q = ""
	}
	if a.id != "" {
		q = "[@id='" + a.id + "']"
	}
	set := ""
	if a.set != "" {
		set = "[@id='" + a.set + "']"
	}
	switch a.section {
	case "nodes":
		return "/cib/configuration/nodes/node[@id='" + nodeID + "']/instance_attributes" + set + "/nvpair" + q
	case "status":
		return "/cib/status/node_state[@id='" + nodeID + "']/transient_attributes/instance_attributes" + set + "/nvpair" + q
	case "crm_config":
		return "/cib/configuration/crm_config/cluster_property_set" + set + "/nvpair" + q
	}
	if a.section == "tickets" {
		return "/cib/status/tickets/instance_attributes" + set + "/nvpair" + q
	}
	return "/cib/configuration/" + a.section + "/meta_attributes" + set + "/nvpair" + q
}

func (a *attribute) show(ctx context.Context, c *client.CIB, nodeID string) int {
	n, err := c.Do(ctx, &cib.Op{Name: cib.OpQuery, Section: a.where(nodeID), Options: cib.XPath | cib.ScopeLocal})
	value, code := "", codeOf(err)
	if code == cib.OK && a.pattern != "" {
		return a.showMatches(n)
	}
	if code == cib.OK && (n.Name == "xpath-query" || a.name == "") {
		for nv := range n.Walk() {
			if nv.Name == "nvpair" {
				a.tell(nv.Get("name"), nv.Get("value"))
			}
		}
		return 0
	}
	if code == cib.OK {
		value = n.Get("value")
	} else if code == cib.NotFound && a.hasDef {
		value, code = a.def, cib.OK
	}
	if code != cib.OK {
		value = "(null)"
		complainAs(a.env, a.program, "Error performing operation: "+text(a.env, code))
	}
	if code == cib.OK || generationOf(a.env).attribute.nullValue && !a.quiet {
		a.tell(a.name, value)
	}
	return exitOf(a.env, code)
}

// showMatches prints the values of all attributes whose names match.
func (a *attribute) showMatches(found *xml.Element) int {
	told := false
	matches, err := regexp.CompilePOSIX(a.pattern) // what is none matches nothing
	for nv := range found.Walk() {
		if name := nv.Get("name"); err == nil && nv.Name == "nvpair" && matches.MatchString(name) {
			a.tell(name, nv.Get("value"))
			told = true
		}
	}
	if found.Name != "xpath-query" || told { // of a single attribute 2.1.5 does not say that it is not meant
		return 0
	}
	complainAs(a.env, a.program, "Error performing operation: "+cib.NotFound.Error())
	return exitOf(a.env, cib.NotFound)
}

// tell prints a value.
func (a *attribute) tell(name, value string) {
	id := ""
	if a.id != "" && generationOf(a.env).spelledOut {
		id = "id=" + a.id
	}
	if a.root != nil {
		e := a.root.Append(xml.New("attribute", "name", name, "value", value, "scope", a.section))
		if a.id != "" {
			e.Set("id", a.id)
		}
		return
	}
	if a.quiet {
		a.env.Printf("%s\n", value)
	} else {
		a.env.Printf("scope=%s %s name=%s value=%s\n", a.section, id, name, value)
	}
}

// several lists what a change might be about, if that is more than one thing:
// then nothing is changed.
func (a *attribute) several(found *xml.Element) bool {
	if found.Name != "xpath-query" {
		return false
	}
	a.env.Printf("Multiple attributes match name=%s\n", a.name)
	for nv := range found.Each("nvpair") {
		a.env.Printf("  Value: %s \t(id=%s)\n", nv.Get("value"), nv.ID())
	}
	return true
}

// update changes a transient attribute: those belong to the attribute manager.
func (a *attribute) update(ctx context.Context) int {
	c, err := client.DialAttributes(ctx, a.env.Name)
	if err != nil {
		return a.env.Fail(exitError, "%v", err)
	}
	defer c.Close()
	attrs := []xml.Attr{{Name: "attr_name", Value: a.name}}
	if a.pattern != "" {
		attrs[0] = xml.Attr{Name: "attr_regex", Value: a.pattern}
	}
	if !a.remove {
		attrs = append(attrs, xml.Attr{Name: "attr_value", Value: a.value})
	}
	attrs = append(attrs, xml.Attr{Name: "attr_host", Value: a.node}, xml.Attr{Name: "attr_is_remote", Value: "0"}, xml.Attr{Name: "attr_is_private", Value: "0"})
	if _, err := c.Do(ctx, "update", attrs...); err != nil {
		return a.env.Fail(exitError, "%v", err)
	}
	return 0
}

func (a *attribute) delete(ctx context.Context, c *client.CIB, nodeID string) int {
	n, err := c.Do(ctx, &cib.Op{Name: cib.OpQuery, Section: a.where(nodeID), Options: cib.XPath | cib.ScopeLocal})
	if codeOf(err) == cib.NotFound {
		return 0
	}
	if err == nil {
		if a.several(n) {
			return 0 // as the original has it
		}
		_, err = c.Do(ctx, &cib.Op{Name: cib.OpDelete, Section: a.where(nodeID), Options: cib.XPath})
	}
	if code := codeOf(err); code != cib.OK {
		a.env.Errorf("Error performing operation: %s\n", text(a.env, code))
		return exitOf(a.env, code)
	}
	place := a.section + " option"
	if a.section == "nodes" || a.section == "status" {
		place = a.section + " attribute"
	}
	set := ""
	if a.set != "" && generationOf(a.env).spelledOut {
		set = " set=" + a.set
	}
	id := n.ID()
	if a.id != "" && generationOf(a.env).spelledOut { // by which it need not be looked for
		id = "(null)"
	}
	a.env.Printf("Deleted %s: id=%s%s name=%s%s", place, id, set, a.name, generationOf(a.env).attribute.deletedEnd)
	return 0
}

func (a *attribute) write(ctx context.Context, c *client.CIB, nodeID string) int {
	var op *cib.Op
	set := a.set
	if n, err := c.Do(ctx, &cib.Op{Name: cib.OpQuery, Section: a.where(nodeID), Options: cib.XPath | cib.ScopeLocal}); err == nil {
		if a.several(n) {
			complainAs(a.env, a.program, "Please choose from one of the matches below and supply the 'id' with --attr-id")
			return exitMultiple
		}
		op = &cib.Op{Name: cib.OpModify, Section: a.section, Data: xml.New("nvpair", "id", n.ID(), "name", a.name, "value", a.value)}
	} else {
		kind := "meta_attributes"
		top := xml.New(a.section)
		at := top
		switch a.section {
		case "nodes":
			kind = "instance_attributes"
			at = top.Append(xml.New("node", "id", nodeID))
			set = cmp.Or(set, "nodes-"+nodeID)
		case "status":
			kind = "instance_attributes"
			at = top.Append(xml.New("node_state", "id", nodeID)).Append(xml.New("transient_attributes", "id", nodeID))
			set = cmp.Or(set, "status-"+nodeID)
		case "tickets": // which are part of the status
			kind = "instance_attributes"
			a.section, top = "status", xml.New("status")
			at = top.Append(xml.New("tickets"))
			set = cmp.Or(set, "status-tickets")
		case "crm_config":
			kind = "cluster_property_set"
			set = cmp.Or(set, "cib-bootstrap-options")
		default:
			set = cmp.Or(set, a.section+"-options")
		}
		id := cmp.Or(a.id, strings.ReplaceAll(set+"-"+a.name, ":", "."))
		at.Append(xml.New(kind, "id", set)).Append(xml.New("nvpair", "id", id, "name", a.name, "value", a.value))
		op = &cib.Op{Name: cib.OpModify, Section: a.section, Data: top}
	}
	if refused, err := c.Do(ctx, op); err != nil {
		code := codeOf(err)
		if code == cib.SchemaInvalid && c.IsFile() {
			showRefused(a.env, cmp.Or(a.words, a.env.Stderr), refused)
		}
		if generationOf(a.env).spelledOut {
			a.env.Errorf("Error setting %s=%s (section=%s, set=%s): %s\n", a.name, a.value, a.section, cmp.Or(set, "<null>"), text(a.env, code))
			word := text(a.env, code)
			if code == cib.SchemaInvalid {
				word = "Unknown error 1016" // which is not one of those that the original can name there
			}
			complainAs(a.env, a.program, "Error performing operation: "+word)
			return exitOf(a.env, code)
		}
		a.env.Errorf("Error performing operation: %s\n", text(a.env, code))
		return exitOf(a.env, code)
	}
	return 0
}

func (a *attribute) failCount(ctx context.Context, rsc string) int {
	c, status := a.connect(ctx)
	if status != 0 {
		return status
	}
	defer c.Close()
	if status := a.nameNode(ctx, "."); status != 0 {
		return status
	}
	doc, err := c.Query(ctx)
	if err != nil {
		return a.env.Fail(exitError, "%v", err)
	}
	total := 0
	prefix, name := "fail-count-"+rsc+"#", "fail-count-"+rsc
	if a.operation != "" {
		prefix += a.operation + "_" + fmt.Sprint(rules.Interval(a.interval))
		name = prefix
	}
	if !slices.ContainsFunc(slices.Collect(cib.Section(doc, "nodes").Each("node")), func(n *xml.Element) bool { return strings.EqualFold(n.Get("uname"), a.node) }) && generationOf(a.env).spelledOut {
		complainAs(a.env, a.program, "Could not map name="+a.node+" to a UUID")
		a.env.Printf("scope=status  name=%s value=\n", name)
		return 0
	}
	for s := range doc.Child("status").Each("node_state") {
		if !strings.EqualFold(s.Get("uname"), a.node) {
			continue
		}
		for nv := range s.Child("transient_attributes").Walk() {
			if n := nv.Get("name"); n == name || a.operation == "" && strings.HasPrefix(n, prefix) {
				v := 1000000
				if nv.Get("value") != "INFINITY" {
					fmt.Sscan(nv.Get("value"), &v)
				}
				total = min(total+v, 1000000)
			}
		}
	}
	value := fmt.Sprint(total)
	if total == 1000000 {
		value = "INFINITY"
	}
	if a.quiet {
		a.env.Printf("%s\n", value)
	} else {
		a.env.Printf("scope=status  name=%s value=%s\n", name, value)
	}
	return 0
}

func (a *attribute) clear(ctx context.Context, rsc string) int {
	if p := client.PlaceFromEnv(); p.Elsewhere() {
		// 2.1.5 says so and ends by a fault of memory.
		a.env.Errorf("Dry run: skipping clean-up of %s on %s due to %s\n", rsc, a.node, p.Why)
		return 0
	}
	c, err := client.DialAttributes(ctx, a.env.Name)
	if err != nil {
		return a.env.Fail(exitError, "%v", err)
	}
	defer c.Close()
	attrs := []xml.Attr{{Name: "attr_resource", Value: rsc}}
	if a.operation != "" {
		attrs = append(attrs, xml.Attr{Name: "attr_clear_operation", Value: a.operation}, xml.Attr{Name: "attr_clear_interval", Value: cmp.Or(a.interval, "0")})
	}
	if a.node != "." {
		attrs = append(attrs, xml.Attr{Name: "attr_host", Value: a.node})
	}
	if _, err := c.Do(ctx, "clear-failure", attrs...); err != nil {
		return a.env.Fail(exitError, "%v", err)
	}
	return 0
}

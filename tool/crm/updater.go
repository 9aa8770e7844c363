package crm

import (
	"context"

	"github.com/gocorosync/gocorosync/pacemakerd/client"
	"github.com/gocorosync/gocorosync/pacemakerd/xml"
	"github.com/gocorosync/gocorosync/tool"
	"github.com/gocorosync/gocorosync/tool/option"
)

// updaterOptions are what attrd_updater is called with.
type updaterOptions struct {
	task, name, value, node, set, delay string
	hasValue, all, private, hasName     bool
}

// change is the target of a new value.
func (o *updaterOptions) change(task string) option.Target {
	return option.All(option.Text(&o.value), option.On(&o.hasValue), option.Mark(&o.task, task))
}

func (o *updaterOptions) table() *option.Program {
	return program("attrd_updater", "query and update Pacemaker node attributes", "command -n attribute [options]", nil, []option.Option{
		{Flags: "-n --name", Arg: "value", Text: "The attribute's name", To: option.All(option.Text(&o.name), option.On(&o.hasName))},
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
	if generationOf(env).spelledOut && o.hasName && o.task == "" {
		o.task = "query"
	}
	if o.task == "" || !o.hasName && o.task != "refresh" || o.name == "" && !generationOf(env).spelledOut && o.task != "refresh" {
		if generationOf(env).spelledOut {
			complain(env, "Command requires --name argument")
			return exitUsage(env)
		}
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

package crm

import (
	"context"
	"errors"

	"github.com/gocorosync/gocorosync/pacemakerd/cib"
	"github.com/gocorosync/gocorosync/pacemakerd/client"
	"github.com/gocorosync/gocorosync/tool"
	"github.com/gocorosync/gocorosync/tool/option"
)

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

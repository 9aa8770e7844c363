package crm

import (
	"cmp"
	"context"
	"errors"
	"strings"

	"github.com/gocorosync/gocorosync/pacemakerd/cib"
	"github.com/gocorosync/gocorosync/pacemakerd/client"
	"github.com/gocorosync/gocorosync/pacemakerd/rules"
	"github.com/gocorosync/gocorosync/tool"
	"github.com/gocorosync/gocorosync/tool/option"
)

// adminOptions are what crmadmin is called with.
type adminOptions struct {
	what   rune // S, P, D or N: the command that came last
	quiet  bool
	export bool   // names and ids of nodes as a shell takes them
	kind   string // of nodes
	status string
}

// is is the target of a command.
func (o *adminOptions) is(what rune) option.Target { return option.Mark(&o.what, what) }

func (o *adminOptions) table() *option.Program {
	return program("crmadmin", "query and manage the Pacemaker controller", "command [options]", nil, []option.Option{
		{Flags: "-S --status", Arg: "node", Text: "Display the status of the specified node", To: option.All(option.Text(&o.status), o.is('S'))},
		{Flags: "-P --pacemakerd", Text: "Display the status of local pacemakerd", To: o.is('P')},
		{Flags: "-D --dc_lookup", Text: "Display the uname of the node co-ordinating the cluster", To: o.is('D')},
		{Flags: "-N --nodes", Text: "Display the uname of all member nodes", Only: "el7", To: o.is('N')},
		{Flags: "-N --nodes", Arg: "value", Text: "Display the uname of all member nodes [optionally filtered by type (comma-separated)]; types: all (default), cluster, guest, remote", Only: "el9",
			May: true, Else: "all", Values: option.Words("all", "cluster", "guest", "remote"), To: option.All(option.Text(&o.kind), o.is('N'))},
		{Flags: "-B --bash-export", Text: "Display nodes as shell commands of the form 'export uname=uuid' (valid with -N/--nodes)", Only: "el9", To: option.On(&o.export)},
		{Flags: "-q --quiet", Text: "Display only the essential information", To: option.On(&o.quiet)},
		{Flags: "-t --timeout", Arg: "value", Text: "Time to wait before declaring the operation failed", To: isTime},
	})
}

// isTime tells whether a time to wait is one.
func isTime(v string) error {
	if _, ok := rules.CheckInterval(v); !ok {
		return errOption("Error parsing option -t")
	}
	return nil
}

// Admin is the tool crmadmin.
func Admin(ctx context.Context, env *tool.Env) int {
	o := &adminOptions{}
	operands, done, st := parseWords(env, o.table())
	if done {
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
		if errors.Is(err, client.ErrNotRunning) && words.noDaemon != nil {
			daemon := "controller"
			if o.what == 'P' {
				daemon = "launcher"
			}
			words.noDaemon(env, daemon)
			return st
		}
		env.Errorf("%s: %v\n", env.Name, err)
		return st
	}
	switch {
	case o.what == 'P':
		state, at, err := client.Ping(ctx, "crmadmin")
		if err != nil {
			return fail(err)
		}
		env.Printf("Status of pacemakerd: '%s' (last updated %s)\n", state, at.Format("2006-01-02 15:04:05Z07:00"))
		return 0
	case o.what == 'N':
		doc, err := readCIB(ctx, env, "crmadmin")
		if err != nil {
			return fail(err)
		}
		if len(operands) > 0 && o.kind == "all" {
			o.kind = operands[0] // 2.1.5 takes the next word for the kind
		}
		some := false
		for n := range cib.Section(doc, "nodes").Each("node") {
			kind := "cluster"
			if n.Get("type") == "remote" {
				kind = "remote"
			}
			switch {
			case o.kind != "" && !strings.Contains(o.kind, "all") && !strings.Contains(o.kind, kind): // anywhere in it
				continue
			case o.export:
				env.Printf("export %s=%s\n", n.Get("uname"), n.ID())
			default:
				env.Printf("%s node: %s (%s)\n", cmp.Or(words.kind, kind), n.Get("uname"), n.ID())
			}
			some = true
		}
		if !some && generationOf(env).spelledOut {
			env.Printf("No nodes configured\n")
		}
		return 0
	case o.what == 0:
		return env.Fail(exitUsage(env), "no command given; '%s --help' lists them", env.Name)
	}
	c, err := client.DialController(ctx, "crmadmin")
	if err != nil {
		return fail(err)
	}
	defer c.Close()
	if o.what == 'D' {
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

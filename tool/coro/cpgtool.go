package coro

import (
	"context"
	"fmt"
	"strings"

	"github.com/gocorosync/gocorosync/ipc/coro"
	"github.com/gocorosync/gocorosync/tool"
	"github.com/gocorosync/gocorosync/tool/option"
)

const cpgUsage = `corosync-cpgtool [-d delimiter] [-e] [-n] [-h]

A tool for displaying cpg groups and members.
options:
	-d	Delimiter between fields.
	-e	Don't escape unprintable characters in group name.
	-n	Display only all existing group names.
	-h	Display this help.
`

// cpgtool is one run of corosync-cpgtool.
type cpgtool struct {
	env            *tool.Env
	delimiter      string
	asIs, onlyName bool
}

func (t *cpgtool) table() *option.Program {
	return &option.Program{
		Name: "corosync-cpgtool", Section: 8, Purpose: "list process groups and their members", Synopsis: []string{"[OPTION...]"},
		Groups: []option.Group{{Options: []option.Option{
			{Flags: "-h", Text: "Print the options and exit.", To: option.Help},
			{Flags: "-d", Arg: "TEXT", Text: "Print this between fields, and one member in a line.", To: option.Text(&t.delimiter)},
			{Flags: "-n", Text: "Print the names of groups alone.", To: option.On(&t.onlyName)},
			{Flags: "-e", Text: "Print names as they are, not with \\xNN for what cannot be seen.", To: option.On(&t.asIs)},
		}}},
		Usage:  usage(cpgUsage, cpgUsage),
		Status: okOrNot(), See: []string{"corosync(8)"},
	}
}

// Cpgtool is corosync-cpgtool.
func Cpgtool(ctx context.Context, env *tool.Env) int {
	t := &cpgtool{env: env}
	if _, done, status := read(env, t.table()); done {
		return status
	}
	return limited(ctx, env, false, t.run)
}

func (t *cpgtool) run(ctx context.Context) int {
	env := t.env
	c, err := coro.DialCPG(ctx)
	if err != nil {
		env.Errorf("Could not initialize corosync cpg API error %d\n", coro.AsError(err))
		return tool.Failed
	}
	defer c.Close()
	list, err := c.Groups(ctx, t.onlyName)
	if err != nil {
		env.Errorf("Could not initialize iteration, error %d\n", coro.AsError(err))
		return tool.Failed
	}
	name := func(s string) string {
		if t.asIs {
			return s
		}
		return escapeName(s)
	}
	if t.onlyName {
		for _, p := range list {
			env.Printf("%s\n", name(p.Group))
		}
		return tool.OK
	}
	if t.delimiter == "" {
		env.Printf("Group Name\t%10s\t%10s\n", "PID", "Node ID")
	} else {
		env.Printf("GRP_NAME%sPID%sNODEID\n", t.delimiter, t.delimiter)
	}
	cfg, err := coro.DialCFG(ctx)
	if err != nil {
		env.Errorf("Could not initialize corosync configuration API error %d\n", coro.AsError(err))
		return tool.Failed
	}
	defer cfg.Close()
	last := ""
	for i, p := range list {
		if t.delimiter != "" {
			env.Printf("%s%s%d%s%d\n", name(p.Group), t.delimiter, p.PID, t.delimiter, p.Node)
			continue
		}
		if i == 0 || p.Group != last {
			env.Printf("%s\n", name(p.Group))
			last = p.Group
		}
		env.Printf("\t\t%10d\t%10d%s\n", p.PID, p.Node, where(ctx, cfg, p.Node))
	}
	return tool.OK
}

// where is the addresses of a node in parentheses.
func where(ctx context.Context, cfg *coro.CFG, node uint32) string {
	addrs, err := cfg.NodeAddrs(ctx, node)
	if err != nil || len(addrs) == 0 {
		return ""
	}
	var texts []string
	for _, a := range addrs {
		texts = append(texts, a.String())
	}
	return " (" + strings.Join(texts, " ") + ")"
}

// escapeName writes what cannot be printed as \xNN, and a backslash double.
func escapeName(s string) string {
	var b strings.Builder
	for i := range len(s) {
		switch c := s[i]; {
		case c == '\\':
			b.WriteString(`\\`)
		case c > 0x20 && c < 0x7f:
			b.WriteByte(c)
		default:
			fmt.Fprintf(&b, `\x%02X`, c)
		}
	}
	return b.String()
}

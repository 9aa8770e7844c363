package coro

import (
	"context"
	"fmt"
	"strings"

	"github.com/gocorosync/gocorosync/ipc/coro"
	"github.com/gocorosync/gocorosync/tool"
)

const cpgUsage = `corosync-cpgtool [-d delimiter] [-e] [-n] [-h]

A tool for displaying cpg groups and members.
options:
	-d	Delimiter between fields.
	-e	Don't escape unprintable characters in group name.
	-n	Display only all existing group names.
	-h	Display this help.
`

// Cpgtool is corosync-cpgtool.
func Cpgtool(ctx context.Context, env *tool.Env) int {
	var delimiter string
	escape, namesOnly := true, false
	g := getopt(env, "corosync-cpgtool")
	for {
		opt, arg, err := g.Next()
		if opt == "" {
			break
		}
		if err != nil {
			env.Errorf("%v\n", err)
			return tool.Failed
		}
		switch opt {
		case "d":
			delimiter = arg
		case "n":
			namesOnly = true
		case "e":
			escape = false
		case "h":
			env.Printf("%s", cpgUsage)
			return tool.OK
		}
	}
	c, err := coro.DialCPG(ctx)
	if err != nil {
		env.Errorf("Could not initialize corosync cpg API error %d\n", coro.AsError(err))
		return tool.Failed
	}
	defer c.Close()
	list, err := c.Groups(ctx, namesOnly)
	if err != nil {
		env.Errorf("Could not initialize iteration, error %d\n", coro.AsError(err))
		return tool.Failed
	}
	name := func(s string) string {
		if escape {
			return escapeName(s)
		}
		return s
	}
	if namesOnly {
		for _, p := range list {
			env.Printf("%s\n", name(p.Group))
		}
		return tool.OK
	}
	if delimiter == "" {
		env.Printf("Group Name\t%10s\t%10s\n", "PID", "Node ID")
	} else {
		env.Printf("GRP_NAME%sPID%sNODEID\n", delimiter, delimiter)
	}
	cfg, err := coro.DialCFG(ctx)
	if err != nil {
		env.Errorf("Could not initialize corosync configuration API error %d\n", coro.AsError(err))
		return tool.Failed
	}
	defer cfg.Close()
	last := ""
	for i, p := range list {
		if delimiter != "" {
			env.Printf("%s%s%d%s%d\n", name(p.Group), delimiter, p.PID, delimiter, p.Node)
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

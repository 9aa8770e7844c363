package coro

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gocorosync/gocorosync/conf"
	"github.com/gocorosync/gocorosync/ipc/coro"
	"github.com/gocorosync/gocorosync/tool"
	"github.com/gocorosync/gocorosync/tool/option"
)

const cfgUsageEL7 = `corosync-cfgtool [-i <interface ip>] [-s] [-r] [-R] [-k nodeid] [-a nodeid] [-h] [-H]

A tool for displaying and configuring active parameters within corosync.
options:
	-i	Finds only information about the specified interface IP address.
	-s	Displays the status of the current rings on this node.
	-r	Reset redundant ring state cluster wide after a fault to
		re-enable redundant ring operation.
	-R	Tell all instances of corosync in this cluster to reload corosync.conf.
	-k	Kill a node identified by node id.
	-a	Display the IP address(es) of a node
	-h	Print basic usage.
	-H	Shutdown corosync cleanly on this node.
`

const cfgUsageEL9 = `corosync-cfgtool [[-i <interface ip>] [-b] -s] [-R] [-L] [-k nodeid] [-a nodeid] [-h] [-H]

A tool for displaying and configuring active parameters within corosync.
options:
	-i	Finds only information about the specified interface IP address or link id when used with -s..
	-s	Displays the status of the current links on this node.
	-n	Displays the status of the connected nodes and their links.
	-b	Displays the brief status of the current links on this node when used with -s.
	-R	Tell all instances of corosync in this cluster to reload corosync.conf.
	-L	Tell corosync to reopen all logging files.
	-k	Kill a node identified by node id.
	-a	Display the IP address(es) of a node
	-h	Print basic usage.
	-H	Shutdown corosync cleanly on this node.
		--force will shut down corosync regardless of daemon vetos
`

// cfgtool is one run of corosync-cfgtool.
type cfgtool struct {
	env          *tool.Env
	el9          bool
	iface        string // -i
	brief        bool
	force        bool
	action, node string
}

func (c *cfgtool) table() *option.Program {
	of := func(action string) option.Target { return option.Mark(&c.action, action) }
	reset := "r"
	if c.el9 {
		reset = "h"
	}
	return &option.Program{
		Name: "corosync-cfgtool", Section: 8, Purpose: "show and steer the ring of the local corosync", Synopsis: []string{"OPTION..."},
		About: []string{"Asks the corosync of this host."},
		Groups: []option.Group{{Options: []option.Option{
			{Flags: "-i", Arg: "ADDRESS", Text: "With -s: only this interface.", To: option.Text(&c.iface)},
			{Flags: "-s", Text: "Show this node's id and the state of its rings or links.", To: of("s")},
			{Flags: "-n", Text: "Show the nodes that are connected, with their links.", Only: "el9", To: of("n")},
			{Flags: "-b", Text: "With -s: in short.", Only: "el9", To: option.On(&c.brief)},
			{Flags: "-r", Text: "Take rings that were marked faulty into use again, on all nodes.", To: of(reset)},
			{Flags: "-R", Text: "Have all nodes read their corosync.conf again. A file with an error changes nothing.", To: of("R")},
			{Flags: "-L", Text: "Have the daemon open its log files again, after they were moved.", Only: "el9", To: of("L")},
			{Flags: "-k", Arg: "NODEID", Text: "End corosync on a node, at once and without goodbye.", To: option.All(option.Text(&c.node), of("k"))},
			{Flags: "-a", Arg: "NODEID", Text: "Print the addresses of a node.", To: option.All(option.Text(&c.node), of("a"))},
			{Flags: "-h", Text: "Print the options and exit.", To: of("h")},
			{Flags: "-H", Text: "End corosync on this node in good order.", To: of("H")},
			{Flags: "--force", Text: "With -H: also if a client of the daemon objects.", Only: "el9", To: option.On(&c.force)},
			{Flags: "--all", Text: "With -H: accepted.", Only: "el9", To: of("all")},
		}}},
		Usage:  usage(cfgUsageEL7, cfgUsageEL9),
		Status: okOrNot(), See: []string{"corosync.conf(5)", "corosync-quorumtool(8)"},
	}
}

// Cfgtool is corosync-cfgtool.
func Cfgtool(ctx context.Context, env *tool.Env) int {
	c := &cfgtool{env: env, el9: env.Profile == conf.EL9}
	p := c.table()
	r := p.Reader(env.Profile, env.Args)
	for {
		more, err := r.Next()
		if !more {
			break
		}
		if err != nil {
			env.Errorf("%s: %v\n", env.Name, err)
			if c.el9 {
				return tool.Failed
			}
		}
	}
	if c.action == "" && len(env.Args) > 0 && !c.el9 {
		return tool.OK // only options that it does not know
	}
	return limited(ctx, env, false, func(ctx context.Context) int { return c.run(ctx, p) })
}

func (c *cfgtool) run(ctx context.Context, p *option.Program) int {
	env := c.env
	switch c.action {
	case "s":
		return c.status(ctx)
	case "n":
		return c.nodes(ctx)
	case "r":
		return c.reenable(ctx)
	case "R":
		return c.reload(ctx)
	case "L":
		return c.with(ctx, func(f *coro.CFG) int {
			if err := f.ReopenLogs(ctx); err != nil {
				env.Errorf("Could not reopen corosync logging files. Error %s\n", coro.AsError(err))
				return int(coro.AsError(err))
			}
			return tool.OK
		})
	case "k", "a":
		id := uint32(atoi(c.node))
		if c.el9 {
			n, err := strconv.ParseUint(c.node, 10, 32)
			if err != nil || n == 0 {
				env.Errorf("The nodeid was not valid, try a positive number\n")
				return tool.Failed
			}
		}
		if c.action == "k" {
			return c.kill(ctx, id)
		}
		return c.addresses(ctx, id)
	case "H":
		return c.shutdown(ctx)
	}
	env.Printf("%s", p.Help(env.Profile))
	return tool.OK
}

// with connects and runs f.
func (c *cfgtool) with(ctx context.Context, f func(*coro.CFG) int) int {
	cfg, err := coro.DialCFG(ctx)
	if err != nil {
		text := fmt.Sprintf("Could not initialize corosync configuration API error %d\n", coro.AsError(err))
		if c.el9 {
			c.env.Errorf("%s", text)
		} else {
			c.env.Printf("%s", text)
		}
		return tool.Failed
	}
	defer cfg.Close()
	return f(cfg)
}

func (c *cfgtool) status(ctx context.Context) int {
	if c.el9 {
		return c.links(ctx)
	}
	c.env.Printf("Printing ring status.\n")
	return c.with(ctx, func(f *coro.CFG) int {
		id, err := f.LocalNodeID(ctx)
		if err != nil {
			c.env.Printf("Could not get the local node id, the error is: %d\n", coro.AsError(err))
		} else {
			c.env.Printf("Local node ID %d\n", id)
		}
		rings, err := f.RingStatus(ctx)
		if err != nil {
			c.env.Printf("Could not get the ring status, the error is: %d\n", coro.AsError(err))
			return tool.OK
		}
		status := tool.OK
		for i, name := range rings.Name {
			if c.iface != "" && c.iface != name {
				continue
			}
			c.env.Printf("RING ID %d\n\tid\t= %s\n\tstatus\t= %s\n", i, name, rings.Status[i])
			if strings.Contains(rings.Status[i], "FAULTY") {
				status = tool.Failed
			}
		}
		return status
	})
}

// linkView is what corosync 3's -s and -n are made of.
type linkView struct {
	transport string
	local     uint32
	nodes     []*coro.NodeStatus // in node id order
}

func (c *cfgtool) view(ctx context.Context, f *coro.CFG) (*linkView, int) {
	m, err := coro.DialCMAP(ctx)
	if err != nil {
		c.env.Errorf("Could not initialize corosync cmap API error %d\n", coro.AsError(err))
		return nil, tool.Failed
	}
	defer m.Close()
	v := &linkView{transport: "knet"}
	if t, err := m.Get(ctx, "totem.transport"); err == nil {
		v.transport = t.Text()
	}
	if v.local, err = f.LocalNodeID(ctx); err != nil {
		c.env.Errorf("Could not get the local node id, the error is: %d\n", coro.AsError(err))
		return nil, tool.Failed
	}
	keys, err := m.Keys(ctx, "nodelist.node.")
	if err != nil {
		c.env.Errorf("Could not get nodelist, error: %d\n", coro.AsError(err))
		return nil, tool.Failed
	}
	var ids []uint32
	for _, key := range keys {
		if strings.HasSuffix(key, ".nodeid") {
			if val, err := m.Get(ctx, key); err == nil {
				n, _ := val.Uint()
				ids = append(ids, uint32(n))
			}
		}
	}
	slices.Sort(ids)
	for _, id := range ids {
		s, err := f.NodeStatus(ctx, id)
		if err != nil {
			c.env.Errorf("Could not get the node status for nodeid %d, the error is: %d\n", id, coro.AsError(err))
			continue
		}
		s.Node = id
		v.nodes = append(v.nodes, s)
	}
	return v, tool.OK
}

func (c *cfgtool) links(ctx context.Context) int {
	return c.with(ctx, func(f *coro.CFG) int {
		v, status := c.view(ctx, f)
		if v == nil {
			return status
		}
		c.env.Printf("Local node ID %d, transport %s\n", v.local, v.transport)
		transport := ""
		if v.transport == "knet" {
			transport = "udp"
		}
		for link := range 8 {
			addr, used := "", false
			for _, n := range v.nodes {
				if n.Links[link].Enabled != 0 {
					used = true
					if n.Node != v.local || addr == "" {
						addr = n.Links[link].Src
					}
				}
			}
			if !used {
				continue
			}
			c.env.Printf("LINK ID %d %s\n\taddr\t= %s\n", link, transport, addr)
			if c.brief {
				c.env.Printf("\tstatus\t= ")
				for _, n := range v.nodes {
					if n.Node == v.local {
						c.env.Printf("n")
						continue
					}
					c.env.Printf("%d", n.Links[link].Enabled+2*n.Links[link].Connected)
				}
				c.env.Printf("\n")
				continue
			}
			c.env.Printf("\tstatus:\n")
			for _, n := range v.nodes {
				state := "disconnected"
				switch {
				case n.Node == v.local:
					state = "localhost"
				case n.Links[link].Enabled != 0 && n.Links[link].Connected != 0:
					state = "connected"
				}
				c.env.Printf("\t\tnodeid: %10d:\t%s\n", n.Node, state)
			}
		}
		return tool.OK
	})
}

func (c *cfgtool) nodes(ctx context.Context) int {
	return c.with(ctx, func(f *coro.CFG) int {
		v, status := c.view(ctx, f)
		if v == nil {
			return status
		}
		c.env.Printf("Local node ID %d, transport %s\n", v.local, v.transport)
		for _, n := range v.nodes {
			if n.Node == v.local || n.Reachable == 0 {
				continue
			}
			c.env.Printf("nodeid: %d reachable\n", n.Node)
			for i, l := range n.Links {
				if l.Enabled == 0 {
					continue
				}
				where := l.Src
				if l.Dst != "" {
					where += "->" + l.Dst
				}
				state := ""
				if l.Connected != 0 {
					state = " connected"
				}
				transport := ""
				if v.transport == "knet" {
					transport = "udp"
				}
				c.env.Printf("   LINK: %d %s (%s) enabled%s mtu: %d\n", i, transport, where, state, l.MTU)
			}
			c.env.Printf("\n")
		}
		return tool.OK
	})
}

func (c *cfgtool) reenable(ctx context.Context) int {
	c.env.Printf("Re-enabling all failed rings.\n")
	return c.with(ctx, func(f *coro.CFG) int {
		if err := f.RingReenable(ctx); err != nil {
			c.env.Printf("Could not re-enable ring error %d\n", coro.AsError(err))
		}
		return tool.OK
	})
}

func (c *cfgtool) reload(ctx context.Context) int {
	c.env.Printf("Reloading corosync.conf...\n")
	return c.with(ctx, func(f *coro.CFG) int {
		err := f.Reload(ctx)
		if err == nil {
			c.env.Printf("Done\n")
			return tool.OK
		}
		out := c.env.Stdout
		if c.el9 {
			out = c.env.Stderr
		}
		fmt.Fprintf(out, "Could not reload configuration. Error %s\n", errorText(c.env, coro.AsError(err)))
		return int(coro.AsError(err))
	})
}

func (c *cfgtool) kill(ctx context.Context, id uint32) int {
	return c.with(ctx, func(f *coro.CFG) int {
		c.env.Printf("Killing node %d\n", id)
		if err := f.KillNode(ctx, id, "Killed by corosync-cfgtool"); err != nil {
			if c.el9 {
				c.env.Errorf("Could not kill node (error = %s)\n", coro.AsError(err))
			} else {
				c.env.Printf("Could not kill node (error = %s)\n", errorText(c.env, coro.AsError(err)))
			}
			return tool.Failed
		}
		return tool.OK
	})
}

func (c *cfgtool) addresses(ctx context.Context, id uint32) int {
	return c.with(ctx, func(f *coro.CFG) int {
		addrs, err := f.NodeAddrs(ctx, id)
		if err != nil {
			if c.el9 {
				c.env.Errorf("Could not get node address for nodeid %d\n", id)
				return tool.Failed
			}
			return tool.OK
		}
		var texts []string
		for _, a := range addrs {
			texts = append(texts, a.String())
		}
		c.env.Printf("%s\n", strings.Join(texts, " "))
		return tool.OK
	})
}

// shutdownTries is how often a daemon that is busy is asked again, once a
// second.
const shutdownTries = 30

func (c *cfgtool) shutdown(ctx context.Context) int {
	return c.with(ctx, func(f *coro.CFG) int {
		c.env.Printf("Shutting down corosync\n")
		flags := uint32(coro.CFGShutdownRequest)
		if c.force {
			flags = coro.CFGShutdownRegardless
		}
		var err error
		for range shutdownTries {
			if err = f.TryShutdown(ctx, flags); !errors.Is(err, coro.ErrTryAgain) {
				break
			}
			select {
			case <-ctx.Done():
				return tool.Failed
			case <-time.After(time.Second):
			}
		}
		if err != nil {
			text := fmt.Sprintf("Could not shutdown (error = %s)\n", strings.TrimSpace(errorText(c.env, coro.AsError(err))))
			if c.el9 {
				c.env.Errorf("%s", text)
				return tool.Failed
			}
			c.env.Printf("%s", text)
		}
		return tool.OK
	})
}

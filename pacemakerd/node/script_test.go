package node

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/datadriven"
	"github.com/gocorosync/gocorosync/pacemakerd/xml"
)

// TestEndpointScripts: who asks which endpoint for what, and is told what, by whole
// nodes; go test -rewrite writes the answers anew.
//
//	cluster n1 n2                     nodes, and 30 s for them to find each other
//	configure                         a resource r
//	open NAME SERVICE [user=U] [node=N] [program=P]   a client, root's and on the first node unless said
//	ask NAME [frame=2]                input: messages, one after another; frame=0 wants no response
//	close NAME
//	wait 10s
//	shutdown n1
//
// What follows is what clients were sent, until the cluster has come to rest or a
// second has passed, and what nodes ran.
type endpointScript struct {
	c    *cluster
	on   map[string]*host
	said strings.Builder
}

func TestEndpointScripts(t *testing.T) {
	datadriven.Walk(t, "testdata/endpoint", func(t *testing.T, path string) {
		s := &endpointScript{on: map[string]*host{}}
		datadriven.RunTest(t, path, s.run)
	})
}

func (s *endpointScript) run(t *testing.T, d *datadriven.TestData) string {
	s.said.Reset()
	arg := func(name, otherwise string) string {
		if a, ok := d.Arg(name); ok {
			return a.Vals[0]
		}
		return otherwise
	}
	key := func(i int) string {
		if i >= len(d.CmdArgs) {
			d.Fatalf(t, "%s of what?", d.Cmd)
		}
		return d.CmdArgs[i].Key
	}
	switch d.Cmd {
	case "cluster":
		var names []string
		for _, a := range d.CmdArgs {
			names = append(names, a.Key)
		}
		spreads = 0
		s.c = newCluster(t, names...)
		s.c.plan = spread
		s.c.run(30 * time.Second)
		s.c.heard = s.hear
	case "configure":
		s.c.configure(s.c.nodes[0])
		s.c.run(10 * time.Second)
	case "open":
		name, service, user := key(0), key(1), arg("user", "root")
		h := s.host(t, d, arg("node", s.c.nodes[0].name))
		s.on[name] = h
		s.c.step(h, ClientOpened{Client: name, Service: service, User: user, Program: arg("program", "tool"), PID: 7, Privileged: user == "root" || user == "hacluster"})
	case "ask":
		h := s.on[key(0)]
		if h == nil {
			d.Fatalf(t, "there is no client %s", key(0))
		}
		var frame int32
		if _, err := fmt.Sscan(arg("frame", "2"), &frame); err != nil {
			d.Fatalf(t, "%v", err)
		}
		for line := range strings.SplitSeq(d.Input, "\n") {
			msg, err := xml.Parse([]byte(line))
			if err != nil {
				d.Fatalf(t, "%v", err)
			}
			s.c.step(h, ClientAsked{Client: key(0), Frame: frame, Wants: frame != 0, Msg: msg})
		}
	case "close":
		s.c.step(s.on[key(0)], ClientClosed{Client: key(0)})
	case "wait":
		after, err := time.ParseDuration(key(0))
		if err != nil {
			d.Fatalf(t, "%v", err)
		}
		s.c.run(after)
	case "shutdown":
		s.c.step(s.host(t, d, key(0)), Shutdown{})
	default:
		d.Fatalf(t, "unknown command %s", d.Cmd)
	}
	s.c.run(time.Second)
	return s.said.String()
}

func (s *endpointScript) host(t *testing.T, d *datadriven.TestData, name string) *host {
	i := slices.IndexFunc(s.c.nodes, func(h *host) bool { return h.name == name })
	if i < 0 {
		d.Fatalf(t, "there is no node %s", name)
	}
	return s.c.nodes[i]
}

// hear notes what a client sees, and what is done.
func (s *endpointScript) hear(h *host, a Action) {
	switch a := a.(type) {
	case Respond:
		fmt.Fprintf(&s.said, "%s is answered %d: %s\n", a.Client, a.Frame, short(a.Msg))
	case Notify:
		fmt.Fprintf(&s.said, "%s is told: %s\n", a.Client, short(a.Msg))
	case Run:
		fmt.Fprintf(&s.said, "%s runs %s of %s\n", h.name, a.Op.Action, a.Op.Resource)
	case RunFence:
		fmt.Fprintf(&s.said, "%s runs %s of fence device %s\n", h.name, a.Op.Action, a.Op.Resource)
	case Exit:
		fmt.Fprintf(&s.said, "%s ends with %d\n", h.name, a.Code)
	}
}

// short is an element on one line, cut where it becomes long.
func short(n *xml.Element) string {
	if n == nil {
		return "nothing"
	}
	text := strings.TrimSpace(string(n.Compact()))
	if len(text) > 600 {
		text = text[:600] + "..."
	}
	return text
}

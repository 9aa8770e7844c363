package controller

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/datadriven"
	"github.com/gocorosync/gocorosync/pacemakerd/cib"
	"github.com/gocorosync/gocorosync/pacemakerd/lrmd"
	"github.com/gocorosync/gocorosync/pacemakerd/peer"
	"github.com/gocorosync/gocorosync/pacemakerd/xml"
)

// A script drives one controller. Each block is an event, and what the controller
// does at it; go test -rewrite writes the second half anew.
//
//	new node=n1 [resumed] [dc=n2] peers=(n1,n2)   a controller that has not started; input: its CIB
//	start | tick | shutdown                       [after=20s] time that passes before
//	peers n1,n2 [quorate=no]                      who is active
//	members n1,n2                                 who is on the ring; peers stay active only there
//	from n2 task=T [to=SYS] [attr=value...]       a message; input: its data
//	planned                                       input: the graph
//	cib                                           input: the CIB as it is now; the patch is empty
//	result id=N [rc=0] [status=0]                 the end of a run
//	metadata                                      the answer that an agent gave none
//	fenced id=N target=n2 [err=TEXT]
//
// CIB operations are answered with OK at once; "cib fails" makes the next one fail.
type script struct {
	t     *testing.T
	m     *Machine
	now   time.Duration
	fails bool
}

func TestScripts(t *testing.T) {
	datadriven.Walk(t, "testdata/script", func(t *testing.T, path string) {
		s := &script{t: t, now: time.Second}
		datadriven.RunTest(t, path, s.run)
	})
}

func (s *script) arg(d *datadriven.TestData, name, otherwise string) string {
	if d.HasArg(name) {
		if a, _ := d.Arg(name); len(a.Vals) > 0 {
			return strings.Join(a.Vals, ",")
		}
		return "yes"
	}
	return otherwise
}

func (s *script) run(t *testing.T, d *datadriven.TestData) string {
	s.t = t
	after, err := time.ParseDuration(s.arg(d, "after", "0s"))
	if err != nil {
		d.Fatalf(t, "%v", err)
	}
	s.now += after
	first := func() string {
		if len(d.CmdArgs) == 0 {
			d.Fatalf(t, "%s: of which?", d.Cmd)
		}
		return d.CmdArgs[0].Key
	}
	var out []Action
	switch d.Cmd {
	case "new":
		s.new(d)
		return s.state()
	case "start":
		out = s.m.Start(s.now)
	case "tick":
		out = s.m.Tick(s.now)
	case "shutdown":
		out = s.m.Shutdown(s.now)
	case "peers", "members":
		there := strings.Split(first(), ",")
		for _, p := range s.m.cfg.Cache.All() {
			is := false
			for _, name := range there {
				is = is || name == p.Name
			}
			p.Member = is
			p.In["crmd"] = is && (d.Cmd == "peers" || p.In["crmd"])
		}
		out = s.m.PeersChanged(s.now, s.arg(d, "quorate", "yes") == "yes")
	case "from":
		out = s.m.Delivered(s.now, first(), s.message(d))
	case "planned":
		g, err := xml.Parse([]byte(d.Input))
		if err != nil {
			d.Fatalf(t, "%v", err)
		}
		out = s.m.Planned(s.now, s.m.plan.id, g, nil)
	case "cib":
		if d.HasArg("fails") {
			s.fails = true
			return ""
		}
		doc, err := xml.Parse([]byte(d.Input))
		if err != nil {
			d.Fatalf(t, "%v", err)
		}
		out = s.m.CIBChanged(s.now, nil, doc)
	case "changed":
		patch, err := xml.Parse([]byte(d.Input))
		if err != nil {
			d.Fatalf(t, "%v", err)
		}
		out = s.m.CIBChanged(s.now, patch, s.m.doc)
	case "metadata":
		out = s.m.GotMetadata(s.now, lrmd.Agent{Class: "ocf", Provider: "p", Type: "T"}, nil)
	case "result":
		var id, rc, status int
		fmt.Sscan(s.arg(d, "id", "1"), &id)
		fmt.Sscan(s.arg(d, "rc", "0"), &rc)
		fmt.Sscan(s.arg(d, "status", "0"), &status)
		out = s.m.Finished(s.now, lrmd.Finish{ID: id, RC: rc, Status: lrmd.Status(status)})
	case "fenced":
		var id int
		fmt.Sscan(s.arg(d, "id", "1"), &id)
		var err error
		if e := s.arg(d, "err", ""); e != "" {
			err = errors.New(e)
		}
		out = s.m.Fenced(s.now, id, s.arg(d, "target", ""), err)
	default:
		d.Fatalf(t, "unknown event %q", d.Cmd)
	}
	var b strings.Builder
	s.tell(&b, out, 0)
	return b.String() + s.state()
}

// new makes the machine that a script is about.
func (s *script) new(d *datadriven.TestData) {
	cache := peer.NewCache()
	name, self := s.arg(d, "node", "n1"), uint32(0)
	for i, n := range strings.Split(s.arg(d, "peers", "n1"), ",") {
		p := cache.Get(uint32(i + 1))
		p.Name, p.Member, p.In["crmd"] = n, true, true
		if n == name {
			self = p.ID
		}
	}
	doc := xml.New("cib")
	if d.Input != "" {
		var err error
		if doc, err = xml.Parse([]byte(d.Input)); err != nil {
			d.Fatalf(s.t, "%v", err)
		}
	}
	wall := func() int64 { return 1_700_000_000 + int64(s.now/time.Second) }
	s.m = New(Config{Node: name, ID: self, FeatureSet: "3.16.1", Version: "test", UUID: "uuid", Writer: &peer.Writer{Version: "3.16.1", Now: wall},
		Cache: cache, Wall: wall, Cores: 2, Resumed: d.HasArg("resumed"), DC: s.arg(d, "dc", "")}, doc)
	s.m.PeersChanged(s.now, s.arg(d, "quorate", "yes") == "yes")
}

func (s *script) message(d *datadriven.TestData) *xml.Element {
	msg := xml.New("m", "t", "crmd", "subt", "request", "crm_sys_to", "crmd", "crm_sys_from", "crmd", "version", "3.16.1")
	for _, a := range d.CmdArgs[1:] {
		switch name := a.Key; name {
		case "after":
		case "task":
			msg.Set("crm_task", a.Vals[0])
		case "to":
			msg.Set("crm_sys_to", a.Vals[0])
		default:
			msg.Set(name, strings.Join(a.Vals, ","))
		}
	}
	if d.Input != "" {
		data, err := xml.Parse([]byte(d.Input))
		if err != nil {
			d.Fatalf(s.t, "%v", err)
		}
		msg.Append(xml.New("crm_xml")).Append(data)
	}
	return msg
}

// tell prints actions, and answers those for the CIB, whose consequences follow
// with a margin.
func (s *script) tell(b *strings.Builder, out []Action, depth int) {
	margin := strings.Repeat("  ", depth)
	for _, a := range out {
		switch a := a.(type) {
		case Send:
			to := a.To
			if to == "" {
				to = "all"
			}
			fmt.Fprintf(b, "%ssend %s %s to %s%s\n", margin, a.Msg.Get("crm_task"), attributes(a.Msg, "join_id", "join_ack_nack", "election-id", "election-owner"), to, data(peer.Data(a.Msg)))
		case CIB:
			what := a.Op.Name
			if a.Op.Section != "" {
				what += " " + a.Op.Section
			}
			if a.Op.Host != "" {
				what += " of " + a.Op.Host
			}
			fmt.Fprintf(b, "%s%s%s\n", margin, what, data(a.Op.Data))
			if a.Tag != 0 {
				code := cib.OK
				if s.fails {
					s.fails, code = false, cib.Generic
				}
				s.tell(b, s.m.CIBDone(s.now, a.Tag, code, nil), depth+1)
			}
		case Plan:
			fmt.Fprintf(b, "%splan\n", margin)
		case Attr:
			fmt.Fprintf(b, "%sattribute %s of %s = %q\n", margin, a.Name, a.Node, a.Value)
		case ClearFailure:
			fmt.Fprintf(b, "%sclear failures %+v\n", margin, a)
		case Run:
			fmt.Fprintf(b, "%srun %d: %s %s every %v\n", margin, a.ID, a.Op.Resource, a.Op.Action, a.Op.Interval)
		case Kill:
			fmt.Fprintf(b, "%skill %d\n", margin, a.ID)
		case Keep:
			fmt.Fprintf(b, "%skeep %s\n", margin, a.Resource)
		case Accepted:
			fmt.Fprintf(b, "%saccepted\n", margin)
		case Settled:
			fmt.Fprintf(b, "%ssettled\n", margin)
		case Metadata:
			fmt.Fprintf(b, "%smetadata of %v\n", margin, a.Agent)
		case Fence:
			fmt.Fprintf(b, "%sfence %d: %s %s\n", margin, a.ID, a.Action, a.Target)
		case Reply:
			fmt.Fprintf(b, "%sreply to %s: %s\n", margin, a.Client, a.Msg.Get("crm_task"))
		case Role:
			fmt.Fprintf(b, "%sDC is %q\n", margin, a.DC)
		case Left:
			fmt.Fprintf(b, "%sleft with %d\n", margin, a.Code)
		default:
			s.t.Fatalf("an action that scripts do not know: %T", a)
		}
	}
}

func (s *script) state() string {
	at, why := s.m.Next()
	due := "nothing due"
	if at != 0 {
		due = fmt.Sprintf("%s in %v", why, at-s.now)
	}
	return fmt.Sprintf("= %s, DC %q, %s\n", s.m.State(), s.m.DC(), due)
}

func attributes(n *xml.Element, names ...string) string {
	var b strings.Builder
	for _, name := range names {
		if v, ok := n.Lookup(name); ok {
			fmt.Fprintf(&b, "%s=%s ", strings.TrimPrefix(name, "election-"), v)
		}
	}
	return strings.TrimSpace(b.String())
}

// data is an element on one line, cut where it becomes long.
func data(n *xml.Element) string {
	if n == nil {
		return ""
	}
	text := strings.TrimSpace(string(n.Compact()))
	if len(text) > 240 {
		text = text[:240] + "..."
	}
	return " " + text
}

package pacemakerd

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"strings"

	"github.com/gocorosync/gocorosync/ipc/coro"
	"github.com/gocorosync/gocorosync/pacemakerd/agent"
	"github.com/gocorosync/gocorosync/pacemakerd/controller"
	"github.com/gocorosync/gocorosync/pacemakerd/keeper"
	"github.com/gocorosync/gocorosync/pacemakerd/node"
	"github.com/gocorosync/gocorosync/pacemakerd/xml"
)

// Names of what the parent keeps.
const (
	keptGroup = keeper.Membership // and the group's name: a coro.KeptCPG
	keptPipes = "pipes/"          // and a ticket: of an agent that runs
	keptDC    = "dc"              // name of the DC, "" for none
)

// left is what an earlier process of this node has left: its memberships, with
// which this one goes on before anybody sees them end.
type left struct {
	groups map[string]keptMember
	dc     *string // nil: there was no earlier process
	pipes  map[string][]*os.File
}

type keptMember struct {
	coro.KeptCPG
	files []*os.File
}

func leftBy(items []keeper.Item, log *slog.Logger) left {
	l := left{groups: map[string]keptMember{}, pipes: map[string][]*os.File{}}
	for i := range items {
		it := &items[i]
		name, isGroup := strings.CutPrefix(it.Name, keptGroup)
		var err error
		switch {
		case isGroup:
			k := keptMember{files: it.Files}
			if err = it.Decode(&k.KeptCPG); err == nil {
				l.groups[name] = k
				it.Files = nil
			}
		case strings.HasPrefix(it.Name, keptPipes):
			l.pipes[it.Name] = it.Files
			it.Files = nil
		case it.Name == keptDC:
			l.dc = new(string)
			err = it.Decode(l.dc)
		}
		it.Close()
		if err != nil {
			log.Warn("what an earlier process left is of no use", "name", it.Name, "err", err)
		}
	}
	return l
}

// resumed tells whether the others have not seen the earlier process end.
func (l *left) resumed() bool {
	_, member := l.groups["crmd"]
	return member && l.dc != nil
}

// designated is whom the earlier process took for the DC.
func (l *left) designated() string {
	if l.dc == nil {
		return ""
	}
	return *l.dc
}

// pid is the process id that the others know this node's daemons by.
func (l *left) pid() uint32 {
	for _, k := range l.groups {
		return k.PID
	}
	return uint32(os.Getpid())
}

// close ends the memberships that nobody took over.
func (l *left) close() {
	for _, k := range l.groups {
		for _, f := range k.files {
			f.Close()
		}
	}
	for _, files := range l.pipes {
		for _, f := range files {
			f.Close()
		}
	}
	l.groups, l.pipes = nil, nil
}

// keep leaves a membership to the next process.
func (d *daemon) keep(name string, cpg *coro.CPG) error {
	if d.opt.Keeper == nil {
		return nil
	}
	k, files, err := cpg.Keep()
	if err != nil {
		return err
	}
	return d.opt.Keeper.Keep(keptGroup+name, k, files...)
}

// adopt takes a membership over. What the group's members are is asked for, and
// comes as the first event, as it does after a join.
func (d *daemon) adopt(ctx context.Context, name string) (*coro.CPG, bool) {
	k, ok := d.left.groups[name]
	if !ok {
		return nil, false
	}
	delete(d.left.groups, name)
	fail := func(err error) (*coro.CPG, bool) {
		d.opt.Keeper.Drop(keptGroup + name)
		d.log.Warn("membership of the earlier process cannot be used; joining anew", "group", name, "err", err)
		return nil, false
	}
	cpg, err := coro.AdoptCPG(ctx, k.KeptCPG, k.files)
	if err != nil {
		return fail(err)
	}
	members, err := cpg.Membership(ctx, k.Group)
	if err != nil {
		cpg.Close()
		return fail(err)
	}
	c := node.Confchg{Group: name}
	for _, m := range members {
		c.Members = append(c.Members, m.Node)
	}
	d.log.Info("membership taken over from an earlier process", "group", name, "members", c.Members)
	d.post(ctx, c)
	return cpg, true
}

// hold leaves an agent's pipes to the next process.
func (d *daemon) hold(ticket string, files ...*os.File) (release func()) {
	if err := d.opt.Keeper.Keep(keptPipes+ticket, nil, files...); err != nil {
		d.log.Debug("pipes of an agent not kept", "err", err)
	}
	return func() { d.opt.Keeper.Drop(keptPipes + ticket) }
}

// openJournal reads what an earlier process of this node has left undone.
func (d *daemon) openJournal() error {
	j, entries, err := agent.OpenJournal(filepath.Join(d.opt.Run, "operations"))
	if err != nil {
		return err
	}
	d.journal = j
	for _, e := range entries {
		h := controller.Held{Ticket: e.Ticket, From: e.From, Sys: e.Sys, Begun: e.Op}
		if e.Request != "" {
			if h.Request, err = xml.Parse([]byte(e.Request)); err != nil {
				d.log.Warn("operation of an earlier process cannot be read", "ticket", e.Ticket, "err", err)
			}
		}
		d.undone = append(d.undone, h)
	}
	return nil
}

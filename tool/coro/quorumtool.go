package coro

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gocorosync/gocorosync/cmap"
	"github.com/gocorosync/gocorosync/conf"
	"github.com/gocorosync/gocorosync/ipc/coro"
	"github.com/gocorosync/gocorosync/tool"
	"github.com/gocorosync/gocorosync/tool/option"
)

const quorumUsage = `usage: 
corosync-quorumtool <options>

  options:

  -s             show quorum status
  -m             constantly monitor quorum status
  -l             list nodes
  -a             show all names or addresses for each node
  -p             when used with -s or -l, generates machine parsable output
  -v <votes>     change the number of votes for a node (*)
  -n <nodeid>    optional nodeid of node for -v
  -e <expected>  change expected votes for the cluster (*)
  -H             show nodeids in hexadecimal rather than decimal
  -i             show node IP addresses instead of the resolved name
  -o <a|n|i>     order by [a] IP address (default), [n] name, [i] nodeid
  -f             forcefully unregister a quorum device *DANGEROUS* (*)
  -h             show this help text
  -V             show version and exit

  (*) Starred items only work if votequorum is the quorum provider for corosync

`

// quorumtool is one run of corosync-quorumtool.
type quorumtool struct {
	env                      *tool.Env
	el9                      bool
	all, parsable, hex, addr bool
	order                    string
	action                   string
	votes, node, expected    string

	provider string
	cmap     *coro.CMAP
	quorum   *coro.Quorum
	vote     *coro.Votequorum // nil without votequorum
	cfg      *coro.CFG
	local    uint32
}

// failStatus is what stands for failure in this generation.
func (q *quorumtool) failStatus(el7 int) int {
	if q.el9 {
		return tool.Failed
	}
	return el7
}

func (q *quorumtool) table() *option.Program {
	of := func(action string) option.Target { return option.Mark(&q.action, action) }
	return &option.Program{
		Name: "corosync-quorumtool", Section: 8, Purpose: "show and change quorum and votes", Synopsis: []string{"[OPTION...]"},
		Groups: []option.Group{{Options: []option.Option{
			{Flags: "-V", Text: "Print the version.", To: option.Version},
			{Flags: "-H", Text: "Print node ids in hexadecimal.", To: option.On(&q.hex)},
			{Flags: "-a", Text: "Print all names or addresses of a node.", To: option.On(&q.all)},
			{Flags: "-s", Text: "Show the state of quorum, and the nodes. This is what happens without options.", To: of("s")},
			{Flags: "-l", Text: "List the nodes.", To: of("l")},
			{Flags: "-p", Text: "With -s or -l: for programs to read.", To: option.On(&q.parsable)},
			{Flags: "-m", Text: "Show the state again at each change, for ever.", To: of("m")},
			{Flags: "-f", Text: "Take the quorum device out by force.", To: of("f")},
			{Flags: "-e", Arg: "VOTES", Text: "Set the expected votes of the cluster.", To: q.setExpectedText},
			{Flags: "-v", Arg: "VOTES", Text: "Set the votes of a node.", To: q.setVotesText},
			{Flags: "-h", Text: "Print the options and exit.", To: option.Help},
			{Flags: "-i", Text: "Print addresses, not names.", To: option.On(&q.addr)},
			{Flags: "-n", Arg: "NODEID", Text: "The node of -v; this one without.", To: q.setNodeText},
			{Flags: "-o", Arg: "ORDER", Text: "Sort by address (a), name (n) or node id (i).", Values: option.Words("a", "n", "i"), To: q.setOrder},
		}}},
		Usage:  usage(quorumUsage, quorumUsage),
		Status: []string{"0: quorate, or done", "1: failed; in profile el7: quorate", "2: in profile el9: not quorate"},
		See:    []string{"corosync.conf(5)", "corosync-cfgtool(8)"},
	}
}

// errValue is a value of an option that is none.
type errValue string

func (e errValue) Error() string { return string(e) }

func (q *quorumtool) setExpectedText(text string) error {
	if n, err := strconv.ParseInt(text, 10, 64); err != nil || n <= 0 {
		bad := errValue("New expected votes value was not valid, try a positive number")
		if q.el9 {
			return bad
		}
		q.env.Errorf("%v\n", bad)
		return nil
	}
	q.action, q.expected = "e", text
	return nil
}

func (q *quorumtool) setVotesText(text string) error {
	if n, err := strconv.ParseInt(text, 10, 64); err != nil || n < 0 {
		return errValue("New votes value was not valid, try a positive number or zero")
	}
	q.action, q.votes = "v", text
	return nil
}

func (q *quorumtool) setNodeText(text string) error {
	if n, err := strconv.ParseInt(text, 10, 64); err != nil || n <= 0 {
		return errValue("The nodeid was not valid, try a positive number")
	}
	q.node = text
	return nil
}

func (q *quorumtool) setOrder(text string) error {
	if text != "a" && text != "n" && text != "i" {
		return errValue("Invalid ordering option. valid orders are a(address), i(node ID) or n(name)")
	}
	q.order = text
	return nil
}

// Quorumtool is corosync-quorumtool.
func Quorumtool(ctx context.Context, env *tool.Env) int {
	q := &quorumtool{env: env, el9: env.Profile == conf.EL9, order: "a", action: "s"}
	p := q.table()
	_, err := p.Read(env.Profile, env.Args)
	var value errValue
	switch {
	case err == nil:
		return limited(ctx, env, q.action == "m", q.run)
	case err == option.ErrVersion:
		env.Printf("corosync-quorumtool version: %s\n", env.Profile.Version())
		return tool.OK
	case errors.As(err, &value):
		env.Errorf("%v\n", err)
		return q.failStatus(2)
	}
	if err != option.ErrHelp {
		env.Errorf("%s: %v\n", env.Name, err)
	}
	env.Printf("%s", p.Help(env.Profile))
	if q.el9 && err == option.ErrHelp {
		return tool.OK
	}
	return q.failStatus(255)
}

func (q *quorumtool) run(ctx context.Context) int {
	if status := q.connect(ctx); status != tool.OK {
		return status
	}
	defer q.close()
	switch q.action {
	case "l":
		return q.list(ctx)
	case "m":
		return q.monitor(ctx)
	case "e":
		return q.change("Unable to set expected votes", q.setExpected(ctx, q.expected))
	case "v":
		id := q.local
		if q.node != "" {
			n, _ := strconv.ParseUint(q.node, 10, 32)
			id = uint32(n)
		}
		n, _ := strconv.ParseUint(q.votes, 10, 32)
		return q.change(fmt.Sprintf("Unable to set votes %d for nodeid: %d", n, id), q.setVotes(ctx, id, uint32(n)))
	case "f":
		return q.unregister(ctx)
	}
	return q.status(ctx)
}

// connect opens all connections, in the order in which corosync's tool fails.
func (q *quorumtool) connect(ctx context.Context) int {
	fail := func(format string, args ...any) int {
		q.env.Errorf(format, args...)
		q.close()
		return tool.Failed
	}
	var err error
	if q.cmap, err = coro.DialCMAP(ctx); err != nil {
		return fail("Cannot initialize CMAP service\n")
	}
	if v, err := q.cmap.Get(ctx, "quorum.provider"); err == nil {
		q.provider = v.Text()
	}
	if q.quorum, err = coro.DialQuorum(ctx); err != nil {
		return fail("Cannot initialize QUORUM service\n")
	}
	if !q.quorum.HasProvider() {
		return fail("Quorum is not configured - it cannot be used\n")
	}
	if q.cfg, err = coro.DialCFG(ctx); err != nil {
		return fail("Cannot initialise CFG service\n")
	}
	if q.provider == "corosync_votequorum" {
		if q.vote, err = coro.DialVotequorum(ctx); err != nil {
			return fail("Cannot initialise VOTEQUORUM service\n")
		}
	}
	if q.local, err = q.cfg.LocalNodeID(ctx); err != nil {
		return fail("Unable to get local node id: %v\n", errorText(q.env, coro.AsError(err)))
	}
	return tool.OK
}

func (q *quorumtool) close() {
	if q.vote != nil {
		q.vote.Close()
	}
	if q.cfg != nil {
		q.cfg.Close()
	}
	if q.quorum != nil {
		q.quorum.Close()
	}
	if q.cmap != nil {
		q.cmap.Close()
	}
}

var errNoVotequorum = errors.New("Command only works with the corosync_votequorum provider")

func (q *quorumtool) setExpected(ctx context.Context, text string) error {
	if q.vote == nil {
		return errNoVotequorum
	}
	n, _ := strconv.ParseUint(text, 10, 32)
	return q.vote.SetExpected(ctx, uint32(n))
}

func (q *quorumtool) setVotes(ctx context.Context, node, votes uint32) error {
	if q.vote == nil {
		return errNoVotequorum
	}
	return q.vote.SetVotes(ctx, node, votes)
}

func (q *quorumtool) change(what string, err error) int {
	switch {
	case err == nil:
		return tool.OK
	case errors.Is(err, errNoVotequorum):
		q.env.Errorf("%v\n", err)
		return tool.Failed
	}
	e := coro.AsError(err)
	q.env.Errorf("%s: %s\n", what, errorText(q.env, e))
	return q.failStatus(int(e))
}

func (q *quorumtool) unregister(ctx context.Context) int {
	if q.vote == nil {
		return q.change("", errNoVotequorum)
	}
	info, err := q.vote.Info(ctx, 0)
	if err != nil {
		return q.change("Unable to get quorum device info", err)
	}
	if info.Flags&coro.VoteFlagDeviceRegistered == 0 {
		return tool.OK
	}
	return q.change("Unable to unregister quorum device", q.vote.UnregisterDevice(ctx, info.DeviceName))
}

// current returns the members and the quorum as the service tells them now.
func (q *quorumtool) current(ctx context.Context) (*coro.QuorumNotify, error) {
	if err := q.quorum.Track(ctx, coro.TrackCurrent); err != nil {
		return nil, err
	}
	return q.quorum.Next(ctx)
}

func (q *quorumtool) status(ctx context.Context) int {
	now, err := q.current(ctx)
	if err != nil {
		q.env.Errorf("Unable to start quorum status tracking: %s\n", errorText(q.env, coro.AsError(err)))
		return q.failStatus(255)
	}
	return q.print(ctx, now)
}

// print prints the whole status and returns the exit status that says whether
// this node is quorate.
func (q *quorumtool) print(ctx context.Context, now *coro.QuorumNotify) int {
	p := q.env.Printf
	p("Quorum information\n------------------\n")
	p("Date:             %s\n", time.Now().Format("Mon Jan _2 15:04:05 2006"))
	p("Quorum provider:  %s\n", q.provider)
	p("Nodes:            %d\n", len(now.Members))
	p("Node ID:          %s\n", q.id(q.local))
	p("Ring ID:          %s\n", q.ring(ctx, now))
	p("Quorate:          %s\n", map[bool]string{true: "Yes", false: "No"}[now.Quorate != 0])
	if q.vote != nil {
		info, err := q.vote.Info(ctx, q.local)
		if err != nil && !errors.Is(err, coro.ErrNotExist) {
			q.env.Errorf("Unable to get node %d info: %s\n", q.local, errorText(q.env, coro.AsError(err)))
			return q.failStatus(255)
		}
		blocked := " "
		if info.Flags&coro.VoteFlagQuorate == 0 {
			blocked = "Activity blocked"
		}
		p("\nVotequorum information\n----------------------\n")
		p("Expected votes:   %d\n", info.Expected)
		p("Highest expected: %d\n", info.HighestExpected)
		p("Total votes:      %d\n", info.Total)
		p("Quorum:           %d %s\n", info.Quorum, blocked)
		p("Flags:            %s\n", flagNames(info.Flags))
	}
	q.members(ctx, now)
	switch {
	case q.el9 && now.Quorate == 0:
		return 2
	case q.el9:
		return tool.OK
	case now.Quorate != 0:
		return 1
	}
	return tool.OK
}

func flagNames(flags uint32) (s string) {
	for _, f := range []struct {
		bit  uint32
		name string
	}{
		{coro.VoteFlagTwoNode, "2Node"}, {coro.VoteFlagQuorate, "Quorate"}, {coro.VoteFlagWaitForAll, "WaitForAll"},
		{coro.VoteFlagLastManStanding, "LastManStanding"}, {coro.VoteFlagAutoTieBreaker, "AutoTieBreaker"},
		{coro.VoteFlagAllowDownscale, "AllowDownscale"}, {coro.VoteFlagDeviceRegistered, "Qdevice"},
	} {
		if flags&f.bit != 0 {
			s += f.name + " "
		}
	}
	return s
}

func (q *quorumtool) id(id uint32) string {
	if q.hex {
		return fmt.Sprintf("0x%08x", id)
	}
	return fmt.Sprint(id)
}

// ring is the ring id. Who its representative is only votequorum tells.
func (q *quorumtool) ring(ctx context.Context, now *coro.QuorumNotify) string {
	var rep uint32
	if q.vote != nil && q.vote.Track(ctx, coro.TrackCurrent) == nil {
		for {
			ev, err := q.vote.Next(ctx)
			if err != nil {
				break
			}
			if n, ok := ev.(*coro.VoteNodes); ok {
				rep = n.Ring.Node
			}
			if _, ok := ev.(*coro.VoteQuorum); ok {
				break
			}
		}
	} else if len(now.Members) > 0 {
		rep = slices.Min(now.Members)
	}
	if q.el9 {
		return fmt.Sprintf("%x.%x", rep, now.RingSeq)
	}
	return fmt.Sprintf("%d/%d", rep, now.RingSeq)
}

func (q *quorumtool) list(ctx context.Context) int {
	now, err := q.current(ctx)
	if err != nil {
		q.env.Errorf("Unable to start quorum status tracking: %s\n", errorText(q.env, coro.AsError(err)))
		return q.failStatus(255)
	}
	q.members(ctx, now)
	return tool.OK
}

// line is one member.
type line struct {
	id    uint32
	name  string
	addr  netip.Addr
	info  *coro.VoteInfo
	local bool
}

// members prints the list of members.
func (q *quorumtool) members(ctx context.Context, now *coro.QuorumNotify) {
	p := q.env.Printf
	p("\nMembership information\n----------------------\n")
	var lines []line
	device := q.parsable
	for _, id := range now.Members {
		l := line{id: id, local: id == q.local}
		if q.vote != nil {
			if info, err := q.vote.Info(ctx, id); err == nil {
				l.info = info
				device = device || info.Flags&coro.VoteFlagDeviceRegistered != 0
			}
		}
		if addrs, err := q.cfg.NodeAddrs(ctx, id); err == nil && len(addrs) > 0 {
			l.addr = addrs[0]
		}
		l.name = q.nodeName(ctx, id, l.addr)
		lines = append(lines, l)
	}
	slices.SortStableFunc(lines, func(a, b line) int {
		switch q.order {
		case "n":
			return strings.Compare(a.name, b.name)
		case "i":
			return cmp.Compare(a.id, b.id)
		}
		return a.addr.Compare(b.addr)
	})
	p("    Nodeid ")
	if q.vote != nil {
		p("     Votes ")
		if device {
			p("   Qdevice ")
		}
	}
	p("Name\n")
	var dev *coro.VoteInfo
	for _, l := range lines {
		if q.hex {
			p("%s ", q.id(l.id))
		} else {
			p("%10d ", l.id)
		}
		if l.info != nil {
			p("%10d ", l.info.Votes)
			if device {
				p("%10s ", deviceFlags(l.info.Flags))
			}
			if l.local {
				dev = l.info
			}
		}
		p("%s", l.name)
		if l.local {
			p(" (local)")
		}
		p("\n")
	}
	if dev != nil && dev.DeviceName != "" && device {
		votes, note := dev.DeviceVotes, ""
		if dev.Flags&coro.VoteFlagDeviceCastVote == 0 {
			votes, note = 0, fmt.Sprintf(" (votes %d)", dev.DeviceVotes)
		}
		if q.hex {
			p("%s ", q.id(0))
		} else {
			p("%10d ", 0)
		}
		p("%10d %10s %s%s\n", votes, "", dev.DeviceName, note)
	}
}

func deviceFlags(f uint32) string {
	if f&coro.VoteFlagDeviceRegistered == 0 {
		return "NR"
	}
	word := func(bit uint32, yes, no string) string {
		if f&bit != 0 {
			return yes
		}
		return no
	}
	return word(coro.VoteFlagDeviceAlive, "A", "NA") + "," + word(coro.VoteFlagDeviceCastVote, "V", "NV") + "," +
		word(coro.VoteFlagDeviceMasterWins, "MW", "NMW")
}

// nodeName is what a node is called: corosync 3 takes the name of the nodelist,
// corosync 2 its ring0_addr if that is a name, else what the address resolves
// to.
func (q *quorumtool) nodeName(ctx context.Context, id uint32, addr netip.Addr) string {
	text := addr.String()
	if q.addr {
		return text
	}
	if name := q.configured(ctx, id); name != "" {
		return name
	}
	var r net.Resolver
	short, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	if names, err := r.LookupAddr(short, text); err == nil && len(names) > 0 {
		return strings.TrimSuffix(names[0], ".")
	}
	return text
}

func (q *quorumtool) configured(ctx context.Context, id uint32) string {
	const prefix = "nodelist.node."
	found := ""
	q.cmap.Each(ctx, prefix, func(key string, t cmap.Type) error {
		pos, field, _ := strings.Cut(strings.TrimPrefix(key, prefix), ".")
		if field != "nodeid" {
			return nil
		}
		v, err := q.cmap.Get(ctx, key)
		if n, ok := v.Uint(); err != nil || !ok || uint32(n) != id {
			return nil
		}
		field = "ring0_addr"
		if q.el9 {
			field = "name"
		}
		if v, err := q.cmap.Get(ctx, prefix+pos+"."+field); err == nil {
			found = v.Text()
		}
		return nil
	})
	if _, err := netip.ParseAddr(found); err == nil && !q.el9 {
		return ""
	}
	return found
}

// monitor prints the status anew with each change.
func (q *quorumtool) monitor(ctx context.Context) int {
	if err := q.quorum.Track(ctx, coro.TrackCurrent|coro.TrackChanges); err != nil {
		q.env.Errorf("Unable to start quorum status tracking: %s\n", errorText(q.env, coro.AsError(err)))
		return q.failStatus(255)
	}
	for {
		now, err := q.quorum.Next(ctx)
		if ctx.Err() != nil {
			return tool.OK
		}
		if err != nil {
			q.env.Errorf("Unable to dispatch quorum status: %s\n", errorText(q.env, coro.AsError(err)))
			return q.failStatus(255)
		}
		q.print(ctx, now)
		q.env.Printf("\n")
	}
}

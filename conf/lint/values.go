package lint

import (
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/gocorosync/gocorosync/conf"
)

// place is a finding at a line of the file, at its value or else its key.
func (c *checker) place(number int) Finding {
	f := Finding{Line: max(number, 1), Column: 1, Severity: Warning}
	if number > 0 && number <= len(c.text) {
		l := &c.text[number-1]
		f.Column = l.column(max(l.value, l.key))
	}
	return f
}

// values looks at what the file says as a whole.
func (c *checker) values(f *conf.File) {
	c.repeated(f.Root, "")
	nodes := c.nodes(f)
	c.quorum(f, nodes)
}

// repeated finds keys that stand twice in a section: the last wins.
func (c *checker) repeated(s *conf.Section, path string) {
	first := make(map[string]int)
	for _, it := range s.Items {
		if n, ok := first[it.Key]; ok && path != "uidgid" && !strings.HasPrefix(path, "totem.interface.member") {
			f := c.place(it.Line)
			f.Check, f.Text = "repeated-key", fmt.Sprintf("key %q stands in line %d already: the last one counts", it.Key, n)
			f.Remedy = "take one of them out"
			c.add(f)
		}
		first[it.Key] = it.Line
	}
	for _, sub := range s.Subs {
		c.repeated(sub, strings.TrimPrefix(path+"."+sub.Name, "."))
	}
}

// A node is an entry of the nodelist with the lines of what it says.
type node struct {
	section *conf.Section
	items   map[string]*conf.Item
}

func (n *node) get(key string) string {
	if it := n.items[key]; it != nil {
		return it.Value
	}
	return ""
}

func (c *checker) nodes(f *conf.File) (nodes []node) {
	for _, list := range f.Root.All("nodelist") {
		for _, s := range list.All("node") {
			n := node{s, make(map[string]*conf.Item)}
			for _, it := range s.Items {
				n.items[it.Key] = it
			}
			nodes = append(nodes, n)
		}
	}
	type use struct{ what, value string }
	seen := make(map[use]int)
	for _, n := range nodes {
		if id := n.get("nodeid"); id == "" || id == "0" {
			c.add(Finding{Line: n.section.Open, Column: 1, Severity: Warning, Check: "no-nodeid", Text: "the node has no nodeid",
				Remedy: "give it one of its own: an automatic one changes with the address"})
		}
		for _, key := range slices.Sorted(maps.Keys(n.items)) {
			it := n.items[key]
			u := use{key, it.Value}
			if strings.HasPrefix(key, "ring") && strings.HasSuffix(key, "_addr") {
				u.what = "address"
			} else if key != "nodeid" && key != "name" {
				continue
			}
			if other := seen[u]; other > 0 && it.Value != "" && it.Value != "0" {
				d := c.place(max(it.Line, other))
				d.Severity, d.Check = Error, "repeated-"+u.what
				d.Text = fmt.Sprintf("%s %s is also that of the node in line %d", u.what, it.Value, min(it.Line, other))
				d.Remedy = "each node has its own"
				c.add(d)
			}
			seen[u] = it.Line
		}
	}
	if c.cfg.Host.Resolve != nil {
		c.addresses(nodes)
	}
	return nodes
}

// addresses finds names that may stand for something else on another node.
func (c *checker) addresses(nodes []node) {
	for _, n := range nodes {
		for ring := range 8 {
			it := n.items[fmt.Sprintf("ring%d_addr", ring)]
			if it == nil || it.Value == "" {
				continue
			}
			f := c.place(it.Line)
			f.Check = "name-resolution"
			if a, err := netip.ParseAddr(it.Value); err == nil {
				if a.IsLoopback() {
					f.Severity, f.Text, f.Remedy = Error, it.Value+" is each node's own", "write the address that the other nodes reach it at"
					c.add(f)
				}
				continue
			}
			addrs, err := c.cfg.Host.Resolve(it.Value)
			switch loop := slices.ContainsFunc(addrs, netip.Addr.IsLoopback); {
			case err != nil || len(addrs) == 0:
				f.Text = it.Value + " cannot be resolved here"
				f.Remedy = "add it to /etc/hosts of every node, or write its address"
			case loop:
				f.Severity = Error
				f.Text = fmt.Sprintf("%s is %s on this node and something else on the others", it.Value, texts(addrs))
				f.Remedy = "give it its address on the network in /etc/hosts, not 127.0.0.1 or 127.0.1.1"
			case len(families(addrs)) < len(addrs):
				f.Text = fmt.Sprintf("%s is %s: each node may choose another", it.Value, texts(addrs))
				f.Remedy = "write the address itself"
			default:
				continue
			}
			c.add(f)
		}
	}
}

func families(addrs []netip.Addr) map[bool]bool {
	m := make(map[bool]bool)
	for _, a := range addrs {
		m[a.Is4()] = true
	}
	return m
}

func texts(addrs []netip.Addr) string {
	var list []string
	for _, a := range addrs {
		list = append(list, a.String())
	}
	return strings.Join(list, " and ")
}

// quorum looks at what goes together badly.
func (c *checker) quorum(f *conf.File, nodes []node) {
	v := conf.FromKeys(f.Keys)
	warn := func(key, check, remedy, format string, args ...any) {
		w := c.place(f.Line(key))
		w.Check, w.Remedy, w.Text = check, remedy, fmt.Sprintf(format, args...)
		c.add(w)
	}
	switch provider := v.Text("quorum.provider", ""); {
	case provider == "" && len(nodes) > 1:
		warn("quorum.provider", "no-quorum", `write "provider: corosync_votequorum" in section quorum`,
			"without a quorum provider each part of a split cluster goes on")
	case provider != "" && provider != "corosync_votequorum":
		w := c.place(f.Line("quorum.provider"))
		w.Severity, w.Check, w.Remedy, w.Text = Error, "quorum-provider", `write "corosync_votequorum"`, fmt.Sprintf("there is no quorum provider %q", provider)
		c.add(w)
	}
	two := v.Uint("quorum.two_node", 0) != 0
	switch {
	case two && len(nodes) > 2:
		warn("quorum.two_node", "two-node", "take two_node out", "two_node is for clusters of two, and there are %d nodes", len(nodes))
	case two && v.Uint("quorum.wait_for_all", 1) == 0:
		warn("quorum.wait_for_all", "two-node", "take wait_for_all out: two_node sets it", "two nodes that do not wait for each other start everything twice when they cannot talk")
	}
	var votes uint64
	for _, n := range nodes {
		w, err := strconv.ParseUint(n.get("quorum_votes"), 10, 32)
		if err != nil {
			w = 1
		}
		votes += w
	}
	device := v.Uint("quorum.device.votes", 0)
	if e := v.Uint("quorum.expected_votes", 0); e > 0 && len(nodes) > 0 && e != votes && e != votes+device {
		warn("quorum.expected_votes", "expected-votes", "take it out: the nodelist says it", "expected_votes is %d, and the nodes have %d votes together", e, votes)
	}
}

// effective looks at what the settings come to, and returns what the daemon
// would not start with.
func (c *checker) effective(f *conf.File) error {
	v := conf.FromKeys(f.Keys)
	if _, err := conf.ReadLogging(v, c.cfg.Profile); err != nil {
		return err
	}
	t, err := conf.ReadTotem(v, c.cfg.Profile, c.cfg.Host)
	var bad *conf.Error
	switch {
	case errors.As(err, &bad):
		c.ignored(f, bad.Warnings)
	case err == nil:
		c.ignored(f, t.Warnings)
	}
	if err != nil {
		return f.Place(err)
	}
	if need := (12*uint64(t.Token) + 9) / 10; uint64(t.Consensus) < need {
		at := f.Line("totem.consensus")
		w := c.place(at)
		w.Check = "consensus"
		w.Text = fmt.Sprintf("consensus %d ms is less than 1.2 x token, which is %d ms with all nodes", t.Consensus, t.Token)
		w.Remedy = fmt.Sprintf("write %d, or take it out: that is the default", need)
		if at > 0 {
			l := &c.text[at-1]
			w.Fix = []Edit{l.edit(l.value, l.end(), strconv.FormatUint(need, 10))}
		}
		c.add(w)
	}
	if t.Cipher == "none" && t.Hash == "none" && t.Transport != "knet" {
		c.unauthenticated(f, t)
	}
	return nil
}

// ignored passes on what corosync says at its start of what it does not use.
func (c *checker) ignored(f *conf.File, warnings []string) {
	if len(warnings) == 0 {
		return
	}
	at := 0
	if s := f.Root.First("totem"); s != nil {
		at = s.Open
	}
	n := c.place(at)
	n.Check, n.Text, n.Remedy = "ignored", strings.Join(warnings, " "), "write a nodelist with the addresses of all nodes, and leave bindnetaddr and member sections out"
	c.add(n)
}

// unauthenticated says that anybody can talk on the ring. That is what most
// files ask for, and what not all who wrote them know.
func (c *checker) unauthenticated(f *conf.File, t *conf.Totem) {
	at := f.Line("totem.secauth")
	if at == 0 {
		if s := f.Root.First("totem"); s != nil {
			at = s.Open
		}
	}
	n := c.place(at)
	n.Severity, n.Check = Note, "no-authentication"
	n.Text = fmt.Sprintf("messages on the ring are not authenticated: whoever can send UDP to port %d with the address of a node can disturb it", t.Interfaces[0].McastPort)
	n.Remedy = "run corosync-keygen, copy the key to all nodes, and write \"secauth: on\""
	if c.cfg.Profile == conf.EL9 { // which has keys with knet only
		n.Remedy = "keep the port to a network of the cluster's own, or filter it"
	}
	c.add(n)
}

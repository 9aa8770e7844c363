package pengine

import (
	"slices"
	"strings"

	"github.com/gocorosync/gocorosync/pacemakerd/rules"
)

// notifyData is one phase of notifications of a clone (scheduler.md 18).
type notifyData struct {
	tr                           *Transition
	task                         string
	pre, preDone, post, postDone *Action
	keys                         [][2]string
	lists                        map[string][]notifyEntry
	allowed                      table
}

type notifyEntry struct {
	r *Resource
	n *Node
}

// notifyPseudo makes the pseudo actions around action and complete; either may
// be nil.
func (tr *Transition) notifyPseudo(r *Resource, task string, action, complete *Action) *notifyData {
	d := &notifyData{tr: tr, task: task, lists: make(map[string][]notifyEntry)}
	pseudo := func(base *Action, what, when, kind string) *Action {
		a := tr.action(r, NotifyKey(r.ID, when, base.Task), what, nil, base.optional)
		a.pseudo = true
		a.meta["notify_key_type"], a.meta["notify_key_operation"] = when, base.Task
		a.meta["notify_type"], a.meta["notify_operation"] = kind, task
		return a
	}
	if action != nil {
		d.pre = pseudo(action, "notify", "pre", "pre")
		d.pre.runnable = true
		d.preDone = pseudo(action, "notified", "confirmed-pre", "pre")
		d.preDone.runnable = true
		order(d.pre, d.preDone, orderOptional)
		order(d.preDone, action, orderOptional)
	}
	if complete != nil {
		d.post = pseudo(complete, "notify", "post", "post")
		d.postDone = pseudo(complete, "notified", "confirmed-post", "post")
		for _, a := range [...]*Action{d.post, d.postDone} {
			a.priority = rules.Infinity
			a.runnable = complete.runnable
		}
		order(complete, d.post, orderImpliesThen)
		order(d.post, d.postDone, orderImpliesThen)
	}
	if action != nil && complete != nil {
		order(d.preDone, d.post, orderOptional)
	}
	return d
}

// createNotifications makes the real notify actions of a clone.
func (tr *Transition) createNotifications(r *Resource) {
	info := r.Clone
	for _, d := range [...]*notifyData{info.startNotify, info.stopNotify, info.promoteNotify, info.demoteNotify} {
		if d == nil {
			continue
		}
		d.allowed = r.allowed
		d.collect(r, true)
		d.notifyKeys(r)
		d.notifyActions(r)
	}
}

// collect gathers who is in which role and who does what.
func (d *notifyData) collect(r *Resource, activity bool) {
	if len(r.Children) > 0 {
		for _, child := range r.Children {
			d.collect(child, activity)
		}
		return
	}
	var n *Node
	if len(r.Running) > 0 {
		n = r.Running[0]
	}
	add := func(list string, n *Node) { d.lists[list] = append(d.lists[list], notifyEntry{r, n}) }
	switch r.Role {
	case RoleStopped:
		add("inactive", n)
	case RoleStarted:
		add("active", n)
	case RoleUnpromoted:
		add("unpromoted", n)
		add("active", n)
	case RolePromoted:
		add("promoted", n)
		add("active", n)
	}
	if !activity {
		return
	}
	for _, a := range r.actions {
		if a.optional || a.Node == nil {
			continue
		}
		switch a.Task {
		case "start", "stop", "promote", "demote":
			if !a.runnable && !(a.Task == "stop" && a.Node.Unclean) {
				continue
			}
			add(a.Task, a.Node)
		}
	}
}

// strings lists resources and nodes, sorted, each resource with one node; an
// empty list is a single blank. Only what is inactive may have no node.
func (d *notifyData) strings(list string) (resources, nodes string) {
	entries := d.lists[list]
	id := func(n *Node) string {
		if n == nil {
			return ""
		}
		return n.ID
	}
	slices.SortStableFunc(entries, func(a, b notifyEntry) int {
		if x := strings.Compare(a.r.ID, b.r.ID); x != 0 {
			return x
		}
		return strings.Compare(id(a.n), id(b.n))
	})
	var rs, ns []string
	for _, e := range entries {
		if e.n == nil && list != "inactive" || len(rs) > 0 && rs[len(rs)-1] == e.r.ID {
			continue
		}
		rs = append(rs, e.r.ID)
		if e.n != nil {
			ns = append(ns, e.n.Name)
		}
	}
	return blank(rs), blank(ns)
}

func blank(words []string) string {
	if len(words) == 0 {
		return " "
	}
	return strings.Join(words, " ")
}

func (d *notifyData) notifyKeys(r *Resource) {
	set := func(k, v string) { d.keys = append(d.keys, [2]string{k, v}) }
	required := len(d.lists[d.task]) > 0
	for _, list := range [...]string{"stop", "start", "demote", "promote", "active", "unpromoted", "promoted"} {
		resources, nodes := d.strings(list)
		names := []string{list}
		switch list {
		case "unpromoted":
			names = append(names, "slave")
		case "promoted":
			names = append(names, "master")
		}
		for _, name := range names {
			set("notify_"+name+"_resource", resources)
			set("notify_"+name+"_uname", nodes)
		}
	}
	resources, _ := d.strings("inactive")
	set("notify_inactive_resource", resources)
	var allowed, all, hosts []string
	for _, n := range d.tr.Nodes {
		if d.allowed.get(n) != nil {
			allowed = append(allowed, n.Name)
		}
	}
	set("notify_available_uname", blank(allowed))
	for _, n := range d.tr.Nodes {
		all = append(all, n.Name)
		host := n
		if n.Guest() {
			if m := n.Connection.container; len(m.Running) > 0 {
				host = m.Running[0]
			}
		}
		hosts = append(hosts, host.Name)
	}
	if r.Meta["container-attribute-target"] == "host" {
		set("notify_all_hosts", blank(hosts))
	}
	set("notify_all_uname", blank(all))
	if required {
		for _, a := range [...]*Action{d.pre, d.preDone, d.post, d.postDone} {
			if a != nil {
				a.optional = false
			}
		}
	}
}

func (d *notifyData) addTo(a *Action) {
	for _, kv := range d.keys {
		if _, there := a.meta[kv[0]]; !there {
			a.meta[kv[0]] = kv[1]
		}
	}
}

func (d *notifyData) notifyActions(r *Resource) {
	if len(r.Children) > 0 {
		for _, child := range r.Children {
			d.notifyActions(child)
		}
		return
	}
	for _, a := range r.actions {
		if a.optional || a.Node == nil {
			continue
		}
		switch a.Task {
		case "start", "stop", "promote", "demote":
			d.addTo(a)
		}
	}
	switch d.task {
	case "start", "promote", "demote":
		if len(d.lists[d.task]) == 0 {
			return
		}
	}
	switch {
	case r.Role != RoleStopped && (d.task == "stop" || d.task == "demote"):
		stop := findFirst(r.actions, "", "stop", nil)
		for _, n := range r.Running {
			if stop != nil && stop.pseudo && (n.Unclean || n.remoteReset) {
				continue // it is being fenced
			}
			d.notifyAction(r, n, d.pre, d.preDone)
			if d.task == "demote" || stop == nil || stop.optional {
				d.postNotifyAction(r, n)
			}
		}
	case r.NextRole != RoleStopped && (d.task == "start" || d.task == "promote"):
		start := findFirst(r.actions, "", "start", nil)
		if start != nil {
			for _, e := range start.before {
				if q := e.a.Rsc; q != nil && q.isConnection && e.a.Task == "start" && !e.a.runnable {
					return
				}
			}
		}
		if r.Assigned == nil {
			return
		}
		if d.task != "start" || start == nil || start.optional {
			d.notifyAction(r, r.Assigned, d.pre, d.preDone)
		}
		d.postNotifyAction(r, r.Assigned)
	}
}

// notifyAction makes one notify action between two pseudo actions.
func (d *notifyData) notifyAction(r *Resource, n *Node, from, done *Action) *Action {
	if from == nil || n == nil || done == nil || !n.Online || !from.runnable {
		return nil
	}
	key := NotifyKey(r.ID, from.meta["notify_type"], from.meta["notify_operation"])
	a := d.tr.action(r, key, from.Task, n, from.optional)
	addMissing(a.meta, from.meta)
	d.addTo(a)
	order(from, a, orderOptional)
	order(a, done, orderOptional)
	return a
}

func (d *notifyData) postNotifyAction(r *Resource, n *Node) {
	if a := d.notifyAction(r, n, d.post, d.postDone); a != nil {
		a.priority = rules.Infinity
	}
	if d.postDone == nil {
		return
	}
	for _, mon := range r.actions {
		if mon.recurring() && mon.Task != "cancel" {
			order(d.postDone, mon, orderOptional)
		}
	}
}

// notifyFencing tells the others about an instance that fencing stopped.
func (tr *Transition) notifyFencing(r *Resource, stop, fence *Action) {
	d := tr.notifyPseudo(r, "stop", nil, fence)
	d.collect(r, false)
	d.keys = append(d.keys, [2]string{"notify_stop_resource", r.ID}, [2]string{"notify_stop_uname", stop.Node.Name})
	d.notifyActions(r.Top())
}

package pengine

import (
	"strings"

	"github.com/gocorosync/gocorosync/pacemakerd/iso8601"
	"github.com/gocorosync/gocorosync/pacemakerd/rules"
	"github.com/gocorosync/gocorosync/pacemakerd/xml"
)

// onFail is what a failed operation leads to.
type onFail int

const (
	failIgnore onFail = iota
	failRestart
	failMigrate
	failBlock
	failStop
	failStandby
	failFence
	failRestartContainer
	failResetRemote
	failDemote
)

// severity orders the reactions: of several, the most severe counts.
func (f onFail) severity() int {
	switch f {
	case failDemote:
		return 1
	case failRestart:
		return 2
	case failResetRemote:
		return 3
	case failRestartContainer:
		return 4
	case failMigrate:
		return 5
	case failBlock:
		return 6
	case failStop:
		return 7
	case failStandby:
		return 8
	case failFence:
		return 9
	}
	return 0
}

// opEntry finds the op element of an operation key.
func (r *Resource) opEntry(key string, disabledToo bool) *xml.Element {
	if e := r.opWithKey(key, disabledToo); e != nil {
		return e
	}
	switch {
	case strings.Contains(key, "migrate_to") || strings.Contains(key, "migrate_from"):
		return r.opWithKey(OpKey(r.ID, "migrate", 0), disabledToo)
	case strings.Contains(key, "_notify_"):
		return r.opWithKey(OpKey(r.ID, "notify", 0), disabledToo)
	}
	return nil
}

func (r *Resource) opWithKey(key string, disabledToo bool) *xml.Element {
	for op := range r.ops.Each("op") {
		if !disabledToo && !enabled(op) {
			continue
		}
		name, ms := op.Get("name"), rules.Interval(op.Get("interval"))
		tail := "_" + name + "_" + itoa(ms)
		if base, ok := strings.CutSuffix(key, tail); ok && (base == r.ID || r.cloneName != "" && base == r.cloneName) {
			return op
		}
	}
	return nil
}

func enabled(op *xml.Element) bool {
	v, ok := op.Lookup("enabled")
	return !ok || rules.IsTrue(v)
}

// unpackOperation merges the meta attributes of an operation (scheduler.md 14.3).
func (c *Cluster) unpackOperation(a *Action) {
	r, m := a.Rsc, a.meta
	ev := &rules.Facts{Agent: r.agent(), Op: &rules.Operation{Name: a.Task, MS: a.ms}}
	c.rules.Unpack(c.opDefaults, "meta_attributes", "", ev, m, rules.KeepFirst)
	probe := a.Task == "monitor" && a.ms == 0
	if probe {
		if mon := r.shortestMonitor(); mon != nil {
			if v, ok := mon.Lookup("timeout"); ok {
				m["timeout"] = v
			}
		}
	}
	if a.entry != nil {
		c.rules.Unpack(a.entry, "meta_attributes", "", ev, m, rules.Replace)
		for _, attr := range a.entry.Attrs {
			m[attr.Name] = attr.Value
		}
	}
	delete(m, "id")
	if a.ms > 0 {
		m["interval"] = itoa(a.ms)
	} else {
		delete(m, "interval")
	}
	if r.Class == "stonith" && (a.Task == "start" || probe) {
		if v, ok := c.parameters(r, a.Node)["pcmk_monitor_timeout"]; ok {
			m["timeout"] = v
		}
	}
	ms, ok := rules.Milliseconds(m["timeout"])
	if !ok {
		ms = 20_000
	}
	m["timeout"] = itoa(ms)

	switch {
	case a.Task != "start" && a.Task != "promote":
		a.needs = needNothing
	case r.needsFencing:
		a.needs = needFencing
	case r.needsQuorum:
		a.needs = needQuorum
	}
	c.unpackOnFail(a)
	if v, ok := m["start-delay"]; ok {
		ms, _ := rules.Milliseconds(v)
		m["start-delay"] = itoa(ms)
	} else if v, ok := m["interval-origin"]; ok && a.ms > 0 {
		c.unpackOrigin(a, v)
	}
}

func (c *Cluster) unpackOrigin(a *Action, v string) {
	origin, err := iso8601.Parse(v, c.now)
	if err != nil {
		return
	}
	// Seconds elapsed since the origin, within one interval.
	span := a.ms / 1000
	if span == 0 {
		return
	}
	elapsed := (c.now.Unix() - origin.Unix()) % span
	delay := -elapsed
	if elapsed > 0 {
		delay = span - elapsed
	}
	a.meta["start-delay"] = itoa(delay * 1000)
}

// shortestMonitor finds the enabled recurring monitor with the smallest
// interval.
func (r *Resource) shortestMonitor() *xml.Element {
	var best *xml.Element
	var least int64
	for op := range r.ops.Each("op") {
		if op.Get("name") != "monitor" || !enabled(op) {
			continue
		}
		ms := rules.Interval(op.Get("interval"))
		if ms > 0 && (best == nil || ms < least) {
			best, least = op, ms
		}
	}
	return best
}

// unpackOnFail decides what a failure of the operation leads to.
func (c *Cluster) unpackOnFail(a *Action) {
	r := a.Rsc
	v := strings.ToLower(c.configuredOnFail(a))
	known := true
	switch v {
	case "block":
		a.onFail = failBlock
		a.meta["on-fail"] = "block"
	case "fence":
		a.onFail = failFence
		if !c.opt.fencing {
			c.logNoted(NoteFenceDisabled, "unpack_operation", Error, "Resetting 'on-fail' for operation '%s' to 'stop' because 'fence' is not valid when fencing is disabled", a.Key)
			a.onFail, a.failRole = failStop, RoleStopped
		}
	case "standby":
		a.onFail = failStandby
	case "ignore", "nothing":
		a.onFail = failIgnore
	case "migrate":
		a.onFail = failMigrate
	case "stop":
		a.onFail, a.failRole = failStop, RoleStopped
	case "restart":
		a.onFail = failRestart
	case "restart-container":
		a.onFail = failRestartContainer
		known = r.container != nil
	case "demote":
		a.onFail = failDemote
	default:
		if v != "" {
			c.log("unpack_operation", Error, "Resource %s: Unknown failure type (%s)", r.ID, v)
		}
		known = false
	}
	switch {
	case !known && r.container != nil:
		a.onFail = failRestartContainer
	case (!known || !r.Managed) && c.remoteConnection(r) && !(a.Task == "monitor" && a.ms == 0) && a.Task != "start":
		if !r.Managed {
			a.onFail, a.failRole = failStop, RoleStopped
		} else {
			a.onFail = failResetRemote
			if r.reconnectMS != 0 {
				a.failRole = RoleStopped
			}
		}
	case !known && a.Task == "stop":
		a.onFail = failBlock
		if c.opt.fencing {
			a.onFail = failFence
		}
	case !known:
		a.onFail = failRestart
	}
	if a.failRole == RoleUnknown {
		if v, old := a.meta["role_after_failure"]; old {
			c.logDeprecated(NoteDeprecated, "unpack_operation", "role_after_failure", "Support for role_after_failure is deprecated and will be removed in a future release")
			a.failRole = rules.ParseRole(v)
		}
	}
	if a.failRole == RoleUnknown {
		a.failRole = RoleStarted
		if a.Task == "promote" {
			a.failRole = RoleUnpromoted
		}
	}
}

// remoteConnection tells whether r is the connection of a remote node, not of
// a guest.
func (c *Cluster) remoteConnection(r *Resource) bool {
	return r.isConnection && c.node(r.ID).RemoteOnly()
}

func (c *Cluster) configuredOnFail(a *Action) string {
	v := a.meta["on-fail"]
	switch {
	case a.Task == "stop":
		switch strings.ToLower(v) {
		case "standby", "demote", "stop":
			c.log("unpack_operation_on_fail", Error, "Resetting 'on-fail' for %s stop action to default value because '%s' is not allowed for stop", a.Rsc.ID, v)
			return ""
		}
	case a.Task == "demote" && v == "":
		for op := range a.Rsc.ops.Each("op") {
			f := op.Get("on-fail")
			if f == "" || !enabled(op) || op.Get("name") != "monitor" || rules.ParseRole(op.Get("role")) != RolePromoted ||
				rules.Interval(op.Get("interval")) == 0 || strings.EqualFold(f, "demote") {
				continue
			}
			v = f
		}
	case a.Task == "lrm_delete":
		return "ignore"
	case strings.EqualFold(v, "demote"):
		if a.Task != "promote" && (a.Task != "monitor" || rules.ParseRole(a.meta["role"]) != RolePromoted || a.ms == 0) {
			c.log("unpack_operation_on_fail", Error, "Resetting 'on-fail' for %s %s action to default value because 'demote' is not allowed for it", a.Rsc.ID, a.Task)
			return ""
		}
	}
	return v
}

// failureHandling is what the operation of a history entry says about its
// failure.
func (h *record) failureHandling() (onFail, Role) {
	a := h.tr.temporaryAction(h.r, h.key, h.task, nil)
	return a.onFail, a.failRole
}

package status

import (
	"cmp"
	"strconv"

	"github.com/gocorosync/gocorosync/pacemakerd/pengine"
	"github.com/gocorosync/gocorosync/pacemakerd/xml"
)

// pairs are the attributes of an element, name and value in turn. Those in
// which the XML of both generations agrees are made here.
type pairs = []string

func yes(b bool) string { return strconv.FormatBool(b) }

func dcPairs(c *pengine.Cluster) pairs {
	if c.DC == nil {
		return pairs{"present", "false"}
	}
	return pairs{"present", "true", "version", c.Option("dc-version"), "name", c.DC.Name, "id", c.DC.ID, "with_quorum", yes(c.HaveQuorum())}
}

func lastChangePairs(doc *xml.Element) pairs {
	return pairs{"time", doc.Get("cib-last-written"), "user", doc.Get("update-user"), "client", doc.Get("update-client"), "origin", doc.Get("update-origin")}
}

func countPairs(n pengine.Counts) pairs {
	return pairs{"number", strconv.Itoa(n.Instances), "disabled", strconv.Itoa(n.Disabled), "blocked", strconv.Itoa(n.Blocked)}
}

func optionPairs(c *pengine.Cluster) pairs {
	return pairs{"stonith-enabled", yes(c.FencingEnabled()), "symmetric-cluster", yes(c.Symmetric()),
		"no-quorum-policy", c.QuorumPolicy(), "maintenance-mode", yes(c.MaintenanceMode())}
}

// nodeStatePairs and nodeUsePairs are the two halves of what is said of a node.
func nodeStatePairs(n *pengine.Node) pairs {
	return pairs{"name", n.Name, "id", n.ID, "online", yes(n.Online), "standby", yes(n.Standby), "standby_onfail", yes(n.StandbyOnFail),
		"maintenance", yes(n.Maintenance), "pending", yes(n.Pending), "unclean", yes(n.Unclean)}
}

func nodeUsePairs(n *pengine.Node) pairs {
	kind := "unknown"
	switch n.Kind {
	case pengine.Member:
		kind = "member"
	case pengine.Remote:
		kind = "remote"
	case pengine.Ping:
		kind = "ping"
	}
	p := pairs{"shutdown", yes(n.Shutdown), "expected_up", yes(n.Expected), "is_dc", yes(n.IsDC),
		"resources_running", strconv.Itoa(len(n.Running)), "type", kind}
	if n.Guest() {
		p = append(p, "id_as_resource", n.Connection.Container().ID)
	}
	return p
}

func bundlePairs(r *pengine.Resource) pairs {
	kind := ""
	if len(r.Bundle.Replicas) > 0 {
		kind = r.Bundle.Replicas[0].Container.Type
	}
	return pairs{"id", r.ID, "type", kind, "image", r.Bundle.Image, "unique", yes(r.Unique), "managed", yes(r.Managed), "failed", yes(r.Failed)}
}

// primitivePairs are those of a primitive; pending says that what is under way
// stands where its role does.
func (w *Words) primitivePairs(c *pengine.Cluster, r *pengine.Resource, pending bool) pairs {
	shown := whole(c, r, pending)
	p := pairs{"id", r.PrintableID(), "resource_agent", w.agent(r), "role", cmp.Or(shown.State, w.role(shown.Role))}
	if v := r.Meta["target-role"]; v != "" {
		p = append(p, "target_role", v)
	}
	p = append(p, "active", yes(r.Active(false)), "orphaned", yes(r.Orphan), "blocked", yes(r.Blocked), "managed", yes(r.Managed),
		"failed", yes(r.Failed), "failure_ignored", yes(r.FailureIgnored), "nodes_running_on", strconv.Itoa(len(r.Running)))
	if shown.Pending != "" {
		p = append(p, "pending", shown.Pending)
	}
	return p
}

func (r *record) pairs(count func(int) string) pairs {
	p := pairs{"id", r.id, "orphan", yes(r.orphan), "migration-threshold", r.threshold}
	if r.failures > 0 {
		p = append(p, "fail-count", count(r.failures))
		if r.last != "" {
			p = append(p, "last-failure", r.last)
		}
	}
	return p
}

// spanPairs are how long an operation took and waited, as far as that is known.
func spanPairs(op *xml.Element) (p pairs) {
	for _, name := range [...]string{"exec-time", "queue-time"} {
		if v := op.Get(name); v != "" {
			p = append(p, name, v+"ms")
		}
	}
	return p
}

// failurePairs are those of a failed operation; at is when that was, in the
// form of the generation.
func (w *Words) failurePairs(op *xml.Element, reason, at string) pairs {
	key, name := "op_key", op.Get("operation_key")
	if name == "" {
		key, name = "id", op.ID()
	}
	p := pairs{key, name, "node", nodeOf(op), "exitstatus", w.result(rcOf(op)), "exitreason", reason,
		"exitcode", strconv.Itoa(rcOf(op)), "call", op.Get("call-id"), "status", opStatus(op)}
	if at != "" {
		p = append(p, "last-rc-change", at)
		for _, span := range [...]struct{ word, attr string }{{"queued", "queue-time"}, {"exec", "exec-time"}} {
			if v, known := op.Lookup(span.attr); known || w.spansAlways {
				p = append(p, span.word, zero(v))
			}
		}
		p = append(p, "interval", zero(op.Get("interval")), "task", op.Get("operation"))
	}
	return p
}

func (k *ticket) pairs() pairs {
	p := pairs{"id", k.id, "status", k.state, "standby", yes(k.standby)}
	if k.last != "" {
		p = append(p, "last-granted", k.last)
	}
	return p
}

func (b *ban) pairs() pairs {
	return pairs{"id", b.id, "resource", b.resource, "node", b.node, "weight", b.weight}
}

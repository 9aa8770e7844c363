package pengine

import (
	"cmp"
	"slices"
	"strings"

	"github.com/gocorosync/gocorosync/pacemakerd/rules"
	"github.com/gocorosync/gocorosync/pacemakerd/xml"
)

// digestResult is how parameters compare with recorded digests.
type digestResult int

const (
	digestMatch digestResult = iota
	digestRestart
	digestAll
	digestUnknown
)

// opDigest are the digests of an operation as the configuration is now
// (scheduler.md 16.3).
type opDigest struct {
	result               digestResult
	all, secure, restart string
	extras               bool // the operation has parameters of its own
}

// A paramCheck is a comparison that has to wait until resources are assigned.
type paramCheck struct {
	op          *xml.Element
	r           *Resource
	n           *Node
	lastFailure bool
}

// compareDigests compares a recorded operation with the configuration.
func (tr *Transition) compareDigests(r *Resource, op *xml.Element, n *Node) *opDigest {
	task, ms := op.Get("operation"), opInterval(op)
	d := *tr.digests(r, task, ms, n, op)
	recorded := op.Get("op-digest")
	restart, hasRestart := op.Lookup("op-restart-digest")
	switch {
	case d.restart != "" && hasRestart && d.restart != restart:
		d.result = digestRestart
	case recorded == "":
		d.result = digestUnknown
	case d.all == recorded:
		d.result = digestMatch
	case ms == 0 && d.extras:
		d.result = digestRestart // a reload would not apply them
	default:
		d.result = digestAll
	}
	return &d
}

// digests calculates the digests of an operation on a node; the first
// calculation for a key counts. op is the recorded operation, if any.
func (tr *Transition) digests(r *Resource, task string, ms int64, n *Node, op *xml.Element) *opDigest {
	key := OpKey(r.ID, task, ms)
	if d := n.digests[key]; d != nil {
		return d
	}
	d := &opDigest{}
	n.digests[key] = d
	a := tr.temporaryAction(r, key, task, n)
	own := tr.parameters(r, n)
	params := make(map[string]string, len(own)+len(a.extra)+1)
	if host := tr.connectionHost(r); host != "" {
		params["addr"] = host
	}
	addMissing(params, own)
	addMissing(params, a.extra)
	if v, ok := a.meta["timeout"]; ok && ms > 0 {
		params["CRM_meta_timeout"] = v
	}
	d.extras = len(a.extra) > 0
	d.all = digestOf(params)
	if tr.ask.Sanitized || op == nil {
		d.secure = tr.secureDigest(r, own, op)
	}
	if op.Has("op-restart-digest") {
		if force, ok := op.Lookup("op-force-restart"); ok {
			restart := make(map[string]string)
			for k, v := range params {
				if listed(force, k) {
					restart[k] = v
				}
			}
			params = restart
		}
		d.restart = digestOf(params)
	}
	return d
}

func addMissing(into, from map[string]string) {
	for k, v := range from {
		if _, there := into[k]; !there {
			into[k] = v
		}
	}
}

// secureDigest is the digest without private parameters.
func (c *Cluster) secureDigest(r *Resource, own map[string]string, op *xml.Element) string {
	private := " passwd password user "
	version := cmp.Or(op.Get("crm_feature_set"), c.cib.Get("crm_feature_set"), FeatureSet)
	if op != nil {
		private = op.Get("op-secure-params")
	}
	old := rules.CompareVersions(version, "3.16.0") < 0
	params := make(map[string]string)
	for k, v := range own {
		if listed(private, k) || old && r.Class == "stonith" && (strings.HasPrefix(k, "pcmk_") || k == "provides" || k == "stonith-timeout") {
			continue
		}
		params[k] = v
	}
	return digestOf(params)
}

// listed tells whether a name is in a list of blank separated words.
func listed(list, name string) bool {
	return strings.Contains(list, " "+name+" ")
}

func digestOf(params map[string]string) string {
	var attrs []xml.Attr
	for k, v := range params {
		switch k {
		case "id", "crm_feature_set", "op-digest", "on_node", "on_node_uuid", "pcmk_external_ip":
			continue
		}
		if strings.HasPrefix(k, "CRM_meta_") && k != "CRM_meta_timeout" {
			continue
		}
		attrs = append(attrs, xml.Attr{Name: k, Value: v})
	}
	slices.SortFunc(attrs, func(a, b xml.Attr) int { return strings.Compare(a.Name, b.Name) })
	return xml.DigestParameters(attrs)
}

// deviceDigest compares a fence device with what the node remembers of it.
func (tr *Transition) deviceDigest(dev *Resource, n *Node) *opDigest {
	d := tr.digests(dev, "stonith-on", 0, n, nil)
	all, known := n.Attrs["#digests-all"]
	out := &opDigest{all: d.all, secure: d.secure}
	entry := dev.ID + ":" + dev.Type + ":"
	switch {
	case !known:
		out.result = digestUnknown
	case strings.Contains(all, entry+d.all+","):
		out.result = digestMatch
	case strings.Contains(n.Attrs["#digests-secure"], entry+d.secure+","):
		out.result = digestMatch
		tr.Notices = append(tr.Notices, "Only 'private' parameters to "+dev.ID+" for unfencing "+n.Name+" changed")
	default:
		out.result = digestAll
		if tr.ask.Sanitized {
			tr.Notices = append(tr.Notices, "Parameters to "+dev.ID+" for unfencing "+n.Name+" changed, try '"+entry+d.secure+",'")
		}
	}
	return out
}

// needsRemoteName tells whether r is a bundle connection whose address is the
// name of the node its container runs on.
func (c *Cluster) needsRemoteName(r *Resource) bool {
	return r.isConnection && r.container != nil && c.parameters(r, nil)["addr"] == "#uname"
}

// connectionHost is that name, "" if r needs none or it is not known.
func (c *Cluster) connectionHost(r *Resource) string {
	if !c.needsRemoteName(r) {
		return ""
	}
	n := r.container.Assigned
	if n == nil {
		n = r.container.CurrentNode()
	}
	if n == nil {
		return ""
	}
	return n.Name
}

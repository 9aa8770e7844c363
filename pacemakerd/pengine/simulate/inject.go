package simulate

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/gocorosync/gocorosync/pacemakerd/pengine"
	"github.com/gocorosync/gocorosync/pacemakerd/rules"
	"github.com/gocorosync/gocorosync/pacemakerd/xml"
)

// Injected is a node attribute that was set because of an invented result.
type Injected struct {
	Name, Value string // "value++" for one more than it was
	Node        string // the id of the node's state
}

// ErrNoResource is the error of an invented result for a resource that is not
// there.
var ErrNoResource = errors.New("invalid resource name")

// Inject writes the result of an operation into a CIB as if it had happened,
// and returns what else was changed for it.
func Inject(c *pengine.Cluster, cib *xml.Element, key, node string, rc int, at time.Time) ([]Injected, error) {
	name, task, ms, ok := pengine.ParseOpKey(key)
	if !ok {
		return nil, fmt.Errorf("%q is not an operation key", key)
	}
	r := c.Named(name)
	if r == nil || r.Kind != pengine.Primitive {
		return nil, fmt.Errorf("%w: %s", ErrNoResource, name)
	}
	x := &executor{c: c, Execution: &Execution{CIB: cib}, at: at}
	state := x.nodeState(node, "")
	local := r.HistoryName()
	h, fresh := x.history(state, name, local, r.Identity())
	x.invent(h, local, fresh, task, ms, rc)
	Updated(cib)
	return x.countFailure(state, name, task, ms, rc), nil
}

// countFailure adds to the fail count of a resource, unless the result is none
// to count: success, and a probe that finds nothing.
func (x *executor) countFailure(state *xml.Element, name, task string, ms int64, rc int) []Injected {
	if rc == rcOK || rc == rcNotRunning && ms == 0 {
		return nil
	}
	base := pengine.HistoryBase(name)
	set := state.Ensure("transient_attributes")
	if set.ID() == "" {
		set.Set("id", state.ID())
	}
	values := set.Ensure("instance_attributes")
	if values.ID() == "" {
		values.Set("id", state.ID())
	}
	attr := func(name, value string, add bool) {
		for p := range values.Each("nvpair") {
			if p.Get("name") == name {
				if add {
					n, _ := rules.Int(p.Get("value"))
					value = itoa(n + 1)
				}
				p.Set("value", value)
				return
			}
		}
		values.Append(xml.New("nvpair", "id", values.ID()+"-"+strings.ReplaceAll(name, "#", "."), "name", name, "value", value))
	}
	suffix := base + "#" + task + "_" + itoa(ms)
	attr("fail-count-"+suffix, "1", true)
	attr("last-failure-"+suffix, itoa(x.at.Unix()), false)
	return []Injected{{"fail-count-" + suffix, "value++", state.ID()}, {"last-failure-" + suffix, itoa(x.at.Unix()), state.ID()}}
}

package stonith

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gocorosync/gocorosync/pacemakerd/lrmd"
	"github.com/gocorosync/gocorosync/pacemakerd/xml"
)

// A device is a configured fence device.
type device struct {
	id, agent string
	params    []xml.Attr

	listed   map[string]string // of dynamic-list: host → name that the agent wants
	listedAt time.Duration
	hasList  bool
}

// listFor is how long a dynamic list is believed.
const listFor = time.Minute

func (d *device) param(name string) string {
	for _, p := range d.params {
		if p.Name == name {
			return p.Value
		}
	}
	return ""
}

// CIBChanged tells of a CIB whose configuration is new, from which devices are
// taken.
func (m *Machine) CIBChanged(now time.Duration, doc *xml.Element) []Action {
	m.begin(now)
	conf := xml.New("configuration")
	for _, s := range []string{"resources", "constraints", "fencing-topology"} {
		if n := doc.Child("configuration").Child(s); n != nil {
			conf.Append(n.Clone())
		}
	}
	if m.conf != nil && xml.Equal(m.conf, conf) {
		return nil
	}
	m.conf = conf
	old := m.devices
	m.devices = nil
	for p := range m.conf.Child("resources").Walk() {
		if p.Name != "primitive" || p.Get("class") != "stonith" || disabled(p) || m.banned(p.ID()) {
			continue
		}
		d := &device{id: p.ID(), agent: p.Get("type")}
		for set := range p.Each("instance_attributes") {
			for nv := range set.Each("nvpair") {
				if d.param(nv.Get("name")) == "" {
					d.params = append(d.params, xml.Attr{Name: nv.Get("name"), Value: nv.Get("value")})
				}
			}
		}
		for _, o := range old {
			if o.id == d.id && o.agent == d.agent && slices.Equal(o.params, d.params) {
				d = o
			}
		}
		m.devices = append(m.devices, d)
		if _, known := m.metas[d.agent]; !known && !m.asking[d.agent] {
			m.asking[d.agent] = true
			m.do(Metadata{lrmd.Agent{Class: "stonith", Type: d.agent}})
		}
	}
	return m.out
}

// disabled tells whether target-role stops a resource, by itself or through
// what it is in.
func disabled(p *xml.Element) bool {
	for ; p != nil && p.Name != "resources"; p = p.Parent {
		for set := range p.Each("meta_attributes") {
			for nv := range set.Each("nvpair") {
				if nv.Get("name") == "target-role" && strings.EqualFold(nv.Get("value"), "Stopped") {
					return true
				}
			}
		}
	}
	return false
}

// leveled tells whether a fencing level may be meant for a target. Levels are
// not carried out yet, and one device of a level that needs two proves nothing:
// such a target is not fenced at all.
func (m *Machine) leveled(target string) bool {
	if m.conf == nil {
		return false
	}
	for l := range m.conf.Child("fencing-topology").Each("fencing-level") {
		if t, ok := l.Lookup("target"); !ok || strings.EqualFold(t, target) {
			return true
		}
	}
	return false
}

// banned tells whether a location constraint keeps a resource off this node.
func (m *Machine) banned(rsc string) bool {
	for c := range m.conf.Child("constraints").Each("rsc_location") {
		if c.Get("rsc") == rsc && strings.EqualFold(c.Get("node"), m.cfg.Node) && strings.EqualFold(c.Get("score"), "-INFINITY") {
			return true
		}
	}
	return false
}

// check is how a device's targets are known.
func (d *device) check(meta *lrmd.Metadata) string {
	if c := d.param("pcmk_host_check"); c != "" {
		return c
	}
	switch {
	case d.param("pcmk_host_list") != "" || d.param("pcmk_host_map") != "":
		return "static-list"
	case meta != nil && meta.Supports("list"):
		return "dynamic-list"
	case meta != nil && meta.Supports("status"):
		return "status"
	}
	return "none"
}

func split(s string) []string {
	return strings.FieldsFunc(s, func(r rune) bool { return r == ' ' || r == ',' || r == ';' || r == '\t' || r == '\n' })
}

// alias returns what the agent calls a target, from pcmk_host_map or its list.
func (d *device) alias(target string) string {
	for _, w := range split(d.param("pcmk_host_map")) {
		host, alias, ok := strings.Cut(w, ":")
		if !ok {
			host, alias, ok = strings.Cut(w, "=")
		}
		if ok && strings.EqualFold(host, target) {
			return alias
		}
	}
	for host, alias := range d.listed {
		if strings.EqualFold(host, target) {
			return alias
		}
	}
	return target
}

// reaches tells whether a device can fence a target; known is false while the
// agent has to be asked for its list.
func (m *Machine) reaches(d *device, target string) (yes, known bool) {
	meta, asked := m.metas[d.agent]
	check := d.check(meta)
	if !asked && check == "none" {
		return false, true // nothing is known of the agent yet: promise nothing
	}
	switch check {
	case "none":
		return true, true
	case "static-list":
		for _, h := range split(d.param("pcmk_host_list")) {
			if strings.EqualFold(h, target) {
				return true, true
			}
		}
		for _, w := range split(d.param("pcmk_host_map")) {
			host, _, _ := strings.Cut(strings.ReplaceAll(w, "=", ":"), ":")
			if strings.EqualFold(host, target) {
				return true, true
			}
		}
		return false, true
	case "dynamic-list":
		if !d.hasList || m.now-d.listedAt > listFor {
			return false, false
		}
		for h, alias := range d.listed {
			if strings.EqualFold(h, target) || strings.EqualFold(alias, target) {
				return true, true
			}
		}
		return false, true
	}
	return false, true // status: asked for each target, which is not supported
}

// takeList reads the output of an agent's action list: a name, or name,alias,
// on each line.
func (d *device) takeList(text string, now time.Duration) {
	d.listed, d.listedAt, d.hasList = map[string]string{}, now, true
	for line := range strings.Lines(text) {
		name, alias, _ := strings.Cut(strings.TrimSpace(line), ",")
		if name == "" {
			continue
		}
		d.listed[name] = name
		if alias != "" {
			d.listed[alias] = name
		}
	}
}

// options are what the agent reads for an action (resource-agents.md 8).
func (d *device) options(action, target string, meta *lrmd.Metadata) []xml.Attr {
	real := action
	if a := d.param("pcmk_" + action + "_action"); a != "" {
		real = a
	}
	list := []xml.Attr{}
	if target != "" {
		list = append(list, xml.Attr{Name: "nodename", Value: target})
	}
	list = append(list, xml.Attr{Name: "action", Value: real})
	if target != "" {
		arg := d.param("pcmk_host_argument")
		if arg == "" {
			arg = "port"
			if meta != nil && meta.Param("port") == nil && meta.Param("plug") != nil {
				arg = "plug"
			}
		}
		if v := d.param(arg); arg != "none" && (v == "" || v == "dynamic") {
			list = append(list, xml.Attr{Name: arg, Value: d.alias(target)})
		}
	}
	for _, p := range d.params {
		if strings.HasPrefix(p.Name, "pcmk_") || strings.Contains(p.Name, "CRM_meta") || p.Name == "provides" ||
			p.Name == "stonith-timeout" || p.Name == "crm_feature_set" || p.Value == "dynamic" {
			continue
		}
		list = append(list, p)
	}
	return list
}

// tries is how often an action is tried in all.
func (d *device) tries(action string) int {
	if n, err := strconv.Atoi(d.param("pcmk_" + action + "_retries")); err == nil && n > 0 {
		return n
	}
	return 2
}

// delay is how long this device waits before it acts: base, and up to max by
// chance that a name decides, so that two nodes do not fence each other.
func (d *device) delay(action, chance string) time.Duration {
	if action == "on" {
		return 0
	}
	base, limit := seconds(d.param("pcmk_delay_base")), seconds(d.param("pcmk_delay_max"))
	if limit <= base {
		return base
	}
	var h uint32 = 2166136261
	for i := range len(chance) {
		h = (h ^ uint32(chance[i])) * 16777619
	}
	return base + time.Duration(uint64(h)*uint64(limit-base)/(1<<32))
}

func seconds(s string) time.Duration {
	if n, err := strconv.Atoi(s); err == nil {
		return time.Duration(n) * time.Second
	}
	d, err := time.ParseDuration(s)
	if err != nil || d < 0 {
		return 0
	}
	return d
}

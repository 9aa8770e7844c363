package pcs

import (
	"slices"
	"sort"
	"strings"

	"github.com/gocorosync/gocorosync/conf"
	"github.com/gocorosync/gocorosync/pacemakerd/lrmd"
	"github.com/gocorosync/gocorosync/pacemakerd/rules"
	"github.com/gocorosync/gocorosync/pacemakerd/xml"
	"github.com/gocorosync/gocorosync/tool"
)

// definition is a resource as it is typed: options, operations and meta
// attributes.
type definition struct {
	params []pair
	meta   []pair
	ops    [][]string // each: name, then options
	clone  []pair
	kind   string // of the clone to put it into: a word of cloneWords, or none
	clones string // the clone's id, "" for the usual one
}

// operations are those of a definition, each option once. What stands there
// without a value is not set, but a monitor that never runs is not what anybody
// means.
func operations(list [][]string, read func([]string) ([]pair, error)) ([][]string, error) {
	for i, op := range list {
		if _, err := read(op[1:]); err != nil {
			return nil, err
		}
		once := op[:1:1]
		for j, w := range op[1:] {
			name, value, _ := strings.Cut(w, "=")
			switch later := op[j+2:]; {
			case name == "interval" && value == "":
				return nil, failf("interval cannot be empty")
			case value == "" || slices.ContainsFunc(later, func(w string) bool { return strings.HasPrefix(w, name+"=") }):
			default:
				once = append(once, w)
			}
		}
		list[i] = once
	}
	return list, nil
}

// cloneWords are the kinds of clones: what 0.9 calls master is promotable in 0.11.
func cloneWords(p conf.Profile) []string {
	if p == conf.EL9 {
		return []string{"clone", "promotable"}
	}
	return []string{"clone", "master"}
}

// readDefinition takes apart "a=1 op monitor interval=30s meta x=y clone".
func (c *call) readDefinition(words []string) (definition, error) {
	return c.readWith(pairs, words)
}

// readChange is readDefinition for a change, in which of equal parameters and
// options of operations the last one wins, as in the original.
func (c *call) readChange(words []string) (definition, error) {
	return c.readWith(lastPairs, words)
}

func (c *call) readWith(read func([]string) ([]pair, error), words []string) (d definition, err error) {
	var params, meta, clone []string
	where := &params
	inOp := false
	for i := 0; i < len(words); i++ {
		w := words[i]
		switch w {
		case "op":
			inOp = true
			if i+1 >= len(words) {
				return d, &errUsage{group: "resource"}
			}
			i++
			d.ops = append(d.ops, []string{words[i]})
			continue
		case "meta":
			where, inOp = &meta, false
			continue
		}
		if slices.Contains(cloneWords(c.env.Profile), w) {
			where, inOp, d.kind = &clone, false, w
			if c.env.Profile == conf.EL9 && i+1 < len(words) && !strings.Contains(words[i+1], "=") && !slices.Contains([]string{"op", "meta"}, words[i+1]) {
				i++
				d.clones = words[i]
			}
			continue
		}
		if inOp {
			if !strings.Contains(w, "=") { // the next operation without a new "op"
				d.ops = append(d.ops, []string{w})
				continue
			}
			last := len(d.ops) - 1
			d.ops[last] = append(d.ops[last], w)
			continue
		}
		*where = append(*where, w)
	}
	if d.params, err = read(params); err != nil {
		return d, err
	}
	if d.ops, err = operations(d.ops, read); err != nil {
		return d, err
	}
	if d.meta, err = pairs(meta); err != nil {
		return d, err
	}
	d.clone, err = pairs(clone)
	return d, err
}

// opOptions are what an operation may have.
var opOptions = []string{"OCF_CHECK_LEVEL", "description", "enabled", "id", "interval", "interval-origin", "name", "on-fail",
	"record-pending", "requires", "role", "start-delay", "timeout"}

// filled refuses a parameter without a value, as 0.11 does.
func (c *call) filled(params []pair) error {
	for _, p := range params {
		if p.value == "" && c.env.Profile == conf.EL9 {
			return failf("%s cannot be empty", p.name).all()
		}
	}
	return nil
}

func (c *call) resourceCreate(words []string) error {
	if len(words) < 2 {
		return &errUsage{group: "resource"}
	}
	id, name := words[0], words[1]
	if slices.Contains(words[2:], "params") {
		f := failf("'params' is not used by pcs; that is crm shell syntax")
		var fixed []string
		for _, w := range words {
			if w != "params" {
				fixed = append(fixed, w)
			}
		}
		return f.hint("pcs resource create %s", strings.Join(reorder(fixed), " "))
	}
	if msg := invalidID(id, "resource name"); msg != "" {
		return failf("%s", msg)
	}
	d, err := c.readDefinition(words[2:])
	if err != nil {
		return err
	}
	a, err := c.splitAgent(name)
	if err != nil {
		return err
	}
	resources, err := c.section("resources")
	if err != nil {
		return err
	}
	meta, err := c.metadata(a)
	if err != nil {
		if !c.opt.force {
			return err.(*failure).forceable()
		}
		c.env.Errorf("Warning: %v\n", err)
		meta = &lrmd.Metadata{}
	} else if err := c.checkParams(meta, d.params, true); err != nil {
		return err
	}
	if err := c.filled(d.params); err != nil {
		return err
	}
	if err := checkOps(meta, d.ops, c.opt.force); err != nil {
		return err
	}
	conf := resources.Parent
	if conf.First("//*[@id='"+id+"']") != nil {
		return failf("'%s' already exists", id)
	}
	p := resources.Append(newPrimitive(id, a))
	if len(d.params) > 0 {
		setPairs(nvset(p, "instance_attributes", true), d.params)
	}
	if c.opt.disabled {
		d.meta = append(d.meta, pair{"target-role", "Stopped"})
	}
	if len(d.meta) > 0 {
		c.warnMeta(d.meta)
		setPairs(nvset(p, "meta_attributes", true), d.meta)
	}
	addOps(p, meta, d.ops)
	if g := c.opt.group; g != "" {
		if err := c.addToGroup(resources, g, []string{id}); err != nil {
			return err
		}
	} else if d.kind != "" {
		if err := c.intoClone(resources, p, d.kind, d.clones, d.clone); err != nil {
			return err
		}
	}
	if err := c.push(); err != nil {
		return err
	}
	c.warnNoFencing(a)
	return nil
}

// intoClone puts a primitive or a group into a new clone.
func (c *call) intoClone(resources, p *xml.Element, kind, id string, options []pair) error {
	element, suffix := "clone", "-clone"
	switch kind {
	case "master":
		element, suffix = "master", "-master"
	case "promotable":
		for _, o := range options {
			if o.name == "promotable" {
				return failf("you cannot specify both promotable option and promotable keyword")
			}
		}
		options = append(options, pair{"promotable", "true"})
		slices.SortFunc(options, func(a, b pair) int { return strings.Compare(a.name, b.name) })
		if err := c.promotable(p); err != nil {
			return err
		}
	}
	if id == "" {
		id = uniqueID(resources, p.ID()+suffix)
	} else if msg := invalidID(id, "id"); msg != "" {
		return failf("%s", msg)
	} else if resources.Parent.First("//*[@id='"+id+"']") != nil {
		return failf("id '%s' already exists", id)
	}
	at := p
	if p.Parent.Name == "group" { // a group's members are primitives: it leaves the group
		at = p.Parent
	}
	cl := at.Parent.Insert(at.Index(), xml.New(element, "id", id))
	p.Remove()
	cl.Append(p)
	if at != p && at.Child("primitive") == nil {
		at.Remove()
	}
	if len(options) > 0 {
		setPairs(nvset(cl, "meta_attributes", true), options)
	}
	return nil
}

// promotable refuses resources whose OCF agent can neither promote nor demote.
func (c *call) promotable(p *xml.Element) error {
	for r := range p.Walk() {
		a := agentOf(r)
		if r.Name != "primitive" || a.Class != "ocf" || c.opt.force {
			continue
		}
		if m, err := c.metadata(a); err == nil && !(m.Supports("promote") && m.Supports("demote")) {
			return failf("Clone option 'promotable' is not compatible with '%s' resource agent of resource '%s'", a, r.ID()).forceable()
		}
	}
	return nil
}

func newPrimitive(id string, a lrmd.Agent) *xml.Element {
	p := xml.New("primitive", "id", id, "class", a.Class, "type", a.Type)
	if a.Provider != "" {
		p.Set("provider", a.Provider)
	}
	return p
}

// forceable adds pcs' word about --force.
func (f *failure) forceable() *failure {
	for i := range f.lines {
		f.lines[i] += ", use --force to override"
	}
	return f
}

// reorder puts options before "op", where pcs wants them.
func reorder(words []string) []string {
	var head, ops []string
	inOp := false
	for i, w := range words {
		switch {
		case i < 2:
			head = append(head, w)
		case w == "op":
			inOp = true
			ops = append(ops, w)
		case inOp && (!strings.Contains(w, "=") || isOpOption(w)):
			ops = append(ops, w)
		default:
			head = append(head, w)
		}
	}
	return append(head, ops...)
}

func isOpOption(w string) bool {
	name, _, _ := strings.Cut(w, "=")
	return slices.Contains(opOptions, name)
}

// warnNoFencing says at once why a new resource will not start.
func (c *call) warnNoFencing(a lrmd.Agent) {
	conf := c.cib.doc.Child("configuration")
	if a.Class == "stonith" {
		return
	}
	for nv := range conf.Child("crm_config").Walk() {
		if nv.Get("name") == "stonith-enabled" && !rules.IsTrue(nv.Get("value")) {
			return
		}
	}
	for p := range conf.Child("resources").Walk() {
		if p.Name == "primitive" && p.Get("class") == "stonith" {
			return
		}
	}
	c.env.Errorf("Hint: the resource will not start: fencing is on but no fence device exists. Create one ('pcs stonith create ...') or, " +
		"knowing the risk, 'pcs property set stonith-enabled=false'\n")
}

func invalidID(id, what string) string {
	for i, r := range id {
		first := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r == '_'
		switch {
		case i == 0 && !first:
			return "invalid " + what + " '" + id + "', '" + string(r) + "' is not a valid first character for a " + what
		case !first && !(r >= '0' && r <= '9') && r != '-' && r != '.':
			return "invalid " + what + " '" + id + "', '" + string(r) + "' is not a valid character for a " + what
		}
	}
	if id == "" {
		return what + " cannot be empty"
	}
	return ""
}

// checkParams compares typed parameters with what the agent knows.
func (c *call) checkParams(meta *lrmd.Metadata, params []pair, whole bool) error {
	var allowed, bad []string
	for _, p := range meta.Params {
		allowed = append(allowed, p.Name)
	}
	allowed = append(allowed, "trace_file", "trace_ra")
	sort.Strings(allowed)
	allowed = slices.Compact(allowed)
	var hints []string
	given := map[string]bool{}
	for _, p := range params {
		given[p.name] = true
		if meta.Param(p.name) == nil && p.name != "trace_ra" && p.name != "trace_file" {
			bad = append(bad, p.name)
			if s := tool.Suggest(p.name, allowed); s != "" {
				hints = append(hints, s+" (for "+p.name+")")
			}
		}
	}
	var f failure
	if len(bad) > 0 {
		word := "option"
		if len(bad) > 1 {
			word = "options"
		}
		f.lines = append(f.lines, "invalid resource "+word+": "+quoteList(bad)+", allowed options are: "+strings.Join(allowed, ", "))
		if word == "option" {
			f.lines[0] = "invalid resource option " + quoteList(bad) + ", allowed options are: " + strings.Join(allowed, ", ")
		}
		if len(hints) > 0 {
			f.hint("did you mean %s?", strings.Join(hints, ", "))
		}
	}
	if whole {
		var missing []string
		for _, p := range meta.Params {
			if p.Required && !given[p.Name] && !p.Deprecated {
				missing = append(missing, p.Name)
			}
		}
		sort.Strings(missing)
		switch len(missing) {
		case 0:
		case 1:
			f.lines = append(f.lines, "required resource option '"+missing[0]+"' is missing")
		default:
			f.lines = append(f.lines, "required resource options "+quoteList(missing)+" are missing")
		}
	}
	if len(f.lines) == 0 {
		return nil
	}
	if c.opt.force {
		for _, l := range f.lines {
			c.env.Errorf("Warning: %s\n", l)
		}
		return nil
	}
	return f.forceable()
}

// checkOps refuses operation options and names that nothing knows.
func checkOps(meta *lrmd.Metadata, ops [][]string, force bool) error {
	f := &failure{}
	seen := map[string]bool{}
	for _, op := range ops {
		interval := "0s"
		for _, w := range op[1:] {
			name, value, ok := strings.Cut(w, "=")
			if !ok {
				return failf("missing value of '%s' option", w)
			}
			if name == "interval" {
				interval = value
			}
			if !slices.Contains(opOptions, name) {
				f.lines = append(f.lines, "invalid resource operation option '"+name+"', allowed options are: "+strings.Join(opOptions, ", "))
			}
		}
		if len(meta.Actions) > 0 && !meta.Supports(op[0]) && !force {
			var names []string
			for _, a := range meta.Actions {
				names = append(names, a.Name)
			}
			sort.Strings(names)
			f.lines = append(f.lines, "'"+op[0]+"' is not a valid operation name value, use "+strings.Join(names, ", ")+", use --force to override")
		}
		key := op[0] + " " + interval
		if seen[key] {
			f.lines = append(f.lines, "multiple specification of the same operation with the same interval:\n"+op[0]+" with intervals "+interval+", "+interval)
		}
		seen[key] = true
	}
	if len(f.lines) == 0 {
		return nil
	}
	return f
}

// defaultOps are the operations that a new resource gets from its agent's
// meta-data.
var defaultOps = []string{"demote", "methods", "migrate_from", "migrate_to", "monitor", "notify", "promote", "reload", "reload-agent", "start", "stop"}

// addOps adds the operations: those typed, and the agent's own where none of
// that name was typed, sorted by name.
func addOps(p *xml.Element, meta *lrmd.Metadata, typed [][]string) {
	type entry struct {
		name  string
		attrs []xml.Attr
		level string
	}
	var list []entry
	given := map[string]bool{}
	for _, op := range typed {
		given[op[0]] = true
		e := entry{name: op[0], attrs: []xml.Attr{{Name: "name", Value: op[0]}}}
		for _, w := range op[1:] {
			n, v, _ := strings.Cut(w, "=")
			if n == "OCF_CHECK_LEVEL" {
				e.level = v
				continue
			}
			e.attrs = append(e.attrs, xml.Attr{Name: n, Value: v})
		}
		list = append(list, e)
	}
	for _, a := range meta.Actions {
		if given[a.Name] || !slices.Contains(defaultOps, a.Name) {
			continue
		}
		e := entry{name: a.Name, attrs: []xml.Attr{{Name: "name", Value: a.Name}}}
		for _, at := range a.Attrs {
			switch at.Name {
			case "timeout", "interval", "role", "start-delay":
				if at.Name == "start-delay" && (at.Value == "0" || at.Value == "0s") {
					continue
				}
				e.attrs = append(e.attrs, at)
			case "depth":
				if at.Value != "" && at.Value != "0" {
					e.level = at.Value
				}
			}
		}
		list = append(list, e)
	}
	sort.SliceStable(list, func(i, j int) bool { return list[i].name < list[j].name })
	if len(list) == 0 {
		list = append(list, entry{name: "monitor", attrs: []xml.Attr{{Name: "name", Value: "monitor"}, {Name: "interval", Value: "60s"}}})
	}
	ops := p.Ensure("operations")
	for _, e := range list {
		op := &xml.Element{Name: "op", Attrs: e.attrs}
		addOp(ops, p.ID(), op, e.level)
	}
}

// addOp completes one operation with an interval and an id and adds it.
func addOp(ops *xml.Element, rsc string, op *xml.Element, level string) {
	if !op.Has("interval") {
		interval := "0s"
		if op.Get("name") == "monitor" {
			interval = "60s"
		}
		op.Set("interval", interval)
	}
	id := op.Get("id")
	op.Unset("id")
	if id == "" {
		id = uniqueID(ops, xmlID(rsc+"-"+op.Get("name")+"-interval-"+op.Get("interval")))
	}
	op.Set("id", id)
	ops.Append(op)
	if level != "" {
		set := op.Append(xml.New("instance_attributes", "id", uniqueID(ops, "params-"+id)))
		set.Append(xml.New("nvpair", "id", uniqueID(ops, set.ID()+"-OCF_CHECK_LEVEL"), "name", "OCF_CHECK_LEVEL", "value", level))
	}
}

// metaNames are the meta attributes of resources (cib.md 4.1).
var metaNames = []string{"allow-migrate", "allow-unhealthy-nodes", "clone-max", "clone-min", "clone-node-max", "container-attribute-target",
	"critical", "failure-timeout", "globally-unique", "interleave", "is-managed", "maintenance", "master-max", "master-node-max",
	"migration-threshold", "multiple-active", "notify", "ordered", "priority", "promotable", "promoted-max", "promoted-node-max",
	"remote-addr", "remote-connect-timeout", "remote-node", "remote-port", "requires", "resource-stickiness", "target-role"}

// warnMeta helps with misspelt meta attributes; pcs takes any name.
func (c *call) warnMeta(list []pair) {
	for _, p := range list {
		if slices.Contains(metaNames, p.name) {
			continue
		}
		if s := tool.Suggest(p.name, metaNames); s != "" {
			c.env.Errorf("Hint: '%s' is not a known resource option; did you mean %s?\n", p.name, s)
		}
	}
}

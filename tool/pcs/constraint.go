package pcs

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gocorosync/gocorosync/conf"
	"github.com/gocorosync/gocorosync/pacemakerd/xml"
)

func constraintCommands() []command {
	return []command{
		{"list", (*call).constraintList, "[list|show] --full", "List all current constraints. If --full is specified also list the constraint ids."},
		{"show", (*call).constraintList, "", ""},
		{"config", (*call).constraintList, "", ""},
		{"location", (*call).constraintLocation, "location <resource> prefers <node>[=<score>] [<node>[=<score>]]...", "Create a location constraint on a resource to prefer the specified node with\nscore (default score: INFINITY)."},
		{"order", (*call).constraintOrder, "order [action] <resource id> then [action] <resource id> [options]", "Add an ordering constraint specifying actions (start, stop, promote, demote)."},
		{"colocation", (*call).constraintColocation, "colocation add [<role>] <source resource id> with [<role>] <target resource id> [score] [options] [id=constraint-id]", "Request <source resource> to run on the same node where pacemaker has determined\n<target resource> should run."},
		{"remove", (*call).constraintRemove, "remove <constraint id>...", "Remove constraint(s) or constraint rules with the specified id(s)."},
		{"delete", (*call).constraintRemove, "", ""},
		{"ref", (*call).constraintRef, "ref <resource>...", "List constraints referencing specified resource."},
	}
}

func (c *call) constraintList([]string) error {
	if err := c.locations(""); err != nil {
		return err
	}
	if err := c.orders(); err != nil {
		return err
	}
	if err := c.colocations(); err != nil {
		return err
	}
	c.env.Printf("Ticket Constraints:\n")
	cons, err := c.section("constraints")
	if err != nil {
		return err
	}
	for t := range cons.Each("rsc_ticket") {
		role := ""
		if r := t.Get("rsc-role"); r != "" {
			role = r + " "
		}
		options := ""
		if l := t.Get("loss-policy"); l != "" {
			options = " (loss-policy=" + l + ")"
		}
		c.env.Printf("  %s%s%s (ticket: %s)%s\n", role, t.Get("rsc"), options, t.Get("ticket"), c.id(t))
	}
	return nil
}

func (c *call) id(n *xml.Element) string {
	if c.opt.full {
		return " (id:" + n.ID() + ")"
	}
	return ""
}

// locations lists the location constraints, by resource or by node.
func (c *call) locations(by string) error {
	cons, err := c.section("constraints")
	if err != nil {
		return err
	}
	c.env.Printf("Location Constraints:\n")
	if by == "nodes" {
		return c.locationsByNode(cons)
	}
	type item struct{ list []*xml.Element }
	byRsc := map[string]*item{}
	for l := range cons.Each("rsc_location") {
		name := "Resource: " + l.Get("rsc")
		if p := l.Get("rsc-pattern"); p != "" {
			name = "Resource pattern: " + p
		}
		if byRsc[name] == nil {
			byRsc[name] = &item{}
		}
		byRsc[name].list = append(byRsc[name].list, l)
	}
	for _, name := range sortedKeys(byRsc) {
		c.env.Printf("  %s\n", name)
		for _, enabled := range []bool{true, false} {
			for _, l := range byRsc[name].list {
				score := l.Get("score")
				if l.Get("node") == "" || strings.HasPrefix(score, "-") == enabled {
					continue
				}
				word := "Enabled on"
				if !enabled {
					word = "Disabled on"
				}
				role := ""
				if r := l.Get("role"); r != "" {
					role = " (role: " + r + ")"
				}
				c.env.Printf("    %s: %s (score:%s)%s%s\n", word, l.Get("node"), score, role, c.id(l))
			}
		}
		for _, l := range byRsc[name].list {
			if l.Child("rule") == nil {
				continue
			}
			c.env.Printf("    Constraint: %s\n", l.ID())
			for r := range l.Each("rule") {
				c.env.Printf("      Rule: score=%s %s\n", r.Get("score"), c.id(r))
				for e := range r.Each("") {
					c.env.Printf("        Expression: %s%s\n", expressionText(e), c.id(e))
				}
			}
		}
	}
	return nil
}

func expressionText(e *xml.Element) string {
	switch e.Name {
	case "expression":
		if v := e.Get("value"); v != "" {
			return e.Get("attribute") + " " + e.Get("operation") + " " + v
		}
		return e.Get("operation") + " " + e.Get("attribute")
	case "date_expression":
		return strings.TrimSpace("date " + e.Get("operation") + " " + e.Get("start") + " " + e.Get("end"))
	}
	return e.Name
}

func (c *call) locationsByNode(cons *xml.Element) error {
	byNode := map[string][]*xml.Element{}
	for l := range cons.Each("rsc_location") {
		if n := l.Get("node"); n != "" {
			byNode[n] = append(byNode[n], l)
		}
	}
	for _, n := range sortedKeys(byNode) {
		c.env.Printf("  Node: %s\n", n)
		for _, allowed := range []bool{true, false} {
			header := "    Allowed to run:\n"
			if !allowed {
				header = "    Not allowed to run:\n"
			}
			for _, l := range byNode[n] {
				if strings.HasPrefix(l.Get("score"), "-") == allowed {
					continue
				}
				c.env.Printf("%s      Resource: %s (%s) Score: %s\n", header, l.Get("rsc"), l.ID(), l.Get("score"))
				header = ""
			}
		}
	}
	return nil
}

func (c *call) constraintLocation(words []string) error {
	if len(words) == 0 {
		return c.locations("")
	}
	if words[0] == "show" || words[0] == "list" || words[0] == "config" {
		by := ""
		if len(words) > 1 {
			by = words[1]
		}
		return c.locations(by)
	}
	if words[0] == "remove" || words[0] == "delete" {
		return c.constraintRemove(words[1:])
	}
	if len(words) < 3 || words[1] != "prefers" && words[1] != "avoids" {
		return &errUsage{group: "constraint"}
	}
	cons, err := c.section("constraints")
	if err != nil {
		return err
	}
	resources := cons.Parent.Ensure("resources")
	rsc := strings.TrimPrefix(words[0], "resource%")
	if err := c.constrainable(resources, rsc); err != nil {
		return err
	}
	if c.cib.live == nil {
		c.env.Errorf("Warning: Validation for node existence in the cluster will be skipped\n")
	}
	for _, w := range words[2:] {
		node, score, has := strings.Cut(w, "=")
		if !has {
			score = "INFINITY"
		}
		if !isScore(score) {
			return failf("invalid score '%s', use integer or INFINITY or -INFINITY", score)
		}
		if words[1] == "avoids" {
			if s, neg := strings.CutPrefix(score, "-"); neg {
				score = s
			} else {
				score = "-" + score
			}
		}
		if c.cib.live != nil && c.knownNode(node) != nil {
			c.env.Errorf("Warning: Node '%s' does not seem to be in the cluster. If you are about to add node '%s' to the cluster, you can safely ignore this warning.\n", node, node)
		}
		for old := range cons.Each("rsc_location") {
			if old.Get("rsc") == rsc && old.Get("node") == node && !old.Has("rule") {
				old.Remove()
				break
			}
		}
		id := uniqueID(cons, xmlID("location-"+rsc+"-"+node+"-"+score))
		cons.Append(xml.New("rsc_location", "id", id, "rsc", rsc, "node", node, "score", score))
	}
	return c.push()
}

// constrainable refuses a resource that there is not, and one whose constraints
// have to be about the clone that it is in.
func (c *call) constrainable(resources *xml.Element, id string) error {
	r := resourceByID(resources, id)
	if r == nil {
		return existing(failf("Resource '%s' does not exist", id), resources, id)
	}
	for outer := r.Parent; outer != nil && outer != resources && !c.opt.force; outer = outer.Parent {
		what := map[string]string{"clone": "clone", "master": "master/slave", "bundle": "bundle"}[outer.Name]
		if what != "" {
			word, _, _ := strings.Cut(what, "/")
			return failf("%s is a %s resource, you should use the %s id: %s when adding constraints. Use --force to override.", id, what, word, outer.ID())
		}
	}
	return nil
}

func isScore(s string) bool {
	s = strings.TrimPrefix(strings.TrimPrefix(s, "+"), "-")
	if s == "INFINITY" {
		return true
	}
	for _, r := range s {
		if r < '0' || r > '9' {
			return false
		}
	}
	return s != ""
}

var orderActions = []string{"start", "stop", "promote", "demote"}

func (c *call) constraintOrder(words []string) error {
	if len(words) == 0 || words[0] == "show" || words[0] == "config" {
		return c.orders()
	}
	if words[0] == "remove" || words[0] == "delete" {
		return c.orderRemove(words[1:])
	}
	if words[0] == "set" {
		return failf("ordering constraints with sets are not supported yet").hint("write 'order A then B' for each pair")
	}
	then := slices.Index(words, "then")
	if then < 1 || then+1 >= len(words) {
		return &errUsage{group: "constraint"}
	}
	take := func(list []string) (action, id string, rest []string, err error) {
		action = "start"
		if len(list) > 1 && slices.Contains(orderActions, list[0]) {
			action, list = list[0], list[1:]
		}
		if len(list) == 0 {
			return "", "", nil, &errUsage{group: "constraint"}
		}
		return action, list[0], list[1:], nil
	}
	firstAction, first, _, err := take(words[:then])
	if err != nil {
		return err
	}
	thenAction, second, options, err := take(words[then+1:])
	if err != nil {
		return err
	}
	cons, err := c.section("constraints")
	if err != nil {
		return err
	}
	resources := cons.Parent.Ensure("resources")
	for _, id := range []string{first, second} {
		if err := c.constrainable(resources, id); err != nil {
			return err
		}
	}
	list, err := pairs(options)
	if err != nil {
		return err
	}
	o := xml.New("rsc_order", "first", first, "then", second)
	kind := "Mandatory"
	for _, p := range list {
		switch p.name {
		case "kind":
			kind = p.value
			o.Set("kind", p.value)
		case "symmetrical", "require-all", "score":
			o.Set(p.name, p.value)
		case "id":
		default:
			return failf("invalid option '%s', allowed options are: id, kind, require-all, symmetrical", p.name)
		}
	}
	o.Set("first-action", firstAction)
	o.Set("then-action", thenAction)
	id := xmlID("order-" + first + "-" + second + "-" + kind)
	if !o.Has("kind") {
		id = xmlID("order-" + first + "-" + second + "-mandatory")
	}
	for _, p := range list {
		if p.name == "id" {
			id = p.value
		}
	}
	o.Set("id", uniqueID(cons, id))
	for old := range cons.Each("rsc_order") {
		if old.Get("first") == first && old.Get("then") == second && old.Get("first-action") == firstAction && old.Get("then-action") == thenAction && !c.opt.force {
			c.opt.full = true
			return failf("duplicate constraint already exists, use --force to override\n  %s", c.orderText(old))
		}
	}
	opts := fmt.Sprintf("first-action=%s then-action=%s", firstAction, thenAction)
	if s := o.Get("symmetrical"); s != "" {
		opts += " symmetrical=" + s
	}
	c.env.Printf("Adding %s %s (kind: %s) (Options: %s)\n", first, second, kind, opts)
	if a, b := groupOf(resources, first), groupOf(resources, second); a != nil && a == b {
		c.env.Errorf("Hint: the group '%s' already orders and colocates these\n", a.ID())
	}
	cons.Append(o)
	return c.push()
}

func groupOf(resources *xml.Element, id string) *xml.Element {
	p := resources.ByID("primitive", id)
	if p != nil && p.Parent.Name == "group" {
		return p.Parent
	}
	return nil
}

func (c *call) orderText(o *xml.Element) string {
	if o.Child("resource_set") != nil {
		var ids []string
		for s := range o.Each("resource_set") {
			ids = append(ids, "set "+setRefs(s))
		}
		return strings.Join(ids, " ") + c.id(o)
	}
	action := func(name string) string {
		if a := o.Get(name); a != "" {
			return a + " "
		}
		return "start "
	}
	kind := o.Get("kind")
	if kind == "" {
		kind = "Mandatory"
	}
	text := fmt.Sprintf("%s%s then %s%s (kind:%s)", action("first-action"), o.Get("first"), action("then-action"), o.Get("then"), kind)
	if s := o.Get("symmetrical"); s == "false" {
		text += " (non-symmetrical)"
	}
	return text + c.id(o)
}

func setRefs(s *xml.Element) string {
	var ids []string
	for r := range s.Each("resource_ref") {
		ids = append(ids, r.ID())
	}
	return strings.Join(ids, " ")
}

func (c *call) orders() error {
	cons, err := c.section("constraints")
	if err != nil {
		return err
	}
	c.env.Printf("Ordering Constraints:\n")
	for o := range cons.Each("rsc_order") {
		c.env.Printf("  %s\n", c.orderText(o))
	}
	return nil
}

func (c *call) orderRemove(ids []string) error {
	cons, err := c.section("constraints")
	if err != nil {
		return err
	}
	if len(ids) == 0 {
		return &errUsage{group: "constraint"}
	}
	found := false
	for _, id := range ids {
		for _, o := range slices.Clone(cons.Children) {
			switch {
			case o.Name != "rsc_order":
			case o.Get("first") == id || o.Get("then") == id || o.ID() == id:
				o.Remove()
				found = true
			default:
				found = o.Child("resource_set") != nil && leaveSets(o, map[string]bool{id: true}) != nil || found
			}
		}
	}
	if !found {
		return failf("No matching resources found in ordering list")
	}
	return c.push()
}

func (c *call) constraintColocation(words []string) error {
	if len(words) == 0 || words[0] == "show" || words[0] == "config" {
		return c.colocations()
	}
	if words[0] == "remove" || words[0] == "delete" {
		if len(words) < 3 {
			return &errUsage{group: "constraint"}
		}
		cons, err := c.section("constraints")
		if err != nil {
			return err
		}
		found := false
		for _, o := range slices.Clone(cons.Children) {
			a, b := o.Get("rsc"), o.Get("with-rsc")
			if o.Name == "rsc_colocation" && (a == words[1] && b == words[2] || a == words[2] && b == words[1]) {
				o.Remove()
				found = true
			}
		}
		if !found {
			return failf("No matching resources found in ordering list")
		}
		return c.push()
	}
	if words[0] != "add" || len(words) < 3 {
		return &errUsage{group: "constraint"}
	}
	rest := words[1:]
	roles := []string{"Stopped", "Started", "Master", "Slave", "Promoted", "Unpromoted", "stopped", "started", "master", "slave", "promoted", "unpromoted"}
	take := func() (role, id string) {
		if len(rest) > 1 && slices.Contains(roles, rest[0]) {
			role, rest = strings.ToUpper(rest[0][:1])+strings.ToLower(rest[0][1:]), rest[1:]
		}
		if len(rest) > 0 {
			id, rest = rest[0], rest[1:]
		}
		return role, id
	}
	role1, a := take()
	if len(rest) > 0 && rest[0] == "with" {
		rest = rest[1:]
	}
	role2, b := take()
	if b == "" {
		return &errUsage{group: "constraint"}
	}
	score := "INFINITY"
	if len(rest) > 0 && !strings.Contains(rest[0], "=") {
		score, rest = rest[0], rest[1:]
	}
	if !isScore(score) {
		return failf("invalid score '%s', use integer or INFINITY or -INFINITY", score)
	}
	cons, err := c.section("constraints")
	if err != nil {
		return err
	}
	resources := cons.Parent.Ensure("resources")
	for _, id := range []string{a, b} {
		if err := c.constrainable(resources, id); err != nil {
			return err
		}
	}
	list, err := pairs(rest)
	if err != nil {
		return err
	}
	id := xmlID("colocation-" + a + "-" + b + "-" + score)
	o := xml.New("rsc_colocation", "rsc", a, "with-rsc", b, "score", score)
	for _, p := range list {
		switch p.name {
		case "score":
			o.Set("score", p.value)
		case "id":
			id = p.value
		default:
			o.Set(p.name, p.value)
		}
	}
	if c.env.Profile == conf.EL9 { // 0.11 has today's names, and names either role or both
		for _, r := range []*string{&role1, &role2} {
			switch {
			case *r == "Master":
				*r = "Promoted"
			case *r == "Slave":
				*r = "Unpromoted"
			case *r == "" && (role1 != "" || role2 != ""):
				*r = "Started"
			}
		}
	}
	if role1 != "" {
		o.Set("rsc-role", role1)
	}
	if role2 != "" {
		o.Set("with-rsc-role", role2)
	}
	o.Set("id", uniqueID(cons, id))
	for old := range cons.Each("rsc_colocation") {
		if old.Get("rsc") == a && old.Get("with-rsc") == b && !c.opt.force {
			c.opt.full = true
			return failf("duplicate constraint already exists, use --force to override\n  %s", c.colocationText(old))
		}
	}
	cons.Append(o)
	return c.push()
}

func (c *call) colocationText(o *xml.Element) string {
	if o.Child("resource_set") != nil {
		var ids []string
		for s := range o.Each("resource_set") {
			ids = append(ids, "set "+setRefs(s))
		}
		return strings.Join(ids, " ") + " setoptions score=" + o.Get("score") + c.id(o)
	}
	text := o.Get("rsc") + " with " + o.Get("with-rsc") + " (score:" + o.Get("score") + ")"
	if r := o.Get("rsc-role"); r != "" {
		text += " (rsc-role:" + r + ")"
	}
	if r := o.Get("with-rsc-role"); r != "" {
		text += " (with-rsc-role:" + r + ")"
	}
	return text + c.id(o)
}

func (c *call) colocations() error {
	cons, err := c.section("constraints")
	if err != nil {
		return err
	}
	c.env.Printf("Colocation Constraints:\n")
	for o := range cons.Each("rsc_colocation") {
		c.env.Printf("  %s\n", c.colocationText(o))
	}
	return nil
}

func (c *call) constraintRemove(words []string) error {
	if len(words) == 0 {
		return &errUsage{group: "constraint"}
	}
	cons, err := c.section("constraints")
	if err != nil {
		return err
	}
	var missing failure
	for _, id := range words {
		var found *xml.Element
		for n := range cons.Walk() {
			if n != cons && n.ID() == id && (strings.HasPrefix(n.Name, "rsc_") || n.Name == "rule") {
				found = n
				break
			}
		}
		if found == nil {
			missing.lines = append(missing.lines, "Unable to find constraint - '"+id+"'")
			continue
		}
		found.Remove()
	}
	if err := c.push(); err != nil { // those that there are go, whatever else was typed
		return err
	}
	if missing.lines != nil {
		return &missing
	}
	return nil
}

func (c *call) constraintRef(words []string) error {
	if len(words) == 0 {
		return &errUsage{group: "constraint"}
	}
	if _, err := c.open(); err != nil {
		return err
	}
	for _, id := range words {
		c.env.Printf("Resource: %s\n", id)
		var ids []string
		for _, con := range c.constraintsOf(map[string]bool{id: true}) {
			ids = append(ids, con.ID())
		}
		slices.Sort(ids)
		if len(ids) == 0 {
			c.env.Printf("  No Matches.\n")
		}
		for _, i := range ids {
			c.env.Printf("  %s\n", i)
		}
	}
	return nil
}

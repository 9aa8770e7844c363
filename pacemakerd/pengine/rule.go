package pengine

import (
	"cmp"
	"strconv"
	"strings"

	"github.com/gocorosync/gocorosync/pacemakerd/xml"
)

// An evaluation is what a rule can look at. A nil map or pointer means that
// this kind of data is not known where the rule stands, which makes
// expressions on it false.
type evaluation struct {
	attrs  map[string]string // of the node
	role   Role
	agent  *agent
	op     *opIdentity
	params map[string]string // for value-source="param"
	meta   map[string]string // for value-source="meta"
	groups []string          // submatches of rsc-pattern, %0 first
}

type agent struct{ class, provider, kind string }

type opIdentity struct {
	name string
	ms   int64
}

// ruleHolds evaluates a rule with short circuit (spec: scheduler.md 3.2).
func (c *Cluster) ruleHolds(rule *xml.Node, ev *evaluation) bool {
	// A rule may refer to one that contains it.
	c.rules++
	defer func() { c.rules-- }()
	if !c.spend(1+len(rule.Children), "evaluating rules") || !c.fits(c.rules, 0, c.limits.RuleDepth, "rules inside each other") {
		return false
	}
	or := strings.EqualFold(rule.Get("boolean-op"), "or")
	for e := range rule.Each("") {
		var holds bool
		switch e.Name {
		case "rule":
			r := c.referred(e)
			holds = r != nil && c.ruleHolds(r, ev)
		case "expression":
			holds = c.expressionHolds(e, ev)
		case "date_expression":
			holds = c.dateHolds(e)
		case "rsc_expression":
			holds = ev.agent != nil && ev.agent.matches(e)
		case "op_expression":
			holds = ev.op != nil && ev.op.matches(e)
		default:
			continue
		}
		if holds == or {
			return or
		}
	}
	return !or // an empty "and" is true, an empty "or" is not
}

func (a *agent) matches(e *xml.Node) bool {
	if v, ok := e.Lookup("class"); ok && v != a.class {
		return false
	}
	if v := e.Get("provider"); v != a.provider {
		return false
	}
	v, ok := e.Lookup("type")
	return !ok || v == a.kind
}

func (o *opIdentity) matches(e *xml.Node) bool {
	if e.Get("name") != o.name {
		return false
	}
	v, ok := e.Lookup("interval")
	return !ok || interval(v) == o.ms
}

func (c *Cluster) expressionHolds(e *xml.Node, ev *evaluation) bool {
	attr, op := e.Get("attribute"), e.Get("operation")
	if attr == "#role" {
		return roleHolds(ev.role, op, e.Get("value"))
	}
	if ev.attrs == nil {
		return false
	}
	attr = expandGroups(attr, ev.groups)
	left, hasLeft := ev.attrs[attr]
	right, hasRight := e.Lookup("value")
	switch e.Get("value-source") {
	case "param":
		right, hasRight = ev.params[right]
	case "meta":
		right, hasRight = ev.meta[right]
	}
	switch op {
	case "defined":
		return hasLeft
	case "not_defined":
		return !hasLeft
	}
	order := 0
	switch {
	case hasLeft && hasRight:
		order = compareAs(e.Get("type"), op, left, right)
	case hasLeft:
		order = 1
	case hasRight:
		order = -1
	}
	switch op {
	case "eq":
		return order == 0
	case "ne":
		return order != 0
	}
	if !hasLeft || !hasRight {
		return false
	}
	switch op {
	case "lt":
		return order < 0
	case "lte":
		return order <= 0
	case "gt":
		return order > 0
	case "gte":
		return order >= 0
	}
	return false
}

func roleHolds(role Role, op, value string) bool {
	if role == RoleUnknown {
		return false
	}
	switch op {
	case "defined":
		return role > RoleStarted
	case "not_defined":
		return role < RoleUnpromoted
	case "eq":
		return parseRole(value) == role
	case "ne":
		return role >= RoleUnpromoted && parseRole(value) != role
	}
	return false
}

// compareAs compares two attribute values in the way the expression's type
// asks for, or its operation suggests.
func compareAs(kind, op, a, b string) int {
	if kind == "" {
		switch {
		case op == "eq" || op == "ne":
			kind = "string"
		case strings.Contains(a, ".") || strings.Contains(b, "."):
			kind = "number"
		default:
			kind = "integer"
		}
	}
	switch strings.ToLower(kind) {
	case "integer":
		x, ok1 := leadingInt(a)
		y, ok2 := leadingInt(b)
		if ok1 && ok2 {
			return cmp.Compare(x, y)
		}
	case "number":
		x, ok1 := leadingFloat(a)
		y, ok2 := leadingFloat(b)
		if ok1 && ok2 {
			return cmp.Compare(x, y)
		}
	case "version":
		return compareVersions(a, b)
	}
	return strings.Compare(strings.ToLower(a), strings.ToLower(b))
}

func leadingFloat(s string) (float64, bool) {
	s = strings.TrimSpace(s)
	for n := len(s); n > 0; n-- {
		if f, err := strconv.ParseFloat(s[:n], 64); err == nil {
			return f, true
		}
	}
	return 0, false
}

// compareVersions compares dotted numbers; a missing part is less than any.
func compareVersions(a, b string) int {
	x, y := strings.Split(a, "."), strings.Split(b, ".")
	for i := range max(len(x), len(y)) {
		var m, n int64 = -1, -1
		if i < len(x) {
			m, _ = leadingInt(x[i])
		}
		if i < len(y) {
			n, _ = leadingInt(y[i])
		}
		if m != n {
			return cmp.Compare(m, n)
		}
	}
	return 0
}

// expandGroups puts the submatches of a resource pattern in place of %0 to %9.
func expandGroups(s string, groups []string) string {
	if len(groups) == 0 || !strings.Contains(s, "%") {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && i+1 < len(s) && isDigit(s[i+1]) {
			if n := int(s[i+1] - '0'); n < len(groups) {
				b.WriteString(groups[n])
				i++
				continue
			}
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

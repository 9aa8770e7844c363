package rules

import (
	"strings"

	"github.com/gocorosync/gocorosync/pacemakerd/xml"
)

// Facts are what a rule can look at. A nil map or pointer means that this kind
// of data is not known where the rule stands, which makes expressions on it
// false.
type Facts struct {
	Attrs  map[string]string // of the node
	Role   Role
	Agent  *Agent
	Op     *Operation
	Params map[string]string // for value-source="param"
	Meta   map[string]string // for value-source="meta"
	Groups []string          // submatches of rsc-pattern, %0 first
}

// An Agent is what an rsc_expression is about.
type Agent struct{ Class, Provider, Type string }

// An Operation is what an op_expression is about.
type Operation struct {
	Name string
	MS   int64 // its interval
}

// Holds evaluates a rule with short circuit (scheduler.md 3.2).
func (e *Evaluator) Holds(rule *xml.Element, f *Facts) bool {
	done := 0
	return e.holds(rule, f, 1, &done)
}

func (e *Evaluator) holds(rule *xml.Element, f *Facts, depth int, done *int) bool {
	if !e.affords(depth, len(rule.Children), done) {
		return false
	}
	or := strings.EqualFold(rule.Get("boolean-op"), "or")
	for x := range rule.Each("") {
		var holds bool
		switch x.Name {
		case "rule":
			r := e.Referred(x)
			holds = r != nil && e.holds(r, f, depth+1, done)
		case "expression":
			holds = f.expression(x)
		case "date_expression":
			holds = e.date(x)
		case "rsc_expression":
			holds = f.Agent != nil && f.Agent.matches(x)
		case "op_expression":
			holds = f.Op != nil && f.Op.matches(x)
		default:
			continue
		}
		if holds == or {
			return or
		}
	}
	return !or // an empty "and" is true, an empty "or" is not
}

func (a *Agent) matches(e *xml.Element) bool {
	if v, ok := e.Lookup("class"); ok && v != a.Class {
		return false
	}
	if v := e.Get("provider"); v != a.Provider {
		return false
	}
	v, ok := e.Lookup("type")
	return !ok || v == a.Type
}

func (o *Operation) matches(e *xml.Element) bool {
	if e.Get("name") != o.Name {
		return false
	}
	v, ok := e.Lookup("interval")
	return !ok || Interval(v) == o.MS
}

func (f *Facts) expression(e *xml.Element) bool {
	attr, op := e.Get("attribute"), e.Get("operation")
	if attr == "#role" {
		return roleHolds(f.Role, op, e.Get("value"))
	}
	if f.Attrs == nil {
		return false
	}
	attr = f.Expand(attr)
	left, hasLeft := f.Attrs[attr]
	right, hasRight := e.Lookup("value")
	switch e.Get("value-source") {
	case "param":
		right, hasRight = f.Params[right]
	case "meta":
		right, hasRight = f.Meta[right]
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
		return ParseRole(value) == role
	case "ne":
		return role >= RoleUnpromoted && ParseRole(value) != role
	}
	return false
}

// Expand puts the submatches of a resource pattern in place of %0 to %9.
func (f *Facts) Expand(s string) string {
	if len(f.Groups) == 0 || !strings.Contains(s, "%") {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && i+1 < len(s) && isDigit(s[i+1]) {
			if n := int(s[i+1] - '0'); n < len(f.Groups) {
				b.WriteString(f.Groups[n])
				i++
				continue
			}
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

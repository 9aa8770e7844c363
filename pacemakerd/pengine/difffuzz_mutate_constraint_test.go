package pengine_test

import (
	"slices"
	"strconv"

	"github.com/gocorosync/gocorosync/pacemakerd/xml"
)

func (m *mutator) role(of string) string {
	if slices.Contains(m.clones, of) || m.p(0.05) {
		return one(m, []string{"Promoted", "Promoted", "Unpromoted", "Started", "Stopped", "Master", "Slave"})
	}
	return "Started"
}

// set appends a set of resources to a constraint.
func (m *mutator) set(c *xml.Element, n int, attrs func(s *xml.Element, ids []string)) {
	ids := m.several(n)
	s := xml.New("resource_set", "id", m.id("rs"))
	attrs(s, ids)
	for _, id := range ids {
		s.Append(xml.New("resource_ref", "id", id))
	}
	c.Append(s)
}

func (m *mutator) colocate() {
	c := xml.New("rsc_colocation", "id", m.id("col"), "score", m.score())
	if m.p(0.25) {
		for range m.n(1, 3) {
			m.set(c, m.n(1, 3), func(s *xml.Element, ids []string) {
				if m.p(0.4) {
					s.Set("sequential", one(m, []string{"true", "false"}))
				}
				if m.p(0.3) {
					s.Set("role", m.role(ids[0]))
				}
			})
		}
	} else {
		ids := m.several(6)
		if len(ids) < 2 {
			return
		}
		c.Set("rsc", ids[0])
		c.Set("with-rsc", ids[1])
		if m.p(0.3) {
			c.Set("rsc-role", m.role(ids[0]))
		}
		if m.p(0.3) {
			c.Set("with-rsc-role", m.role(ids[1]))
		}
		if m.p(0.1) {
			c.Set("node-attribute", one(m, []string{"rack", "#site-name", "site"}))
		}
		if m.p(0.1) {
			c.Set("influence", one(m, []string{"true", "false"}))
		}
	}
	m.section("configuration", "constraints").Append(c)
}

func (m *mutator) order() {
	c := xml.New("rsc_order", "id", m.id("ord"))
	if m.p(0.5) {
		c.Set("kind", one(m, []string{"Mandatory", "Optional", "Optional", "Serialize"}))
	}
	if m.p(0.15) {
		c.Set("symmetrical", one(m, []string{"true", "false"}))
	}
	if m.p(0.3) {
		for range m.n(1, 3) {
			m.set(c, m.n(1, 3), func(s *xml.Element, ids []string) {
				if m.p(0.4) {
					s.Set("sequential", one(m, []string{"true", "false"}))
				}
				if m.p(0.3) {
					s.Set("require-all", one(m, []string{"true", "false"}))
				}
				if m.p(0.3) {
					s.Set("action", one(m, []string{"start", "stop", "promote", "demote"}))
				}
				if m.p(0.1) {
					s.Set("role", m.role(ids[0]))
				}
			})
		}
	} else {
		ids := m.several(6)
		if len(ids) < 2 {
			return
		}
		c.Set("first", ids[0])
		c.Set("then", ids[1])
		if m.p(0.3) {
			c.Set("first-action", one(m, []string{"start", "stop", "promote", "demote"}))
		}
		if m.p(0.3) {
			c.Set("then-action", one(m, []string{"start", "stop", "promote", "demote"}))
		}
		if m.p(0.1) {
			c.Set("require-all", one(m, []string{"true", "false"}))
		}
	}
	m.section("configuration", "constraints").Append(c)
}

func (m *mutator) rule() *xml.Element {
	r := xml.New("rule", "id", m.id("rule"))
	if m.p(0.3) {
		r.Set("boolean-op", one(m, []string{"and", "or"}))
	}
	for range m.n(1, 2) {
		if m.p(0.3) {
			r.Append(m.date())
			continue
		}
		e := xml.New("expression", "id", m.id("e"), "attribute", one(m, []string{"#uname", "rack", "#kind", "pingd", "#is_dc", "standby", "none"}),
			"operation", one(m, []string{"eq", "ne", "defined", "not_defined", "lt", "gte"}))
		if op := e.Get("operation"); op != "defined" && op != "not_defined" {
			e.Set("value", one(m, append([]string{"r1", "true", "remote", "container", "100"}, m.nodes...)))
		}
		r.Append(e)
	}
	return r
}

func (m *mutator) date() *xml.Element {
	e := xml.New("date_expression", "id", m.id("d"))
	past, future := one(m, []string{"2002-01-01", "1999-12-31 10:00:00"}), one(m, []string{"2033-06-01", "2035-001"})
	switch m.r.IntN(4) {
	case 0:
		e.Set("operation", "in_range")
		e.Set("start", past)
		e.Set("end", one(m, []string{future, past}))
	case 1:
		e.Set("operation", "gt")
		e.Set("start", one(m, []string{future, past}))
	case 2:
		e.Set("operation", "lt")
		e.Set("end", one(m, []string{future, past}))
	case 3:
		e.Set("operation", "date_spec")
		e.Append(xml.New("date_spec", "id", m.id("ds"), one(m, []string{"hours", "weekdays", "months", "monthdays", "years"}), one(m, []string{"1-5", "2", "9-16", "3-", "2005-2024"})))
	}
	return e
}

func (m *mutator) locate() {
	c := xml.New("rsc_location", "id", m.id("loc"))
	if m.p(0.1) {
		c.Set("rsc-pattern", one(m, []string{".*", "^r", "[0-9]$", "!^r"}))
	} else if m.p(0.1) {
		m.set(c, m.n(1, 3), func(*xml.Element, []string) {})
	} else {
		c.Set("rsc", m.resource())
	}
	if m.p(0.3) && !c.Has("rsc-pattern") && len(c.Children) == 0 {
		r := m.rule()
		if m.p(0.2) {
			r.Set("score-attribute", one(m, []string{"pingd", "rack"}))
		} else {
			r.Set("score", m.score())
		}
		if m.p(0.15) {
			r.Set("role", one(m, []string{"Promoted", "Unpromoted"}))
		}
		c.Append(r)
	} else {
		c.Set("node", one(m, m.nodes))
		c.Set("score", m.score())
		if m.p(0.15) {
			c.Set("role", one(m, []string{"Promoted", "Unpromoted", "Started"}))
		}
	}
	if m.p(0.15) {
		c.Set("resource-discovery", one(m, []string{"always", "never", "exclusive"}))
	}
	m.section("configuration", "constraints").Append(c)
}

func (m *mutator) ticket() {
	name := one(m, []string{"ticketA", "ticketB"})
	c := xml.New("rsc_ticket", "id", m.id("tic"), "ticket", name)
	if m.p(0.3) {
		m.set(c, m.n(1, 3), func(s *xml.Element, ids []string) {
			if m.p(0.4) {
				s.Set("role", m.role(ids[0]))
			}
		})
	} else {
		c.Set("rsc", m.resource())
		if m.p(0.4) {
			c.Set("rsc-role", m.role(c.Get("rsc")))
		}
	}
	if m.p(0.8) {
		c.Set("loss-policy", one(m, []string{"stop", "demote", "freeze", "fence"}))
	}
	m.section("configuration", "constraints").Append(c)
	if m.p(0.7) {
		tickets := m.section("status", "tickets")
		if tickets.ByID("ticket_state", name) == nil {
			s := tickets.Append(xml.New("ticket_state", "id", name, "granted", one(m, []string{"true", "true", "false"}), "last-granted", strconv.Itoa(m.clock-100)))
			if m.p(0.3) {
				s.Set("standby", "true")
			}
		}
	}
}

// constraint changes an attribute of a constraint that is there.
func (m *mutator) constraint() {
	c := one(m, m.cons)
	if c == nil {
		return
	}
	switch c.Name {
	case "rsc_colocation":
		switch m.r.IntN(4) {
		case 0:
			c.Set("score", m.score())
		case 1:
			if c.Has("rsc") {
				a, b := c.Get("rsc"), c.Get("with-rsc")
				c.Set("rsc", b)
				c.Set("with-rsc", a)
			}
		case 2:
			if c.Has("rsc") {
				c.Set("with-rsc-role", m.role(c.Get("with-rsc")))
			}
		case 3:
			if c.Has("rsc") {
				c.Set("rsc-role", m.role(c.Get("rsc")))
			}
		}
	case "rsc_order":
		switch m.r.IntN(3) {
		case 0:
			c.Unset("score")
			c.Set("kind", one(m, []string{"Mandatory", "Optional", "Serialize"}))
		case 1:
			c.Set("symmetrical", one(m, []string{"true", "false"}))
		case 2:
			if c.Has("first") {
				c.Set("first-action", one(m, []string{"start", "stop", "promote", "demote"}))
			}
		}
	case "rsc_location":
		if c.Has("score") {
			c.Set("score", m.score())
		}
		if m.p(0.3) && c.Has("node") {
			c.Set("node", one(m, m.nodes))
		}
	case "rsc_ticket":
		c.Set("loss-policy", one(m, []string{"stop", "demote", "freeze", "fence"}))
	}
	if s := c.Child("resource_set"); s != nil && m.p(0.5) {
		s.Set("sequential", one(m, []string{"true", "false"}))
	}
}

func (m *mutator) tag() {
	ids := m.several(m.n(1, 3))
	name := m.id("tag")
	t := xml.New("tag", "id", name)
	for _, id := range ids {
		t.Append(xml.New("obj_ref", "id", id))
	}
	m.section("configuration", "tags").Append(t)
	c := m.section("configuration", "constraints")
	other := m.resource()
	switch m.r.IntN(3) {
	case 0:
		c.Append(xml.New("rsc_location", "id", m.id("loc"), "rsc", name, "node", one(m, m.nodes), "score", m.score()))
	case 1:
		c.Append(xml.New("rsc_colocation", "id", m.id("col"), "rsc", name, "with-rsc", other, "score", m.score()))
	case 2:
		c.Append(xml.New("rsc_order", "id", m.id("ord"), "first", other, "then", name))
	}
}

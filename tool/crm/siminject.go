package crm

import (
	"fmt"
	"strings"

	"github.com/gocorosync/gocorosync/conf"
	"github.com/gocorosync/gocorosync/pacemakerd/pengine"
	"github.com/gocorosync/gocorosync/pacemakerd/xml"
)

// modified tells whether any change of the input was asked for. 2.1.5 takes
// notice of a quorum only if there is another one.
func (s *simulation) modified() bool {
	return s.quorum != "" && s.env.Profile != conf.EL9 || s.watchdog != "" || len(s.up)+len(s.down)+len(s.fail)+len(s.inject)+len(s.grant)+len(s.revoke)+len(s.standby)+len(s.activate) > 0
}

// modify changes the input as asked for, telling what it does.
func (s *simulation) modify(cib *xml.Node, say func(format string, args ...any)) error {
	if s.quorum != "" {
		say("Setting quorum: %s", s.quorum)
		cib.Set("have-quorum", s.quorum)
	}
	if s.watchdog != "" {
		say("Setting watchdog: %s", s.watchdog)
		config := cib.Ensure("configuration").Ensure("crm_config")
		setOption(config, "have-watchdog", s.watchdog)
	}
	for _, x := range []struct {
		nodes []string
		say   string
		to    func(*xml.Node)
	}{
		{s.up, "Bringing node %s online", pengine.SetOnline},
		{s.down, "Taking node %s offline", pengine.SetOffline},
		{s.fail, "Failing node %s", func(e *xml.Node) { e.Set("in_ccm", "false") }},
	} {
		for _, name := range x.nodes {
			say(x.say, name)
			e := simNodeState(cib, name)
			x.to(e)
			if x.say[0] == 'T' {
				for i := len(e.Children) - 1; i >= 0; i-- {
					e.Children[i].Remove()
				}
			}
		}
	}
	for _, x := range []struct {
		tickets          []string
		say, name, value string
	}{
		{s.grant, "Granting ticket %s", "granted", "true"},
		{s.revoke, "Revoking ticket %s", "granted", "false"},
		{s.standby, "Making ticket %s standby", "standby", "true"},
		{s.activate, "Activating ticket %s", "standby", "false"},
	} {
		for _, id := range x.tickets {
			say(x.say, id)
			tickets := cib.Ensure("status").Ensure("tickets")
			var t *xml.Node
			for e := range tickets.Each("ticket_state") {
				if e.ID() == id {
					t = e
				}
			}
			if t == nil {
				t = tickets.Append(xml.New("ticket_state", "id", id))
			}
			t.Set(x.name, x.value)
		}
	}
	for _, spec := range s.inject {
		say("Injecting %s into the configuration", spec)
		if err := s.injectOp(cib, spec, say); err != nil {
			return err
		}
	}
	return nil
}

func setOption(config *xml.Node, name, value string) {
	for set := range config.Each("cluster_property_set") {
		for p := range set.Each("nvpair") {
			if p.Get("name") == name {
				p.Set("value", value)
				return
			}
		}
	}
	set := config.Child("cluster_property_set")
	if set == nil {
		set = config.Append(xml.New("cluster_property_set", "id", "cib-bootstrap-options"))
	}
	set.Append(xml.New("nvpair", "id", set.ID()+"-"+name, "name", name, "value", value))
}

func simNodeState(cib *xml.Node, name string) *xml.Node {
	st := cib.Ensure("status")
	for e := range st.Each("node_state") {
		if strings.EqualFold(e.Get("uname"), name) {
			return e
		}
	}
	id := name
	for e := range cib.Descend("configuration", "nodes").Each("node") {
		if strings.EqualFold(e.Get("uname"), name) {
			id = e.ID()
		}
	}
	return st.Append(xml.New("node_state", "id", id, "uname", name))
}

// injectOp adds a result to a resource's history.
func (s *simulation) injectOp(cib *xml.Node, spec string, say func(format string, args ...any)) error {
	key, node, rc, err := parseOpSpec(spec)
	if err != nil {
		return err
	}
	c, err := pengine.Status(cib, s.options())
	if err != nil {
		return err
	}
	h, err := c.Inject(cib, key, node, rc, s.when)
	if err != nil {
		return fmt.Errorf("%q: %w", spec, err)
	}
	for _, line := range h {
		say("%s", line)
	}
	return nil
}

package crm

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/gocorosync/gocorosync/pacemakerd/pengine"
	"github.com/gocorosync/gocorosync/pacemakerd/pengine/simulate"
	"github.com/gocorosync/gocorosync/pacemakerd/status"
	"github.com/gocorosync/gocorosync/pacemakerd/xml"
)

// toModify tells whether any change of the input was asked for. 2.1.5 takes
// notice of a quorum only if there is another one.
func (s *simulation) toModify() bool {
	return s.quorum != "" && s.gen.simulate.quorumCounts || s.watchdog != "" || len(s.up)+len(s.down)+len(s.fail)+len(s.inject)+len(s.grant)+len(s.revoke)+len(s.standby)+len(s.activate) > 0
}

// modify changes the input as asked for, telling what it does.
func (s *simulation) modify(cib *xml.Element, say func(status.Modification)) error {
	if s.quorum != "" {
		say(status.Modification{Text: "Setting quorum: " + s.quorum, XML: xml.New("", "quorum", s.quorum)})
		cib.Set("have-quorum", s.quorum)
	}
	if s.watchdog != "" {
		say(status.Modification{Text: "Setting watchdog: " + s.watchdog, XML: xml.New("", "watchdog", s.watchdog)})
		config := cib.Ensure("configuration").Ensure("crm_config")
		setOption(config, "have-watchdog", s.watchdog)
		epoch, _ := strconv.Atoi(cib.Get("epoch")) // the configuration has changed
		cib.Set("epoch", strconv.Itoa(epoch+1))
		cib.Set("num_updates", "0")
	}
	for _, x := range []struct {
		nodes       []string
		say, action string
		to          func(*xml.Element)
	}{
		{s.up, "Bringing node %s online", "Online", simulate.SetOnline},
		{s.down, "Taking node %s offline", "Offline", simulate.SetOffline},
		{s.fail, "Failing node %s", "Failing", func(e *xml.Element) { e.Set("in_ccm", "false") }},
	} {
		for _, name := range x.nodes {
			say(status.Modification{Text: fmt.Sprintf(x.say, name), XML: xml.New("modify_node", "action", x.action, "node", name)})
			e := simNodeState(cib, name)
			simulate.Updated(cib)
			x.to(e)
			if x.say[0] == 'T' {
				for i := len(e.Children) - 1; i >= 0; i-- {
					e.Children[i].Remove()
				}
			}
		}
	}
	for _, x := range []struct {
		tickets                  []string
		say, action, name, value string
	}{
		{s.grant, "Granting ticket %s", "Granting", "granted", "true"},
		{s.revoke, "Revoking ticket %s", "Revoking", "granted", "false"},
		{s.standby, "Making ticket %s standby", "Standby", "standby", "true"},
		{s.activate, "Activating ticket %s", "Activating", "standby", "false"},
	} {
		for _, id := range x.tickets {
			say(status.Modification{Text: fmt.Sprintf(x.say, id), XML: xml.New("modify_ticket", "action", x.action, "ticket", id)})
			tickets := cib.Ensure("status").Ensure("tickets")
			var t *xml.Element
			for e := range tickets.Each("ticket_state") {
				if e.ID() == id {
					t = e
				}
			}
			if t == nil {
				t = tickets.Append(xml.New("ticket_state", "id", id))
			}
			t.Set(x.name, x.value)
			simulate.Updated(cib)
		}
	}
	for _, spec := range s.inject {
		say(status.Modification{Text: "Injecting " + spec + " into the configuration", XML: xml.New("inject_spec", "spec", spec)})
		if err := s.injectOp(cib, spec, say); err != nil {
			return err
		}
	}
	return nil
}

func setOption(config *xml.Element, name, value string) {
	for set := range config.Each("cluster_property_set") {
		for p := range set.Each("nvpair") {
			if p.Get("name") == name {
				p.Set("value", value)
				return
			}
		}
	}
	const bootstrap = "cib-bootstrap-options"
	var set *xml.Element
	for e := range config.Each("cluster_property_set") {
		if e.ID() == bootstrap {
			set = e
		}
	}
	if set == nil {
		set = config.Append(xml.New("cluster_property_set", "id", bootstrap))
	}
	set.Append(xml.New("nvpair", "id", set.ID()+"-"+name, "name", name, "value", value))
}

func simNodeState(cib *xml.Element, name string) *xml.Element {
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
func (s *simulation) injectOp(cib *xml.Element, spec string, say func(status.Modification)) error {
	key, node, rc, err := parseOpSpec(spec)
	if err != nil {
		return err
	}
	c, err := pengine.Status(cib, s.options())
	if err != nil {
		return err
	}
	set, err := simulate.Inject(c, cib, key, node, rc, s.when)
	if errors.Is(err, simulate.ErrNoResource) { // the rest goes on
		text := err.Error()
		s.env.Errorf("%s\n", strings.ToUpper(text[:1])+text[1:])
		return nil
	}
	if err != nil {
		return fmt.Errorf("%q: %w", spec, err)
	}
	for _, a := range set {
		say(status.Injected(a))
	}
	return nil
}

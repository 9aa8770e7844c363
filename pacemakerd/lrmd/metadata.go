package lrmd

import (
	"fmt"

	"github.com/gocorosync/gocorosync/pacemakerd/xml"
)

// Metadata is what an agent says of itself.
type Metadata struct {
	Name, Version string
	ShortDesc     string
	LongDesc      string
	Params        []Param
	Actions       []ActionInfo
}

// A Param is one parameter of an agent.
type Param struct {
	Name       string
	Required   bool
	Unique     bool // changing it makes another resource
	Reloadable bool
	Private    bool
	Deprecated bool
	Obsoletes  string
	Type       string // string, integer, boolean, select, time, ...
	Default    string
	HasDefault bool
	ShortDesc  string
	LongDesc   string
	Values     []string // of a select
}

// ActionInfo is one action of an agent. Times are texts as the agent has them.
type ActionInfo struct {
	Name, Role, Timeout, Interval, Depth, StartDelay string
	Automatic, OnTarget, Required                    bool
	Attrs                                            []xml.Attr
}

// ParseMetadata reads the XML that an agent prints for meta-data.
func ParseMetadata(b []byte) (*Metadata, error) {
	n, err := xml.Parse(b)
	if err != nil {
		return nil, fmt.Errorf("meta-data: %w", err)
	}
	if n.Name != "resource-agent" {
		return nil, fmt.Errorf("meta-data: the root element is <%s>, not <resource-agent>", n.Name)
	}
	m := &Metadata{Name: n.Get("name"), Version: n.Get("version"), ShortDesc: text(n.Child("shortdesc")), LongDesc: text(n.Child("longdesc"))}
	if m.ShortDesc == "" {
		m.ShortDesc = n.Get("shortdesc")
	}
	for p := range n.Child("parameters").Each("parameter") {
		c := p.Child("content")
		def, has := c.Lookup("default")
		param := Param{
			Name: p.Get("name"), Required: yes(p.Get("required")), Unique: yes(p.Get("unique")),
			Reloadable: yes(p.Get("reloadable")), Private: yes(p.Get("private")), Deprecated: yes(p.Get("deprecated")) || p.Child("deprecated") != nil,
			Obsoletes: p.Get("obsoletes"), Type: c.Get("type"), Default: def, HasDefault: has,
			ShortDesc: text(p.Child("shortdesc")), LongDesc: text(p.Child("longdesc")),
		}
		if p.Get("unique-group") != "" {
			param.Unique = true
		}
		for o := range c.Each("option") {
			param.Values = append(param.Values, o.Get("value"))
		}
		m.Params = append(m.Params, param)
	}
	for a := range n.Child("actions").Each("action") {
		m.Actions = append(m.Actions, ActionInfo{
			Name: a.Get("name"), Role: a.Get("role"), Timeout: a.Get("timeout"), Interval: a.Get("interval"),
			Depth: a.Get("depth"), StartDelay: a.Get("start-delay"), Automatic: yes(a.Get("automatic")),
			OnTarget: yes(a.Get("on_target")), Required: yes(a.Get("required")), Attrs: a.Attrs,
		})
	}
	return m, nil
}

func text(n *xml.Element) string {
	if n == nil {
		return ""
	}
	return n.Text
}

func yes(s string) bool { return s == "1" || s == "true" || s == "yes" }

// Supports tells whether the agent has an action.
func (m *Metadata) Supports(action string) bool {
	for _, a := range m.Actions {
		if a.Name == action {
			return true
		}
	}
	return false
}

// Param returns a parameter by name, nil if the agent has none such.
func (m *Metadata) Param(name string) *Param {
	for i := range m.Params {
		if m.Params[i].Name == name {
			return &m.Params[i]
		}
	}
	return nil
}

package schema

import "github.com/gocorosync/gocorosync/pacemakerd/xml"

// modernise brings a document of a 2.x schema to 3.0: what the newer schemas
// do not have any more moves to where it belongs now.
func modernise(doc *xml.Node) {
	conf := doc.Child("configuration")
	if conf == nil {
		return
	}
	var walk func(n *xml.Node)
	walk = func(n *xml.Node) {
		switch n.Name {
		case "op":
			n.Unset("requires")
		case "node":
			if n.Get("type") == "normal" {
				n.Set("type", "member")
			}
		case "rsc_colocation":
			n.Unset("score-attribute")
			n.Unset("score-attribute-mangle")
		}
		for _, k := range n.Children {
			walk(k)
		}
	}
	walk(conf)
	moveDefault(conf, "default-resource-stickiness", "resource-stickiness")
	moveDefault(conf, "is-managed-default", "is-managed")
}

// moveDefault moves a cluster option that was a default for resources under
// rsc_defaults, unless there is one already.
func moveDefault(conf *xml.Node, option, meta string) {
	config := conf.Child("crm_config")
	if config == nil {
		return
	}
	for set := range config.Each("cluster_property_set") {
		for _, nv := range append([]*xml.Node(nil), set.Children...) {
			if nv.Name != "nvpair" || nv.Get("name") != option {
				continue
			}
			nv.Remove()
			defaults := conf.Ensure("rsc_defaults")
			there := false
			for m := range defaults.Each("meta_attributes") {
				for p := range m.Each("nvpair") {
					there = there || p.Get("name") == meta
				}
			}
			if there {
				continue
			}
			m := defaults.Child("meta_attributes")
			if m == nil || m.Get("id") == "" {
				m = xml.New("meta_attributes", "id", "rsc-options-"+nv.Get("id"))
				defaults.Append(m)
			}
			nv.Set("name", meta)
			m.Append(nv)
		}
	}
}

package pcs

import (
	"slices"

	"github.com/gocorosync/gocorosync/pacemakerd/xml"
	"github.com/gocorosync/gocorosync/tool"
)

func (c *call) resourceDefaults(words []string) error {
	return c.defaults("rsc_defaults", "rsc_defaults-options", words, metaNames)
}

func (c *call) resourceOp(words []string) error {
	if len(words) == 0 || words[0] != "defaults" {
		return &errUsage{group: "resource"}
	}
	return c.defaults("op_defaults", "op_defaults-options", words[1:], opOptions)
}

// defaults lists or sets the defaults of resources or operations.
func (c *call) defaults(section, id string, words []string, known []string) error {
	if len(words) > 0 && words[0] == "update" { // 0.11
		words = words[1:]
	}
	conf, err := c.section(section)
	if err != nil {
		return err
	}
	if len(words) == 0 {
		none := true
		for set := range conf.Each("meta_attributes") {
			for nv := range set.Each("nvpair") {
				c.env.Printf("%s=%s\n", nv.Get("name"), nv.Get("value"))
				none = false
			}
		}
		if none {
			c.env.Printf("No defaults set\n")
		}
		return nil
	}
	list, err := pairs(words)
	if err != nil {
		return err
	}
	c.env.Printf("Warning: Defaults do not apply to resources which override them with their own defined values\n")
	for _, p := range list {
		if !slices.Contains(known, p.name) {
			if s := tool.Suggest(p.name, known); s != "" {
				c.env.Errorf("Warning: '%s' is not a known resource option; did you mean %s?\n", p.name, s)
			}
		}
	}
	set := conf.Child("meta_attributes")
	if set == nil {
		set = conf.Append(xml.New("meta_attributes", "id", uniqueID(conf, id)))
	}
	setPairs(set, list)
	if set.Child("nvpair") == nil {
		set.Remove()
	}
	return c.push()
}

package pcs

import (
	"fmt"
	"slices"

	"github.com/gocorosync/gocorosync/conf"
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
	all, err := c.section(section)
	if err != nil {
		return err
	}
	if len(words) == 0 {
		none := true
		for set := range all.Each("meta_attributes") {
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
	w := c.env.Stdout
	if c.env.Profile == conf.EL9 {
		w, id = c.env.Stderr, section+"-meta_attributes"
	}
	fmt.Fprintln(w, "Warning: Defaults do not apply to resources which override them with their own defined values")
	for _, p := range list {
		if !slices.Contains(known, p.name) {
			if s := tool.Suggest(p.name, known); s != "" {
				c.env.Errorf("Warning: '%s' is not a known resource option; did you mean %s?\n", p.name, s)
			}
		}
	}
	set := all.Child("meta_attributes")
	if set == nil {
		set = all.Append(xml.New("meta_attributes", "id", uniqueID(all, id)))
	}
	setPairs(set, list)
	if set.Child("nvpair") == nil {
		set.Remove()
	}
	return c.push()
}

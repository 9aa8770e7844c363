package pcs

import (
	"slices"
	"strings"

	"github.com/gocorosync/gocorosync/conf"
	"github.com/gocorosync/gocorosync/pacemakerd/lrmd"
)

func stonithCommands() []command {
	return []command{
		{"show", (*call).stonithShow, "show [stonith id] [--full]", "Show all currently configured stonith devices or if a stonith id is specified\nshow the options for the configured stonith device."},
		{"config", (*call).stonithConfig, "config [<stonith id>]...", "Show options of all currently configured stonith devices or of the ones listed."},
		{"status", (*call).stonithShow, "", ""},
		{"list", (*call).stonithList, "list [filter] [--nodesc]", "Show list of all available stonith agents."},
		{"describe", (*call).stonithDescribe, "describe <stonith agent> [--full]", "Show options for specified stonith agent."},
		{"create", (*call).stonithCreate, "create <stonith id> <stonith device type> [stonith device options] [op <operation action> <operation options> ...]\n[meta <meta options>...]", "Create stonith device with specified type and options."},
		{"update", (*call).resourceUpdate, "update <stonith id> [stonith device options]", "Add/Change options to specified stonith id."},
		{"delete", (*call).resourceDelete, "delete <stonith id>", "Remove stonith id from configuration."},
		{"remove", (*call).resourceDelete, "", ""},
		{"enable", (*call).resourceEnable, "", ""},
		{"disable", (*call).resourceDisable, "", ""},
	}
}

func (c *call) stonithShow(words []string) error {
	if len(words) > 0 || c.opt.full {
		return c.stonithConfig(words)
	}
	return c.showList(true)
}

func (c *call) stonithConfig(words []string) error {
	resources, err := c.section("resources")
	if err != nil {
		return err
	}
	if len(words) > 0 {
		return c.resourceConfig(words)
	}
	for n := range resources.Walk() {
		if n.Name == "primitive" && n.Get("class") == "stonith" {
			c.showOne(n, 1)
		}
	}
	return nil
}

func (c *call) stonithList(words []string) error {
	r := c.runner()
	for _, a := range r.Agents("stonith", "") {
		if len(words) > 0 && !strings.Contains(a, words[0]) {
			continue
		}
		desc := ""
		if !c.opt.noDesc {
			if m, err := r.Metadata(c.ctx, lrmd.Agent{Class: "stonith", Type: a}); err == nil && m.ShortDesc != "" {
				desc = " - " + m.ShortDesc
			}
		}
		c.env.Printf("%s%s\n", a, desc)
	}
	return nil
}

func (c *call) stonithDescribe(words []string) error {
	if len(words) != 1 {
		return &errUsage{group: "stonith"}
	}
	m, err := c.metadata(lrmd.Agent{Class: "stonith", Type: words[0]})
	if err != nil {
		return err
	}
	c.describe(words[0], m, "Stonith options:")
	return nil
}

// stonithCreate is resource create for class stonith: a fence device has only
// a monitor by itself, and parameters of the fencer beside its agent's.
func (c *call) stonithCreate(words []string) error {
	if len(words) < 2 {
		return &errUsage{group: "stonith"}
	}
	id, name := words[0], words[1]
	d, err := c.readDefinition(words[2:])
	if err != nil {
		return err
	}
	resources, err := c.section("resources")
	if err != nil {
		return err
	}
	if resources.Parent.First("//*[@id='"+id+"']") != nil {
		return failf("'%s' already exists", id)
	}
	if msg := invalidID(id, "stonith name"); msg != "" {
		return failf("%s", msg)
	}
	meta, err := c.metadata(lrmd.Agent{Class: "stonith", Type: name})
	if err != nil {
		if !c.opt.force {
			return failf("Agent '%s' is not installed or does not provide valid metadata: %v, use --force to override", name, err)
		}
		meta = &lrmd.Metadata{}
	} else {
		known := *meta
		for _, p := range []string{"pcmk_host_argument", "pcmk_host_map", "pcmk_host_list", "pcmk_host_check", "pcmk_delay_max", "pcmk_delay_base",
			"pcmk_action_limit", "priority", "pcmk_arg_map"} {
			known.Params = append(known.Params, lrmd.Param{Name: p})
		}
		for _, a := range []string{"reboot", "off", "on", "list", "monitor", "status"} {
			for _, what := range []string{"action", "timeout", "retries"} {
				known.Params = append(known.Params, lrmd.Param{Name: "pcmk_" + a + "_" + what})
			}
		}
		if v := slices.IndexFunc(d.params, func(p pair) bool { return p.name == "action" }); v >= 0 {
			// The device would do that for whatever it is asked.
			instead := "pcmk_off_action, pcmk_reboot_action"
			if c.env.Profile == conf.EL9 {
				instead = "'pcmk_off_action', 'pcmk_reboot_action'"
			}
			const old = "stonith option 'action' is deprecated and should not be used, use "
			if !c.opt.force {
				f := failf("%s%s instead, use --force to override", old, instead)
				if c.env.Profile == conf.EL9 {
					f = f.all()
				}
				return f
			}
			c.env.Errorf("Warning: %s%s instead\n", old, instead)
		}
		given := map[string]bool{}
		for _, p := range d.params {
			given[p.name] = true
		}
		for i := range known.Params { // the fencer gives these, or another name for them was typed
			p := &known.Params[i]
			if p.Name == "action" || p.Name == "port" || p.Name == "plug" || p.Obsoletes != "" && given[p.Obsoletes] {
				p.Required = false
			}
		}
		if err := c.checkParams(&known, d.params, true); err != nil {
			if f, ok := err.(*failure); ok {
				for i := range f.lines {
					f.lines[i] = strings.Replace(f.lines[i], "resource option", "stonith option", 1)
				}
			}
			return err
		}
	}
	if err := c.filled(d.params); err != nil {
		return err
	}
	for _, p := range d.params {
		if p.name == "pcmk_host_list" && len(strings.FieldsFunc(p.value, func(r rune) bool { return r == ' ' || r == ',' })) > 1 && strings.HasPrefix(name, "fence_ipmi") {
			c.env.Errorf("Hint: one IPMI address can power off only one machine; create one device per node\n")
		}
	}
	p := resources.Append(newPrimitive(id, lrmd.Agent{Class: "stonith", Type: name}))
	if len(d.params) > 0 {
		setPairs(nvset(p, "instance_attributes", true), d.params)
	}
	if len(d.meta) > 0 {
		setPairs(nvset(p, "meta_attributes", true), d.meta)
	}
	var monitors lrmd.Metadata
	for _, a := range meta.Actions {
		if a.Name == "monitor" {
			monitors.Actions = append(monitors.Actions, a)
		}
	}
	addOps(p, &monitors, d.ops)
	return c.push()
}

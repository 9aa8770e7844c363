package pcs

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/gocorosync/gocorosync/ipc"
	"github.com/gocorosync/gocorosync/pacemakerd/cib"
	"github.com/gocorosync/gocorosync/pacemakerd/rules"
	"github.com/gocorosync/gocorosync/tool/crm"
)

func statusCommands() []command {
	return []command{
		{"status", (*call).status, "[status] [--full] [--hide-inactive]", "View all information about the cluster and resources."},
		{"resources", (*call).resourceShow, "resources [<resource id> | --full | --groups | --hide-inactive]", "Show all currently configured resources."},
		{"cluster", (*call).clusterStatus, "cluster", "View current cluster status."},
		{"xml", func(c *call, _ []string) error {
			out, _ := c.mon("--one-shot", "--inactive", "--as-xml")
			c.env.Printf("%s", out)
			return nil
		}, "xml", "View xml version of status (output from crm_mon -r -1 -X)."},
	}
}

func configCommands() []command {
	return []command{{"show", func(c *call, _ []string) error {
		if err := c.clusterName(); err != nil {
			return err
		}
		c.env.Printf("\nResources:\n")
		if err := c.resourceConfig(nil); err != nil {
			return err
		}
		c.env.Printf("\n")
		c.opt.full = true
		if err := c.constraintList(nil); err != nil {
			return err
		}
		c.env.Printf("\n")
		return c.propertyShow(nil)
	}, "[show]", "View full cluster configuration."}}
}

// errStopped is what pcs says where no cluster runs.
func errStopped() *failure {
	return failf("cluster is not currently running on this node").hint("ask another node, or start this one: 'pcs cluster start'")
}

func (c *call) clusterName() error {
	doc, err := c.open()
	if err != nil {
		return err
	}
	name := ""
	for nv := range doc.Descend("configuration", "crm_config").Walk() {
		if nv.Get("name") == "cluster-name" {
			name = nv.Get("value")
		}
	}
	c.env.Printf("Cluster name: %s\n", name)
	return nil
}

func (c *call) status(words []string) error {
	if _, err := c.open(); err != nil {
		if errors.Is(err, errNoCIB) {
			return errStopped()
		}
		return err
	}
	args := []string{"--one-shot"}
	if !c.opt.hideInactive {
		args = append(args, "--inactive")
	}
	if c.opt.full {
		args = append(args, "--show-detail", "--show-node-attributes", "--failcounts")
	}
	out, status := c.mon(args...)
	if status != 0 {
		return errStopped()
	}
	if err := c.clusterName(); err != nil {
		return err
	}
	if w := c.warnings(); len(w) > 0 {
		c.env.Printf("\nWARNINGS:\n%s\n\n", strings.Join(w, "\n"))
	}
	c.env.Printf("%s\n", strings.TrimRight(out, "\n"))
	if strings.HasSuffix(strings.TrimRight(out, "\n"), "No resources") {
		c.env.Printf("\n")
	}
	if c.cib.live != nil {
		c.env.Printf("\nDaemon Status:\n")
		for _, d := range []string{"corosync", "pacemaker", "pcsd"} {
			c.env.Printf("  %s: %s\n", d, c.daemonState(d))
		}
	}
	return nil
}

func (c *call) warnings() []string {
	w := c.unsaved()
	conf := c.cib.doc.Child("configuration")
	stonith := true
	for nv := range conf.Child("crm_config").Walk() {
		if nv.Get("name") == "stonith-enabled" {
			stonith = rules.IsTrue(nv.Get("value"))
		}
	}
	for p := range conf.Child("resources").Walk() {
		if p.Name == "primitive" && p.Get("class") == "stonith" {
			return w
		}
	}
	if stonith {
		w = append(w, "No stonith devices and stonith-enabled is not false")
	}
	return w
}

// unsaved names the nodes whose disk does not hold the configuration in force.
func (c *call) unsaved() (w []string) {
	for state := range c.cib.doc.Child("status").Each("node_state") {
		for nv := range state.Child("transient_attributes").Walk() {
			if nv.Name == "nvpair" && nv.Get("name") == cib.UnsavedAttribute {
				w = append(w, state.Get("uname")+" cannot write the configuration to its disk: "+nv.Get("value"))
			}
		}
	}
	return w
}

// daemonState is "active/enabled" and the like: from systemd, or, where it is
// not in charge, from whether the daemon answers.
func (c *call) daemonState(name string) string {
	active, enabled := "inactive", "disabled"
	if _, err := os.Stat("/run/systemd/system"); err == nil {
		if out, _ := exec.CommandContext(c.ctx, "systemctl", "is-active", name).Output(); len(out) > 0 {
			active = string(bytes.TrimSpace(out))
		}
		if out, _ := exec.CommandContext(c.ctx, "systemctl", "is-enabled", name).Output(); len(out) > 0 {
			enabled = string(bytes.TrimSpace(out))
		}
		return active + "/" + enabled
	}
	endpoint := map[string]string{"corosync": "cfg", "pacemaker": "pacemakerd"}[name]
	if endpoint != "" {
		ctx, cancel := context.WithTimeout(c.ctx, time.Second)
		defer cancel()
		if conn, err := ipc.Dial(ctx, endpoint, ipc.DialOptions{Users: []string{"hacluster"}}); err == nil {
			conn.Close()
			active = "active"
		}
	}
	return active + "/" + enabled
}

func (c *call) clusterStatus([]string) error {
	if _, err := c.open(); err != nil {
		if errors.Is(err, errNoCIB) {
			return errStopped()
		}
		return err
	}
	out, status := c.mon("--one-shot", "--inactive")
	if status != 0 {
		return errStopped()
	}
	c.env.Printf("Cluster Status:\n")
	for line := range strings.Lines(out) {
		line = strings.TrimRight(line, "\n")
		if strings.HasPrefix(line, "Online:") || strings.HasPrefix(line, "Full list") || strings.HasPrefix(line, "No resources") {
			break
		}
		if line != "" {
			line = " " + line
		}
		c.env.Printf("%s\n", line)
	}
	return nil
}

func (c *call) clusterVerify(words []string) error {
	env := *c.env
	env.Name, env.Args = "crm_verify", []string{"-L"}
	if c.opt.file != "" {
		env.Args = []string{"-x", c.opt.file}
	}
	for _, w := range words {
		env.Args = []string{"-x", w}
	}
	if c.opt.full {
		env.Args = append(env.Args, "-V")
	}
	if status := crm.Verify(c.ctx, &env); status != 0 {
		return &failure{}
	}
	return nil
}

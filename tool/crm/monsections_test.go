package crm

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gocorosync/gocorosync/captures"
	"github.com/gocorosync/gocorosync/conf"
	"github.com/gocorosync/gocorosync/pacemakerd/status"
	"github.com/gocorosync/gocorosync/tool"
	"github.com/gocorosync/gocorosync/tool/option"
)

// TestSections9 asks for parts of the text of 2.1.5, with constraints added to
// a recorded CIB; what is wanted is what the real one prints.
func TestSections9(t *testing.T) {
	b := captures.Read(t, "crm", "cibs/live-el9/s05-monitor-failed.xml")
	const bans = `<rsc_location id="cli-ban-d1" rsc="d1" role="Started" node="node1" score="-INFINITY"/>` +
		`<rsc_location id="m-ban" rsc="ms" role="Promoted" node="node3" score="-INFINITY"/>`
	text := strings.Replace(string(b), "</constraints>", bans+"</constraints>", 1)
	if text == string(b) {
		text = strings.Replace(text, "<constraints/>", "<constraints>"+bans+"</constraints>", 1)
	}
	file := filepath.Join(t.TempDir(), "cib.xml")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	const nodes = "Node List:\n  * Online: [ node1 node2 node3 ]\n"
	const history = "    * d1: migration-threshold=1000000 fail-count=1 last-failure='"
	for _, tc := range []struct{ args, want, holds string }{
		{"--include=none,nodes", nodes, ""},
		{"-o --include=none,nodes", nodes, ""},
		{"-L --include=none,bans:cli", "Negative Location Constraints:\n  * cli-ban-d1\tprevents d1 from running on node1\n", ""},
		{"--exclude=all -Lm-b", "Negative Location Constraints:\n  * m-ban\tprevents ms from running in Promoted role on node3\n", ""},
		{"--exclude=all -L -m3", "Negative Location Constraints:\n  * m-ban\tprevents ms from running in Promoted role on node3\n  * cli-ban-d1\tprevents d1 from running on node1\n", ""},
		{"--include=none,options", "Cluster Summary:\n  * STONITH of failed nodes disabled\n  * Cluster is symmetric\n  * No quorum policy: Stop ALL resources\n", ""},
		{"--include=none -o", "", history},
		{"--include=none -o", "", "      * (50) start\n      * (51) monitor: interval=\"10000ms\"\n"},
		{"--include=none -t", "", "exec-time=\"12ms\" queue-time=\"0ms\" rc=0 (ok)\n"},
		{"--include=none,resources -b -r", "", "Full List of Resources:\n  * 1/2\t(ocf:pacemaker:Dummy):\tActive node1\n  * 1/2\t(ocf:pacemaker:Dummy):\tActive node2\n"},
		{"--include=none,resources -b", "", "  * Resource Group: g1:\n    * 2/2\t(ocf:pacemaker:Dummy):\tActive node3\n"},
		{"--include=none,nodes -b -n", "", "  * Node node1: online:\n    * Resources:\n      * 2\t(ocf:pacemaker:Dummy):\tActive \n"},
	} {
		var out, errs bytes.Buffer
		env := &tool.Env{Name: "crm_mon", Args: append([]string{"-1", "-x", file}, strings.Fields(tc.args)...), Profile: conf.EL9, Stdout: &out, Stderr: &errs}
		if code := Mon(context.Background(), env); code != 0 || errs.Len() > 0 {
			t.Errorf("%s: exit %d, %s", tc.args, code, errs.String())
		}
		if got := out.String(); tc.holds == "" && got != tc.want || !strings.Contains(got, tc.holds) {
			t.Errorf("%s:\n%s", tc.args, got)
		}
	}
	var out, errs bytes.Buffer
	env := &tool.Env{Name: "crm_mon", Args: []string{"-1", "-x", file, "--include=nodes,bogus"}, Profile: conf.EL9, Stdout: &out, Stderr: &errs}
	if code := Mon(context.Background(), env); code != exitUsage2 || !strings.HasPrefix(errs.String(), "crm_mon: --include options: all, attributes, bans[:PREFIX], ") {
		t.Errorf("exit %d, %s", code, errs.String())
	}
}

// TestOptionalArguments: -L and -m of 2.1.5 may have an argument; 1.1.20 has
// none, and to it what is behind the letter is more letters.
func TestOptionalArguments(t *testing.T) {
	for _, tt := range []struct {
		args     string
		p        conf.Profile
		prefix   string
		bans     bool
		inactive bool
		err      string
	}{
		{args: "-L", p: conf.EL9, bans: true},
		{args: "-L cli", p: conf.EL9, bans: true, prefix: "cli"},
		{args: "-L -r", p: conf.EL9, bans: true, inactive: true},
		{args: "-rL cli", p: conf.EL9, bans: true, inactive: true, prefix: "cli"},
		{args: "-Lcli-", p: conf.EL9, bans: true, prefix: "cli-"},
		{args: "-Lr", p: conf.EL9, bans: true, prefix: "r"},
		{args: "-Lx -L", p: conf.EL9, bans: true, prefix: "x"},
		{args: "--neg-locations=cli-", p: conf.EL9, bans: true, prefix: "cli-"},
		{args: "--neg-locations -r", p: conf.EL9, bans: true, inactive: true},
		{args: "-m -m2 --fence-history=3 -r", p: conf.EL9, inactive: true},
		{args: "-rm", p: conf.EL9, inactive: true},
		{args: "-m9", p: conf.EL9, err: "Fence history must be 0-3"},
		{args: "-Lr", p: conf.EL7, bans: true, inactive: true},
		{args: "-Ly", p: conf.EL7, bans: true, err: "invalid option -- 'y'"},
		{args: "--neg-locations=cli-", p: conf.EL7, err: "option '--neg-locations' doesn't allow an argument"},
	} {
		m := new(monitor)
		table := m.table()
		if tt.p == conf.EL9 {
			table.Dialect = option.GLib
		}
		_, err := table.Read(tt.p, strings.Fields(tt.args))
		text := ""
		if err != nil {
			text = err.Error()
		}
		if bans := m.view.Sections&status.ShowBans != 0; m.view.BanPrefix != tt.prefix || bans != tt.bans || m.view.Inactive != tt.inactive || text != tt.err {
			t.Errorf("%v %s: prefix %q, bans %v, inactive %v, %q", tt.p, tt.args, m.view.BanPrefix, bans, m.view.Inactive, text)
		}
	}
}

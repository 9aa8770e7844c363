package pcs

import (
	"errors"

	"github.com/gocorosync/gocorosync/conf"
	"github.com/gocorosync/gocorosync/tool/option"
)

// options are what pcs accepts anywhere on the command line.
type options struct {
	file                           string // -f
	force, full, all, config       bool
	disabled, noDesc, hideInactive bool
	group, before, after           string
	help, version                  bool
}

// Program is the table of pcs: its options and its commands.
func Program() *option.Program { return new(options).table() }

func (o *options) table() *option.Program {
	p := &option.Program{
		Name: "pcs", Section: 8, Purpose: "configure and control pacemaker and corosync", Synopsis: []string{"[OPTION...] COMMAND..."},
		About: []string{
			"Changes the configuration of the running cluster or, with -f, that in a file. Options may stand anywhere among the words of a command.",
			"What other nodes have to do needs pcsd, which there is not yet; such commands say so.",
		},
		Dialect: option.Exact,
		Groups: []option.Group{
			{Options: []option.Option{
				{Flags: "-h --help", Text: "Print the usage of pcs or of a command's group and exit.", To: option.On(&o.help)},
				{Flags: "-f", Arg: "FILE", Text: "Work on this file, not on the CIB of the cluster.", Values: option.Files(), To: option.Text(&o.file)},
				{Flags: "--debug", Text: "Accepted."},
				{Flags: "--version", Text: "Print the version and exit.", To: option.On(&o.version)},
				{Flags: "--request-timeout", Arg: "SECONDS", Text: "Accepted."},
				{Flags: "--force", Text: "Do it though a check is against it.", To: option.On(&o.force)},
			}},
			{Title: "Options of commands", Options: []option.Option{
				{Flags: "--full", Text: "Show all that there is.", To: option.On(&o.full)},
				{Flags: "--all", Text: "All nodes or properties.", To: option.On(&o.all)},
				{Flags: "--hide-inactive", Text: "Do not show resources that do not run.", To: option.On(&o.hideInactive)},
				{Flags: "--nodesc", Text: "List agents without what they describe themselves as.", To: option.On(&o.noDesc)},
				{Flags: "--disabled", Text: "Create a resource that does not start yet.", To: option.On(&o.disabled)},
				{Flags: "--group", Arg: "GROUP", Text: "Put a new resource into this group.", To: option.Text(&o.group)},
				{Flags: "--before", Arg: "RESOURCE", Text: "Its place in the group: before this one.", To: option.Text(&o.before)},
				{Flags: "--after", Arg: "RESOURCE", Text: "Its place in the group: behind this one.", To: option.Text(&o.after)},
				{Flags: "--config", Text: "Push the section configuration alone.", To: option.On(&o.config)},
			}},
			{Title: "Accepted", Options: accepted()},
		},
		Usage:  func(conf.Profile) string { return mainUsage },
		Status: []string{"0: done", "1: failed, or wrong usage"},
		See:    []string{"crm_mon(8)", "crm_verify(8)", "cibadmin(8)"},
	}
	for _, g := range groups() {
		sub := option.Command{Name: g.name, Text: g.about}
		for _, c := range g.commands {
			sub.Commands = append(sub.Commands, option.Command{Name: c.name, Synopsis: c.synopsis, Text: c.help})
		}
		p.Commands = append(p.Commands, sub)
	}
	return p
}

// accepted are options of the original that change nothing here.
func accepted() []option.Option {
	list := []option.Option{{Flags: "-u", Arg: "USER"}, {Flags: "-p", Arg: "PASSWORD"}, {Flags: "--wait", May: true}}
	for _, name := range []string{"name", "from", "to", "interval", "node", "transport", "token"} {
		list = append(list, option.Option{Flags: "--" + name, Arg: "VALUE"})
	}
	for _, name := range []string{"master", "clone", "autodelete", "skip-offline", "off", "no-default-ops", "no-strict", "simulate", "safe", "brief", "strict", "local", "enable", "start", "monitor", "yes"} {
		list = append(list, option.Option{Flags: "--" + name})
	}
	return list
}

// parse separates options from words. Negative numbers and scores are words.
func (c *call) parse() (words []string, err error) {
	words, err = c.opt.table().Read(c.env.Profile, c.env.Args)
	var bad *option.Error
	if !errors.As(err, &bad) {
		return words, err
	}
	text := "option " + bad.Option + " not recognized"
	if bad.Problem == option.Missing {
		text = "option " + bad.Option + " requires argument"
	}
	return nil, &failure{plain: text + "\n", hints: []string{"'pcs --help' lists the options"}}
}

const mainUsage = `
Usage: pcs [-f file] [-h] [commands]...
Control and configure pacemaker and corosync.

Options:
    -h, --help         Display usage and exit.
    -f file            Perform actions on file instead of active CIB.
    --debug            Print all network traffic and external commands run.
    --version          Print pcs version information. List pcs capabilities if
                       --full is specified.
    --request-timeout  Timeout for each outgoing request to another node in
                       seconds. Default is 60s.
    --force            Override checks and errors, the exact behavior depends on
                       the command. WARNING: Using the --force option is
                       strongly discouraged unless you know what you are doing.

Commands:
    cluster     Configure cluster options and nodes.
    resource    Manage cluster resources.
    stonith     Manage fence devices.
    constraint  Manage resource constraints.
    property    Manage pacemaker properties.
    acl         Manage pacemaker access control lists.
    qdevice     Manage quorum device provider on the local host.
    quorum      Manage cluster quorum settings.
    booth       Manage booth (cluster ticket manager).
    status      View cluster status.
    config      View and manage cluster configuration.
    pcsd        Manage pcs daemon.
    node        Manage cluster nodes.
    alert       Manage pacemaker alerts.
    client      Manage pcsd client configuration.

`

package daemon

import (
	"context"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/gocorosync/gocorosync/conf"
	"github.com/gocorosync/gocorosync/conf/lint"
	"github.com/gocorosync/gocorosync/corosync/internal/node"
	"github.com/gocorosync/gocorosync/durable"
	"github.com/gocorosync/gocorosync/tool"
	"github.com/gocorosync/gocorosync/tool/option"
	"github.com/gocorosync/gocorosync/votequorum"
)

const checkUsage = `usage: gocorosync check [--fix] [--output-as text|json|xml] [FILE]
       gocorosync check --addresses [FILE]
       gocorosync check --same-as LIST [FILE]
Looks for what is wrong with a corosync.conf, by default /etc/corosync/corosync.conf.

  --fix            correct what can only be meant in one way
  --output-as      the form of the findings (text)
  --addresses      print what the nodes' names stand for on this node
  --same-as LIST   compare that with what another node printed into LIST

exit status: 0 nothing found, or notes, 1 warnings, 8 errors, 64 wrong usage, 74 the file cannot be read or written
`

// Exit statuses of check.
const (
	checkWarnings = 1
	checkErrors   = exitConfig
	checkUsageBad = 64
	checkIO       = 74
)

// check is one run of "gocorosync check".
type check struct {
	fix, addresses bool
	as, other      string
}

func (c *check) table() *option.Program {
	return &option.Program{
		Name: "gocorosync-check", Section: 8, Purpose: "find what is wrong with a corosync.conf", Synopsis: []string{"[--fix] [--output-as FORM] [FILE]", "--addresses [FILE]", "--same-as LIST [FILE]"},
		About: []string{
			"Called as \"gocorosync check\". Finds what corosync accepts without a word: comments behind values, invisible characters, keys and sections that have no effect, keys, node ids and addresses that stand twice, a consensus below 1.2 x token, names that are another host on each node; and all that corosync refuses.",
			"Each finding has its line and column, and says what to do.",
		},
		Groups: []option.Group{{Options: []option.Option{
			{Flags: "--fix", Text: "Correct what can only be meant in one way. The rest of the file stays as it is.", To: option.On(&c.fix)},
			{Flags: "--output-as", Arg: "FORM", Text: "Print findings as text, json or xml.", Values: option.Words("text", "json", "xml"), To: option.Text(&c.as)},
			{Flags: "--addresses", Text: "Print what the nodes' names stand for on this host.", To: option.On(&c.addresses)},
			{Flags: "--same-as", Arg: "LIST", Text: "Compare that with what another host printed.", Values: option.Files(), To: option.Text(&c.other)},
			{Flags: "-h --help", Text: "Print the options and exit.", To: option.Help},
		}}},
		Operands: option.Files(),
		Usage:    func(conf.Profile) string { return checkUsage },
		Status:   []string{"0: nothing found, or only notes", "1: warnings", "8: errors: corosync would not start, or do something else than what is written", "64: wrong usage", "74: the file cannot be read or written"},
		See:      []string{"corosync(8)"},
	}
}

// Check is the program "gocorosync check". It returns the exit status of the
// process.
func Check(args []string, stdout, stderr io.Writer) int {
	c := &check{as: "text"}
	operands, err := c.table().Read(conf.EL9, args)
	switch {
	case errors.Is(err, option.ErrHelp):
		io.WriteString(stdout, checkUsage)
		return exitOK
	case err != nil:
		fmt.Fprintf(stderr, "gocorosync check: %v\n%s", err, checkUsage)
		return checkUsageBad
	}
	if len(operands) > 1 || !slices.Contains([]string{"text", "json", "xml"}, c.as) {
		io.WriteString(stderr, checkUsage)
		return checkUsageBad
	}
	settings, err := readSettings()
	if err != nil {
		fmt.Fprintln(stderr, err)
		return exitConfig
	}
	file := defaultFile
	if len(operands) > 0 {
		file = operands[0]
	}
	fail := func(err error) int {
		fmt.Fprintln(stderr, "gocorosync check:", err)
		return checkIO
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return fail(err)
	}
	cfg := lint.Config{Profile: settings.Profile, Suggest: tool.Suggest, Host: thisHost(context.Background()), Names: node.HostNames{}}
	if c.addresses || c.other != "" {
		return checkAddresses(file, text, cfg, c.other, stdout, stderr)
	}
	look := func(text []byte) []lint.Finding {
		found := lint.Check(file, text, cfg)
		if f, err := conf.Parse(file, text, cfg.Profile, cfg.Names); err == nil { // else it is found already
			found = slices.Concat(found, checkVotes(f, cfg.Profile), checkStart(f, cfg.Profile))
		}
		return found
	}
	found := look(text)
	if c.fix {
		fixed, n := lint.Fix(text, found)
		if n > 0 {
			if err := durable.Rewrite(file, fixed); err != nil {
				return fail(err)
			}
			faults := slices.DeleteFunc(slices.Clone(found), func(f lint.Finding) bool { return f.Severity == lint.Note })
			fmt.Fprintf(stderr, "%s: %d of %d corrected\n", file, n, len(faults))
			found = look(fixed)
		}
	}
	return report(file, found, c.as, stdout)
}

// checkVotes finds what votequorum does not start with.
func checkVotes(f *conf.File, p conf.Profile) []lint.Finding {
	v := conf.FromKeys(f.Keys)
	if v.Text("quorum.provider", "") == "" {
		return nil
	}
	set, err := votequorum.Read(v, nil, p == conf.EL9)
	at := max(f.Root.First("quorum").Open, 1)
	if err != nil {
		return []lint.Finding{{Line: at, Column: 1, Severity: lint.Error, Check: "votequorum", Text: err.Error()}}
	}
	var found []lint.Finding
	for _, w := range set.Warnings {
		found = append(found, lint.Finding{Line: at, Column: 1, Severity: lint.Warning, Check: "votequorum", Text: w.Text})
	}
	return found
}

// report prints findings and returns the exit status that they mean.
func report(file string, found []lint.Finding, as string, w io.Writer) int {
	type finding struct {
		XMLName  xml.Name      `json:"-" xml:"finding"`
		Line     int           `json:"line" xml:"line,attr"`
		Column   int           `json:"column" xml:"column,attr"`
		Severity lint.Severity `json:"severity" xml:"severity,attr"`
		Check    string        `json:"check" xml:"check,attr"`
		Text     string        `json:"text" xml:"text"`
		Remedy   string        `json:"remedy,omitempty" xml:"remedy,omitempty"`
		Fixable  bool          `json:"fixable" xml:"fixable,attr"`
	}
	all := struct {
		XMLName  xml.Name  `json:"-" xml:"gocorosync-check"`
		File     string    `json:"file" xml:"file,attr"`
		Findings []finding `json:"findings"`
	}{File: file, Findings: []finding{}}
	status := exitOK
	for _, f := range found {
		all.Findings = append(all.Findings, finding{Line: f.Line, Column: f.Column, Severity: f.Severity, Check: f.Check, Text: f.Text, Remedy: f.Remedy, Fixable: f.Fix != nil})
		switch f.Severity {
		case lint.Error:
			status = checkErrors
		case lint.Warning:
			status = max(status, checkWarnings)
		}
	}
	switch as {
	case "json":
		e := json.NewEncoder(w)
		e.SetEscapeHTML(false)
		e.SetIndent("", "  ")
		e.Encode(all)
	case "xml":
		b, _ := xml.MarshalIndent(all, "", "  ")
		fmt.Fprintf(w, "%s%s\n", xml.Header, b)
	default:
		for _, f := range found {
			fmt.Fprintf(w, "%s:%d:%d: %s: %s [%s]\n", file, f.Line, f.Column, f.Severity, f.Text, f.Check)
			if f.Remedy != "" {
				fmt.Fprintf(w, "    %s\n", f.Remedy)
			}
		}
	}
	return status
}

// checkAddresses prints what the nodes' names stand for on this machine, or
// compares that with what another printed.
func checkAddresses(file string, text []byte, cfg lint.Config, other string, stdout, stderr io.Writer) int {
	f, err := conf.Parse(file, text, cfg.Profile, cfg.Names)
	if err != nil {
		fmt.Fprintln(stderr, err)
		return checkErrors
	}
	var here []string
	for _, key := range conf.FromKeys(f.Keys).Keys("nodelist.node.") {
		name := conf.FromKeys(f.Keys).Text(key, "")
		if !strings.HasSuffix(key, "_addr") {
			continue
		}
		addrs, err := cfg.Host.Resolve(name)
		var list []string
		for _, a := range addrs {
			list = append(list, a.String())
		}
		slices.Sort(list)
		if err != nil {
			list = []string{"?"}
		}
		here = append(here, name+" "+strings.Join(list, " "))
	}
	if other == "" {
		for _, l := range here {
			fmt.Fprintln(stdout, l)
		}
		return exitOK
	}
	b, err := os.ReadFile(other)
	if err != nil {
		fmt.Fprintln(stderr, "gocorosync check:", err)
		return checkIO
	}
	there := make(map[string]string)
	for l := range strings.Lines(string(b)) {
		name, addrs, _ := strings.Cut(strings.TrimSpace(l), " ")
		there[name] = addrs
	}
	status := exitOK
	for _, l := range here {
		name, addrs, _ := strings.Cut(l, " ")
		if that, ok := there[name]; !ok || that != addrs {
			fmt.Fprintf(stdout, "%s is %s here and %s there\n    make /etc/hosts the same on both nodes\n", name, addrs, orNothing(that))
			status = checkErrors
		}
	}
	return status
}

func orNothing(s string) string {
	if s == "" {
		return "not in the list"
	}
	return s
}

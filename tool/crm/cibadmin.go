package crm

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/gocorosync/gocorosync/pacemakerd/acl"
	"github.com/gocorosync/gocorosync/pacemakerd/cib"
	"github.com/gocorosync/gocorosync/pacemakerd/client"
	"github.com/gocorosync/gocorosync/pacemakerd/rules"
	"github.com/gocorosync/gocorosync/pacemakerd/xml"
	"github.com/gocorosync/gocorosync/tool"
	"github.com/gocorosync/gocorosync/tool/option"
)

// cibCall is one run of cibadmin.
type cibCall struct {
	env                            *tool.Env
	name, scope, file, text, xpath string
	stdin, force, local            bool
	noChildren, create, nodePath   bool
	deleteAll                      bool
	onDisk, onWire, empty          bool            // -5, -6, -a
	given                          map[string]bool // what came with an argument, though that may be empty
	host, user                     string
	shown                          string // how to show access, "" for not at all
}

func (call *cibCall) table() *option.Program {
	return program("cibadmin", "query and edit the Pacemaker configuration", "command [options] [data]", nil, []option.Option{
		{Flags: "-u --upgrade", Text: "Upgrade the configuration to the latest syntax", To: option.Mark(&call.name, cib.OpUpgrade)},
		{Flags: "-Q --query", Text: "Query the contents of the CIB", To: option.Mark(&call.name, cib.OpQuery)},
		{Flags: "-E --erase", Text: "Erase the contents of the whole CIB", To: option.Mark(&call.name, cib.OpErase)},
		{Flags: "-B --bump", Text: "Increase the CIB's epoch value by 1", To: option.Mark(&call.name, cib.OpBump)},
		{Flags: "-C --create", Text: "Create an object in the CIB (will fail if object already exists)", To: option.Mark(&call.name, cib.OpCreate)},
		{Flags: "-M --modify", Text: "Find object somewhere in CIB's XML tree and update it (fails if object does not exist unless -c is also specified)", To: option.Mark(&call.name, cib.OpModify)},
		{Flags: "-P --patch", Text: "Supply an update in the form of an XML diff (see crm_diff(8))", To: option.Mark(&call.name, cib.OpApplyDiff)},
		{Flags: "-R --replace", Text: "Recursively replace an object in the CIB", To: option.Mark(&call.name, cib.OpReplace)},
		{Flags: "-D --delete", Text: "Delete first object matching supplied criteria", To: option.Mark(&call.name, cib.OpDelete)},
		{Flags: "-d --delete-all", Text: "When used with --xpath, remove all matching objects in the configuration instead of just the first one", To: option.All(option.Mark(&call.name, cib.OpDelete), option.On(&call.deleteAll))},
		{Flags: "-a --empty", Text: "Output an empty CIB", To: option.On(&call.empty)},
		{Flags: "-5 --md5-sum", Text: "Calculate the on-disk CIB digest", To: option.On(&call.onDisk)},
		{Flags: "-6 --md5-sum-versioned", Text: "Calculate an on-the-wire versioned CIB digest", To: option.On(&call.onWire)},
		{Flags: "-f --force", Text: "Force the action to be performed", To: option.On(&call.force)},
		{Flags: "-t --timeout", Arg: "value", Text: "Time (in seconds) to wait before declaring the operation failed"},
		{Flags: "-U --user", Arg: "value", Text: "Run the command with permissions of the named user (valid only for the root and hacluster accounts)", To: option.Text(&call.user)},
		{Flags: "-s --sync-call", Text: "Wait for call to complete before returning"},
		{Flags: "-l --local", Text: "Command takes effect locally (should be used only for queries)", To: option.On(&call.local)},
		{Flags: "-c --allow-create", Text: "(with --modify/-M) Allow target of --modify to be created if it does not exist", To: option.On(&call.create)},
		{Flags: "-n --no-children", Text: "(with --query) When querying an object, do not include its children", To: option.On(&call.noChildren)},
		{Flags: "-X --xml-text", Arg: "value", Text: "Retrieve XML from the supplied string", To: call.takes("text", &call.text)},
		{Flags: "-x --xml-file", Arg: "value", Text: "Retrieve XML from the named file", Values: option.Files(), To: call.takes("file", &call.file)},
		{Flags: "-p --xml-pipe", Text: "Retrieve XML from stdin", To: option.On(&call.stdin)},
		{Flags: "-A --xpath", Arg: "value", Text: "A valid XPath to use instead of -o", To: call.takes("xpath", &call.xpath)},
		{Flags: "-e --node-path", Text: "When performing XPath queries, return paths of any matches found", To: option.On(&call.nodePath)},
		{Flags: "-o --scope", Arg: "value", Text: "Limit scope of operation to specific section of CIB",
			Values: option.Words("acls", "alerts", "configuration", "constraints", "crm_config", "fencing-topology", "nodes", "op_defaults", "resources", "rsc_defaults", "status", "tags"), To: option.Text(&call.scope)},
		{Flags: "--obj_type", Arg: "value", To: option.Text(&call.scope)},
		{Flags: "-N --node", Arg: "value", Text: "(Advanced) Send command to the specified host", To: option.Text(&call.host)},
		{Flags: "--host", Arg: "value", To: option.Text(&call.host)},
		{Flags: "-S --show-access", Arg: "value", Text: "Whether to use syntax highlighting for ACLs (with -Q/--query and -U/--user): text, color, namespace or auto", Only: "el9",
			May: true, Else: "auto", Values: option.Words("auto", "text", "color", "namespace"), To: call.showAccess},
		{Flags: "-S --sync", Text: "(deprecated) Force a refresh of the CIB from the given host", Only: "el7", To: option.Mark(&call.name, cib.OpSync)},
	})
}

// title is what stands before a digest, and not in the way of who reads it.
func (call *cibCall) title(text string) {
	if generationOf(call.env).spelledOut {
		call.env.Errorf("%s", text)
	}
}

// showRefused prints what a file would have been, had its schema let it.
func showRefused(env *tool.Env, to io.Writer, doc *xml.Element) {
	if doc == nil || !generationOf(env).spelledOut {
		return
	}
	for i, line := range strings.Split(string(doc.Format()), "\n") {
		fmt.Fprintf(to, "%4d %s\n", i+1, line)
	}
}

// takes is the target of an argument that counts as given though it is empty.
func (call *cibCall) takes(what string, to *string) option.Target {
	return func(v string) error {
		if call.given == nil {
			call.given = map[string]bool{}
		}
		*to, call.given[what] = v, true
		return nil
	}
}

func (call *cibCall) showAccess(how string) error {
	switch how {
	case "auto":
		how = "text"
		if isTerminal(call.env.Stdout) {
			how = "color"
		}
	case "text", "color", "namespace":
	default:
		return errOption("Unrecognized value for --show-access: \"" + how + "\"")
	}
	call.shown = how
	return nil
}

// CIBAdmin is the tool cibadmin.
func CIBAdmin(ctx context.Context, env *tool.Env) int {
	call := &cibCall{env: env}
	words := generationOf(env).admin
	operands, done, status := parseWords(env, call.table())
	if done {
		return status
	}
	if call.empty {
		doc := cib.Empty()
		if words.statuses {
			doc.Set("epoch", "1")
			if len(operands) > 0 {
				doc.Set("validate-with", operands[0])
			}
		}
		env.Printf("%s", doc.Format())
		return 0
	}
	if len(operands) > 0 && words.statuses {
		env.Printf("non-option ARGV-elements: %s \n", strings.Join(operands, " "))
		return exitUsage(env)
	}
	var data *xml.Element
	var err error
	switch {
	case call.text != "" || call.given["text"] && words.statuses:
		data, err = xml.ParseKeepingComments([]byte(call.text))
	case call.file != "" || call.given["file"] && words.statuses:
		var b []byte
		if b, err = os.ReadFile(env.Path(call.file)); err == nil {
			data, err = xml.ParseKeepingComments(b)
		}
	case call.stdin:
		var b []byte
		if b, err = io.ReadAll(io.LimitReader(env.Stdin, xml.MaxSize)); err == nil {
			data, err = xml.ParseKeepingComments(b)
		}
	}
	if err != nil {
		source := "the supplied string"
		switch {
		case words.statuses:
			source = "input string"
			if call.given["file"] && !call.given["text"] {
				source = call.file
			} else if call.stdin && !call.given["text"] {
				source = "STDIN"
			}
			env.Errorf("Couldn't parse input from %s.\n", source)
			if call.text+call.file != "" && onTerminal(env) {
				env.Errorf("(%v)\n", err)
			}
			return exitConfig
		case call.file != "":
			source = call.file
		case call.stdin:
			source = "stdin"
		}
		env.Errorf("Couldn't parse input from %s: %v.\n", source, err)
		return exitUsage(env)
	}
	if call.onDisk || call.onWire {
		if data == nil {
			env.Errorf("Please supply XML to process with -X, -x or -p\n")
			return exitUsage(env)
		}
		if call.onDisk {
			call.title("Digest: ")
			env.Printf("%s\n", xml.DigestOnDisk(data))
		} else {
			set, known := data.Lookup("crm_feature_set")
			if !known {
				set = "(null)"
			}
			call.title("Versioned (" + set + ") digest: ")
			digest := xml.Digest(data)
			if rules.CompareVersions(set, "3.0.5") < 0 && generationOf(env).spelledOut { // or not known
				digest = xml.DigestOnDisk(data)
			}
			env.Printf("%s\n", digest)
		}
		return 0
	}
	if call.name == "" {
		env.Errorf("%s: no command given; -Q, -C, -M, -R, -D, ... say what to do\n", env.Name)
		return exitUsage(env)
	}
	if (call.name == cib.OpErase || call.name == cib.OpUpgrade || call.deleteAll) && !call.force {
		env.Errorf("%s\n", dangerous)
		return words.unsafe
	}
	o := &cib.Op{Name: call.name, Section: call.scope, Data: data, Host: call.host}
	if call.given["xpath"] && call.xpath == "" && words.statuses { // which selects nothing
		env.Errorf("%s: %s\n", words.failed(call.name, client.PlaceFromEnv().File != "", cib.NotFound), text(env, cib.NotFound))
		return exitOf(env, cib.NotFound)
	}
	if call.xpath != "" {
		o.Section = call.xpath
		o.Options |= cib.XPath
	}
	for _, f := range []struct {
		on  bool
		bit cib.Options
	}{{call.local, cib.ScopeLocal}, {call.noChildren, cib.NoChildren}, {call.create, cib.CanCreate}, {call.nodePath, cib.XPathAddress}, {call.deleteAll, cib.Multiple}, {call.force, cib.QuorumOverride}} {
		if f.on {
			o.Options |= f.bit
		}
	}
	switch call.name {
	case cib.OpCreate, cib.OpModify, cib.OpReplace, cib.OpApplyDiff:
		if data == nil {
			env.Errorf("No input to process: give it with -X, -x or -p\n")
			return exitUsage(env)
		}
	case cib.OpDelete:
		if data == nil && call.xpath == "" && words.statuses {
			env.Errorf("%s: %s\n", words.failed(call.name, client.PlaceFromEnv().File != "", cib.Invalid), text(env, cib.Invalid))
			return exitSoftware
		}
		if data == nil && call.xpath == "" {
			env.Errorf("No input to process: give it with -X, -x or -p, or name it with --xpath\n")
			return exitUsage(env)
		}
	}
	if call.shown != "" && call.name == cib.OpQuery {
		if call.user == "" {
			env.Errorf("The supplied command requires -U user specified.\n")
			return exitUsage(env)
		}
	} else {
		call.shown = ""
	}
	how := opening(env, "cibadmin", client.PlaceFromEnv())
	if how.User = call.user; call.shown != "" {
		how.User = "" // the rights are shown, not used
	}
	c, err := client.OpenCIB(ctx, how)
	if err != nil {
		word, status := unconnected(env, err)
		env.Errorf("%s: %s\nInit failed, could not perform requested operations\n", words.noCIB, word)
		return status
	}
	defer c.Close()
	out, err := c.Do(ctx, o)
	code := codeOf(err)
	if errors.Is(err, client.ErrChanged) {
		return env.Fail(exitError, "%v", err)
	}
	if call.name == cib.OpUpgrade && code == cib.SchemaSame && c.IsFile() && words.statuses {
		return 0
	}
	if call.name == cib.OpUpgrade && code == cib.SchemaSame {
		env.Printf("Upgrade unnecessary: %s\n", code)
		return 0
	}
	if code == cib.SchemaInvalid && c.IsFile() {
		showRefused(env, env.Stderr, out)
	}
	if code != cib.OK {
		env.Errorf("%s: %s\n", words.failed(call.name, c.IsFile(), code), text(env, code))
		if out != nil {
			if code == cib.Exists && words.reason {
				for f := range out.Each("failed_update") {
					f.Set("reason", text(env, code))
				}
			}
			if code == cib.SchemaInvalid && words.statuses && c.IsFile() {
				return exitOf(env, code) // what was refused is not the answer
			}
			env.Printf("%s", out.Format())
		}
		return exitOf(env, code)
	}
	switch {
	case out == nil:
	case call.shown != "":
		if !acl.Required(call.user) {
			env.Errorf("Could not evaluate access per request (%s, error: Already in requested state)\n", call.user)
			return exitConfig
		}
		a := &access{w: env.Stdout, form: call.shown, of: acl.For(out, call.user, how.InGroup).Accesses(out)}
		env.Printf("<!-- ACLs as evaluated for user %s -->\n", call.user)
		a.show(out, 0)
	case call.nodePath && out.Name == "xpath-query":
		for p := range out.Each("xpath-query-path") {
			env.Printf("%s\n", p.ID())
		}
	case call.nodePath && out.Name == "xpath-query-path":
		env.Printf("%s\n", out.ID())
	default:
		env.Printf("%s", out.Format())
	}
	return 0
}

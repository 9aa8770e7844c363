package crm

import (
	"context"
	"errors"
	"io"
	"os"

	"github.com/gocorosync/gocorosync/pacemakerd/acl"
	"github.com/gocorosync/gocorosync/pacemakerd/cib"
	"github.com/gocorosync/gocorosync/pacemakerd/client"
	"github.com/gocorosync/gocorosync/pacemakerd/xml"
	"github.com/gocorosync/gocorosync/tool"
)

// CIBAdmin is the tool cibadmin.
func CIBAdmin(ctx context.Context, env *tool.Env) int {
	var (
		verbose                         int
		name, scope, file, text_, xpath string
		stdin, force, local, noChildren bool
		create, nodePath, deleteAll     bool
		md5, md5Versioned, empty, sync_ bool
		host, schema, user              string
	)
	op := func(n string) func(string) error { return func(string) error { name = n; return nil } }
	opts := []option{
		{short: 'u', long: "upgrade", help: "Upgrade the configuration to the latest syntax", call: op(cib.OpUpgrade)},
		{short: 'Q', long: "query", help: "Query the contents of the CIB", call: op(cib.OpQuery)},
		{short: 'E', long: "erase", help: "Erase the contents of the whole CIB", call: op(cib.OpErase)},
		{short: 'B', long: "bump", help: "Increase the CIB's epoch value by 1", call: op(cib.OpBump)},
		{short: 'C', long: "create", help: "Create an object in the CIB (will fail if object already exists)", call: op(cib.OpCreate)},
		{short: 'M', long: "modify", help: "Find object somewhere in CIB's XML tree and update it (fails if object does not exist unless -c is also specified)", call: op(cib.OpModify)},
		{short: 'P', long: "patch", help: "Supply an update in the form of an XML diff (see crm_diff(8))", call: op(cib.OpApplyDiff)},
		{short: 'R', long: "replace", help: "Recursively replace an object in the CIB", call: op(cib.OpReplace)},
		{short: 'D', long: "delete", help: "Delete first object matching supplied criteria", call: op(cib.OpDelete)},
		{short: 'd', long: "delete-all", help: "When used with --xpath, remove all matching objects in the configuration instead of just the first one", call: func(string) error { name, deleteAll = cib.OpDelete, true; return nil }},
		{short: 'a', long: "empty", arg: "", help: "Output an empty CIB", flag: &empty},
		{short: '5', long: "md5-sum", help: "Calculate the on-disk CIB digest", flag: &md5},
		{short: '6', long: "md5-sum-versioned", help: "Calculate an on-the-wire versioned CIB digest", flag: &md5Versioned},
		{short: 'f', long: "force", flag: &force, help: "Force the action to be performed"},
		{short: 't', long: "timeout", arg: "value", help: "Time (in seconds) to wait before declaring the operation failed", call: func(string) error { return nil }},
		{short: 'U', long: "user", arg: "value", help: "Run the command with permissions of the named user (valid only for the root and hacluster accounts)", value: &user},
		{short: 's', long: "sync-call", help: "Wait for call to complete before returning", flag: &sync_},
		{short: 'l', long: "local", help: "Command takes effect locally (should be used only for queries)", flag: &local},
		{short: 'c', long: "allow-create", help: "(with --modify/-M) Allow target of --modify to be created if it does not exist", flag: &create},
		{short: 'n', long: "no-children", help: "(with --query) When querying an object, do not include its children", flag: &noChildren},
		{short: 'X', long: "xml-text", arg: "value", help: "Retrieve XML from the supplied string", value: &text_},
		{short: 'x', long: "xml-file", arg: "value", help: "Retrieve XML from the named file", value: &file},
		{short: 'p', long: "xml-pipe", help: "Retrieve XML from stdin", flag: &stdin},
		{short: 'A', long: "xpath", arg: "value", help: "A valid XPath to use instead of -o", value: &xpath},
		{short: 'e', long: "node-path", help: "When performing XPath queries, return paths of any matches found", flag: &nodePath},
		{short: 'o', long: "scope", arg: "value", help: "Limit scope of operation to specific section of CIB", value: &scope},
		{long: "obj_type", arg: "value", value: &scope},
		{short: 'N', long: "node", arg: "value", help: "(Advanced) Send command to the specified host", value: &host},
		{long: "schema", arg: "value", value: &schema},
	}
	words := generationOf(env).admin
	var shown string // how to show access, "" for not at all
	if words.showAccess {
		env.Args = showAccessArgument(env.Args)
		opts = append(opts, option{short: 'S', long: "show-access", arg: "value", help: "Whether to use syntax highlighting for ACLs (with -Q/--query and -U/--user): text, color, namespace or auto", call: func(v string) error {
			switch v {
			case "auto":
				v = "text"
				if isTerminal(env.Stdout) {
					v = "color"
				}
			case "text", "color", "namespace":
			default:
				return errOption("Unrecognized value for --show-access: \"" + v + "\"")
			}
			shown = v
			return nil
		}})
	} else {
		opts = append(opts, option{short: 'S', long: "sync", help: "(deprecated) Force a refresh of the CIB from the given host", call: op(cib.OpSync)})
	}
	_, done, status := parse(env, &verbose, "query and edit the Pacemaker configuration", "command [options] [data]", opts)
	if done {
		return status
	}
	if empty {
		env.Printf("%s", cib.Empty().Format())
		return 0
	}
	var data *xml.Node
	var err error
	switch {
	case text_ != "":
		data, err = xml.ParseKeepingComments([]byte(text_))
	case file != "":
		var b []byte
		if b, err = os.ReadFile(env.Path(file)); err == nil {
			data, err = xml.ParseKeepingComments(b)
		}
	case stdin:
		var b []byte
		if b, err = io.ReadAll(io.LimitReader(env.Stdin, xml.MaxSize)); err == nil {
			data, err = xml.ParseKeepingComments(b)
		}
	}
	if err != nil {
		source := "the supplied string"
		if file != "" {
			source = file
		} else if stdin {
			source = "stdin"
		}
		env.Errorf("Couldn't parse input from %s: %v.\n", source, err)
		return exitUsage(env)
	}
	if md5 || md5Versioned {
		if data == nil {
			env.Errorf("Please supply XML to process with -X, -x or -p\n")
			return exitUsage(env)
		}
		if md5 {
			env.Printf("%s\n", xml.DigestOnDisk(data))
		} else {
			env.Printf("%s\n", xml.Digest(data))
		}
		return 0
	}
	if name == "" {
		env.Errorf("%s: no command given; -Q, -C, -M, -R, -D, ... say what to do\n", env.Name)
		return exitUsage(env)
	}
	if (name == cib.OpErase || name == cib.OpUpgrade) && !force {
		env.Errorf("The supplied command is considered dangerous.  To prevent accidental destruction of the cluster, the --force flag is required in order to proceed.\n")
		return words.unsafe
	}
	o := &cib.Op{Name: name, Section: scope, Data: data, Host: host}
	if xpath != "" {
		o.Section = xpath
		o.Options |= cib.XPath
	}
	for _, f := range []struct {
		on  bool
		bit cib.Options
	}{{local, cib.ScopeLocal}, {noChildren, cib.NoChildren}, {create, cib.CanCreate}, {nodePath, cib.XPathAddress}, {deleteAll, cib.Multiple}, {force, cib.QuorumOverride}} {
		if f.on {
			o.Options |= f.bit
		}
	}
	switch name {
	case cib.OpCreate, cib.OpModify, cib.OpReplace, cib.OpApplyDiff:
		if data == nil {
			env.Errorf("No input to process: give it with -X, -x or -p\n")
			return exitUsage(env)
		}
	case cib.OpDelete:
		if data == nil && xpath == "" {
			env.Errorf("No input to process: give it with -X, -x or -p, or name it with --xpath\n")
			return exitUsage(env)
		}
	}
	if shown != "" && name == cib.OpQuery {
		if user == "" {
			env.Errorf("The supplied command requires -U user specified.\n")
			return exitUsage(env)
		}
	} else {
		shown = ""
	}
	how := opening(env, "cibadmin", client.PlaceFromEnv())
	if how.User = user; shown != "" {
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
	if name == cib.OpUpgrade && code == cib.SchemaSame {
		env.Printf("Upgrade unnecessary: %s\n", code)
		return 0
	}
	if code != cib.OK {
		env.Errorf("%s: %s\n", words.failed(name, c.IsFile(), code), text(env, code))
		if out != nil {
			if code == cib.Exists && words.reason {
				for f := range out.Each("failed_update") {
					f.Set("reason", text(env, code))
				}
			}
			env.Printf("%s", out.Format())
		}
		return exitOf(env, code)
	}
	switch {
	case out == nil:
	case shown != "":
		if !acl.Required(user) {
			env.Errorf("Could not evaluate access per request (%s, error: Already in requested state)\n", user)
			return exitConfig
		}
		a := &access{w: env.Stdout, form: shown, of: acl.For(out, user, how.InGroup).Accesses(out)}
		env.Printf("<!-- ACLs as evaluated for user %s -->\n", user)
		a.show(out, 0)
	case nodePath && out.Name == "xpath-query":
		for p := range out.Each("xpath-query-path") {
			env.Printf("%s\n", p.ID())
		}
	case nodePath && out.Name == "xpath-query-path":
		env.Printf("%s\n", out.ID())
	default:
		env.Printf("%s", out.Format())
	}
	return 0
}

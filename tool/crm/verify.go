package crm

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/gocorosync/gocorosync/conf"
	"github.com/gocorosync/gocorosync/pacemakerd/cib"
	"github.com/gocorosync/gocorosync/pacemakerd/client"
	"github.com/gocorosync/gocorosync/pacemakerd/pengine"
	"github.com/gocorosync/gocorosync/pacemakerd/xml"
	"github.com/gocorosync/gocorosync/tool"
)

// Verify is the tool crm_verify: it reports what is wrong with a configuration.
func Verify(ctx context.Context, env *tool.Env) int {
	var verbose int
	var live, pipe, quiet bool
	var file, text, save string
	opts := []option{
		{short: 'L', long: "live-check", help: "Check the configuration used by the running cluster", flag: &live},
		{short: 'x', long: "xml-file", arg: "value", help: "Check the configuration in the named file", value: &file},
		{short: 'X', long: "xml-text", arg: "value", help: "Check the configuration in the supplied string", value: &text},
		{short: 'p', long: "xml-pipe", help: "Check the configuration piped in via stdin", flag: &pipe},
		{short: 'S', long: "save-xml", arg: "value", help: "(Advanced) Save the configuration as checked to the named file", value: &save},
		{short: 'q', long: "quiet", help: "Don't print verify information", flag: &quiet},
	}
	if _, done, code := parse(env, &verbose, "check a Pacemaker configuration for errors", "[modifiers] data", opts); done {
		return code
	}
	var b []byte
	var err error
	source := file
	switch {
	case live:
		return verifyLive(ctx, env, verbose, quiet, save)
	case file != "":
		b, err = os.ReadFile(env.Path(file))
	case text != "":
		b, source = []byte(text), "the supplied string"
	case pipe:
		b, err = io.ReadAll(io.LimitReader(env.Stdin, xml.MaxSize))
		source = "stdin"
	default:
		env.Errorf("No configuration source specified.  Use --help for usage information.\n")
		return exitUsage(env)
	}
	if err != nil {
		return env.Fail(exitError, "%v", err)
	}
	doc, err := xml.Parse(b)
	if err != nil {
		env.Errorf("%s:%v\n", source, err)
		return badConfig(env, verbose, quiet)
	}
	return verify(env, doc, verbose, quiet, save)
}

// configStatus is the exit status for an invalid configuration.
func configStatus(env *tool.Env) int {
	if env.Profile == conf.EL9 {
		return exitConfig
	}
	return 55 // ENOANO's place in 1.1.20: a schema error
}

func verifyLive(ctx context.Context, env *tool.Env, verbose int, quiet bool, save string) int {
	doc, err := client.QueryCIB(ctx, "crm_verify")
	if err != nil {
		if env.Profile == conf.EL9 {
			env.Errorf("%s: Live CIB query failed: Transport endpoint is not connected\n", env.Name)
			return exitDisconnect
		}
		if errors.Is(err, client.ErrNotRunning) {
			env.Errorf("Live CIB query failed: Transport endpoint is not connected\n")
		} else {
			env.Errorf("Live CIB query failed: %v\n", err)
		}
		return 149
	}
	return verify(env, doc, verbose, quiet, save)
}

func verify(env *tool.Env, doc *xml.Node, verbose int, quiet bool, save string) int {
	if doc.Name != "cib" {
		env.Errorf("This tool can only check complete configurations (i.e. those starting with <cib>).\n")
		return badConfig(env, verbose, quiet)
	}
	for _, s := range []string{"crm_config", "nodes", "resources", "constraints"} {
		doc.Ensure("configuration").Ensure(s)
	}
	doc.Ensure("status")
	if save != "" {
		if err := os.WriteFile(env.Path(save), doc.Format(), 0o644); err != nil {
			return env.Fail(exitError, "%v", err)
		}
	}
	if id, elem := duplicateID(doc); id != "" {
		say(env, verbose, 1, pengine.Error, "main", fmt.Sprintf("The id %q is used twice, the second time by <%s>: ids are unique in the whole configuration", id, elem))
		return badConfig(env, verbose, quiet)
	}
	if v := doc.Get("crm_feature_set"); cib.CompareFeatureSets(v, cib.FeatureSet) > 0 {
		say(env, verbose, 1, pengine.Error, "main", "The configuration was written by a newer Pacemaker (feature set "+v+") than this one ("+cib.FeatureSet+")")
		return badConfig(env, verbose, quiet)
	}
	r, err := pengine.Plan(doc, pengine.Options{Now: time.Now()})
	if err != nil {
		say(env, 1, 0, pengine.Error, "main", err.Error())
		return badConfig(env, verbose, quiet)
	}
	bad := false
	for _, msg := range r.Messages {
		level := map[pengine.Severity]int{pengine.Error: 1, pengine.Warning: 2, pengine.Notice: 3, pengine.Info: 4}[msg.Severity]
		if msg.Severity == pengine.Error {
			bad = true
		}
		say(env, verbose, level, msg.Severity, msg.Origin, msg.Text)
	}
	if bad {
		return badConfig(env, verbose, quiet)
	}
	return 0
}

// say prints a message if the verbosity is high enough for it.
func say(env *tool.Env, verbose, level int, s pengine.Severity, origin, text string) {
	if verbose < level {
		return
	}
	word := map[pengine.Severity]string{pengine.Error: "error", pengine.Warning: "warning", pengine.Notice: "notice", pengine.Info: "info"}[s]
	if env.Profile == conf.EL9 {
		env.Errorf("(%s) \t%s: %s\n", origin, word, text)
		return
	}
	env.Errorf("%8s: %s:\t%s\n", word, origin, text)
}

func badConfig(env *tool.Env, verbose int, quiet bool) int {
	if !quiet {
		if env.Profile == conf.EL9 {
			env.Errorf("Errors found during check: config not valid\n")
		} else {
			env.Errorf("Errors found during check: config not valid\n")
		}
		if verbose == 0 {
			env.Errorf("  -V may provide more details\n")
		}
	}
	return configStatus(env)
}

// duplicateID finds an id that two elements of the configuration have.
func duplicateID(doc *xml.Node) (id, elem string) {
	seen := map[string]bool{}
	for e := range doc.Child("configuration").Walk() {
		if v := e.ID(); v != "" && e.Name != "resource_ref" && e.Name != "obj_ref" && e.Name != "role" {
			if seen[v] {
				return v, e.Name
			}
			seen[v] = true
		}
	}
	return "", ""
}

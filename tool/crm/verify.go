package crm

import (
	"context"
	"errors"
	"io"
	"os"
	"time"

	"github.com/gocorosync/gocorosync/pacemakerd/client"
	"github.com/gocorosync/gocorosync/pacemakerd/pengine"
	"github.com/gocorosync/gocorosync/pacemakerd/schema"
	"github.com/gocorosync/gocorosync/pacemakerd/status"
	"github.com/gocorosync/gocorosync/pacemakerd/xml"
	"github.com/gocorosync/gocorosync/tool"
	"github.com/gocorosync/gocorosync/tool/option"
)

// verification is one run of crm_verify.
type verification struct {
	env            *tool.Env
	words          verifyWords
	verbose        int
	quiet, explain bool
	fromCluster    bool // -L
	pipe           bool
	file, text     string
	hasText        bool // text is one, though empty
	output, to     string
	save           string
	findings       []finding
}

func (v *verification) table() *option.Program {
	return program("crm_verify", "check a Pacemaker configuration for errors", "[modifiers] data", &v.verbose, []option.Option{
		{Flags: "-L --live-check", Text: "Check the configuration used by the running cluster", To: option.On(&v.fromCluster)},
		{Flags: "-x --xml-file", Arg: "value", Text: "Check the configuration in the named file", Values: option.Files(), To: option.Text(&v.file)},
		{Flags: "-X --xml-text", Arg: "value", Text: "Check the configuration in the supplied string", To: option.All(option.Text(&v.text), option.On(&v.hasText))},
		{Flags: "-p --xml-pipe", Text: "Check the configuration piped in via stdin", To: option.On(&v.pipe)},
		{Flags: "-S --save-xml", Arg: "value", Text: "(Advanced) Save the configuration as checked to the named file", Values: option.Files(), To: option.Text(&v.save)},
		{Flags: "--explain", Text: "(Extension) Say of every problem where it is, and what may have been meant; done on a terminal in any case", To: option.On(&v.explain)},
		{Flags: "--output-as", Arg: "value", Text: "Format of the output: text, xml or (extension) json", Values: option.Words("text", "xml", "json"), To: option.Text(&v.output)},
		{Flags: "--output-to", Arg: "value", Text: `File for the output ("-" for stdout)`, Values: option.Files(), To: option.Text(&v.to)},
		{Flags: "-q --quiet", Text: "Don't print verify information", Only: "el7", To: option.On(&v.quiet)},
	})
}

// Verify is the tool crm_verify: it reports what is wrong with a configuration.
func Verify(ctx context.Context, env *tool.Env) int {
	v := &verification{env: env, words: generationOf(env).verify}
	if done, code := parse(env, v.table()); done {
		return code
	}
	var format func(*tool.Env, int, []finding) []byte
	switch v.output {
	case "", "text":
	case "xml":
		format = resultXML
	case "json":
		format, v.explain = resultJSON, true
	default:
		return env.Fail(exitError, "Error creating output format %s: Unknown output format", v.output)
	}
	code := v.run(ctx)
	switch {
	case format == nil && (v.explain || onTerminal(env)):
		for _, f := range v.findings {
			env.Errorf("%s\n", f)
		}
	case format != nil && !v.explain:
		v.findings = nil
	}
	if format == nil {
		return code
	}
	b := format(env, code, v.findings)
	if v.to == "" || v.to == "-" {
		env.Printf("%s", b)
	} else if err := os.WriteFile(env.Path(v.to), b, 0o640); err != nil {
		return env.Fail(exitError, "%v", err)
	}
	return code
}

// run finds the configuration and checks it.
func (v *verification) run(ctx context.Context) int {
	env := v.env
	var b []byte
	var err error
	what, path := "", ""
	switch {
	case v.fromCluster:
		return v.live(ctx)
	case v.file != "":
		b, err = os.ReadFile(env.Path(v.file))
		what, path = "input file: "+v.file, v.file
	case v.hasText && (v.text != "" || v.words.emptyText):
		b, what = []byte(v.text), "input string: "+v.text
	case v.pipe:
		b, err = io.ReadAll(io.LimitReader(env.Stdin, xml.MaxSize))
		what = "input from STDIN."
	default:
		complain(env, "No configuration source specified.  Use --help for usage information.")
		return v.words.noSource
	}
	if err != nil {
		if path != "" {
			sayMissing(env, v.verbose, path)
		}
		complain(env, "Couldn't parse "+what)
		return v.words.unreadable
	}
	src := readSource(path, b)
	if path != "" || len(b) > 0 { // of no text at all nothing is said
		src.tellDefects(env, v.verbose)
	}
	if src.doc == nil {
		complain(env, "Couldn't parse "+what)
		return v.words.unreadable
	}
	return v.check(src)
}

// sayMissing says in libxml2's words that a file cannot be read.
func sayMissing(env *tool.Env, verbose int, path string) {
	text := "failed to load external entity \"" + path + "\""
	say(env, verbose, 1, pengine.Error, generationOf(env).library, "XML Error: I/O warning : "+text)
	say(env, verbose, 1, pengine.Error, "filename2xml", "Parsing failed (domain=8, level=1, code=1549): "+text)
	say(env, verbose, 1, pengine.Error, "filename2xml", "Couldn't parse "+path)
}

// live checks the configuration of the cluster, or of the file that stands for
// it.
func (v *verification) live(ctx context.Context) int {
	env := v.env
	if place := client.PlaceFromEnv(); place.File != "" && place.User == "" {
		if src := acceptable(env, place.File); src != nil {
			return v.check(src)
		}
		return v.noLive()
	}
	doc, err := readCIB(ctx, env, "crm_verify")
	switch {
	case err == nil:
		return v.check(&source{doc: doc})
	case !v.words.namesError || errors.Is(err, client.ErrNotRunning):
		return v.noLive()
	}
	env.Errorf("Live CIB query failed: %v\n", err)
	return v.words.noLiveCode
}

// acceptable reads the file that stands for the cluster, nil if it does not
// conform to its schema.
func acceptable(env *tool.Env, file string) *source {
	b, err := os.ReadFile(env.Path(file))
	if err != nil {
		return nil
	}
	src := readSource(file, b)
	if src.doc == nil {
		return nil
	}
	l := lineage(env, src.doc)
	if claimed := src.doc.Get("validate-with"); claimed != "" && claimed != schema.None && (!l.Has(claimed) || l.Check(src.doc, claimed) != nil) {
		return nil
	}
	return src
}

// noLive says that there is no cluster to ask.
func (v *verification) noLive() int {
	complain(v.env, v.words.noLive)
	return v.words.noLiveCode
}

// check checks a document.
func (v *verification) check(src *source) int {
	env, doc := v.env, src.doc
	if doc.Name != "cib" {
		complain(env, "This tool can only check complete configurations (i.e. those starting with <cib>).")
		return v.words.foreign
	}
	v.findings = src.findings(env)
	if v.save != "" {
		// The original says nothing of a file that it cannot write.
		_ = os.WriteFile(env.Path(v.save), doc.Format(), v.words.mode)
	}
	// Without a status there is nothing to plan for: the configuration alone is
	// judged.
	withStatus := doc.Child("status") != nil || v.fromCluster
	doc.Ensure("status")
	if !v.measure(src) {
		return v.verdict(notValid, v.words.hint)
	}
	old := generationOf(env).modernise(env, doc)
	for _, s := range []string{"crm_config", "nodes", "resources", "constraints"} {
		doc.Ensure("configuration").Ensure(s)
	}
	r, err := pengine.Plan(doc, pengine.Options{Now: time.Now(), Check: !withStatus})
	if err != nil {
		say(env, 1, 0, pengine.Error, "main", err.Error())
		return v.verdict(notValid, v.words.hint)
	}
	bad, doubtful := v.tell(r.Messages(), old)
	v.sayPlan(r)
	switch {
	case bad:
		return v.verdict(notValid, v.words.hint)
	case doubtful:
		return v.verdict("Warnings found during check: config may not be valid", v.words.hintDoubtful)
	}
	return 0
}

// measure tells whether a document is one that this pacemaker can read, and
// says why not.
func (v *verification) measure(src *source) bool {
	claimed := src.doc.Get("validate-with")
	switch {
	case claimed == "":
		src.tryAll(v.env, v.verbose, src.place)
	case claimed != schema.None:
		if src.conforms(v.env, claimed) {
			return true
		}
		say(v.env, v.verbose, 1, pengine.Error, "main", v.words.invalid)
		return false
	}
	v.env.Errorf("%s\n", generationOf(v.env).unvalidated)
	return true
}

// tell says what the planner has to say, old being what is out of date in the
// configuration, and whether that makes it invalid or doubtful.
func (v *verification) tell(list []pengine.Message, old []string) (bad, doubtful bool) {
	sayOld := func() {
		for _, text := range old {
			say(v.env, v.verbose, 2, pengine.Warning, "unpack_config", text)
		}
		old = nil
	}
	for _, msg := range list {
		if msg.Origin != "cluster_option_value" { // those about values come first
			sayOld()
		}
		said := generationOf(v.env).reword(msg)
		if len(said) > 0 && counts(msg) {
			bad = bad || msg.Severity == pengine.Error
			doubtful = doubtful || msg.Severity == pengine.Warning
		}
		for _, msg := range said {
			if msg.Origin == "crm_abort" {
				v.verbose = max(v.verbose, 1) // from then on 1.1.20 shows its errors
			}
			say(v.env, v.verbose, severityLevel[msg.Severity], msg.Severity, msg.Origin, msg.Text)
		}
	}
	sayOld()
	return bad, doubtful
}

// severityLevel is how often -V must be given to see messages of a severity.
var severityLevel = map[pengine.Severity]int{pengine.Error: 1, pengine.Warning: 2, pengine.Notice: 3, pengine.Info: 4}

// counts tells whether a message makes a configuration invalid or doubtful.
func counts(m pengine.Message) bool {
	switch m.Note {
	case pengine.NoteDeprecated, pengine.NoteDeprecatedNow, pengine.NoteNegativeThreshold, pengine.NoteNoSuicide:
		return true
	}
	return !onlySaid[m.Origin]
}

// onlySaid are the origins of messages that are not about the configuration: what
// happened in the cluster, and how a value was read.
var onlySaid = map[string]bool{"unpack_config": true, "cluster_status": true, "scan_ll": true, "pcmk__scan_min_int": true,
	"crm_parse_interval_spec": true, "crm_time_parse_duration": true, "parse_date": true, "unpack_transient_attributes": true, "find_constraint_tag": true,
	"check_failure_threshold": true, "pcmk__primitive_create_actions": true, "pe_fence_node": true, "block_if_unrecoverable": true}

// sayPlan tells the actions of a plan as notices.
func (v *verification) sayPlan(r *pengine.Transition) {
	if v.verbose < 3 {
		return
	}
	layout := &status.Summary{Words: generationOf(v.env).prints.Words}
	for _, ch := range r.NodeChanges() {
		say(v.env, v.verbose, 3, pengine.Notice, v.words.nodeOrigin, v.words.action+layout.NodeLine(ch))
	}
	for _, ch := range r.Changes() {
		say(v.env, v.verbose, 3, pengine.Notice, v.words.actionOrigin, v.words.action+layout.Line(ch))
	}
}

// printFaults prints what libxml2 would about a document that does not conform.
func printFaults(env *tool.Env, err error, place func(*xml.Element) string) {
	var bad *schema.Invalid
	if !errors.As(err, &bad) {
		return
	}
	for _, f := range bad.Faults {
		if f.Node != nil && place != nil {
			env.Errorf("%s", place(f.Node))
		}
		env.Errorf("%s\n", f)
	}
}

// say prints a message if the verbosity is high enough for it.
func say(env *tool.Env, verbose, level int, s pengine.Severity, origin, text string) {
	if verbose < level {
		return
	}
	word := map[pengine.Severity]string{pengine.Error: "error", pengine.Warning: "warning", pengine.Notice: "notice", pengine.Info: "info"}[s]
	env.Errorf("%s\n", generationOf(env).message(word, origin, text))
}

const notValid = "Errors found during check: config not valid"

// verdict is the last line, with a hint for who asked for few words, and the
// exit status.
func (v *verification) verdict(text, hint string) int {
	if !v.quiet {
		complain(v.env, text)
		if v.verbose == 0 {
			v.env.Errorf("%s\n", hint)
		}
	}
	return v.words.notConform
}

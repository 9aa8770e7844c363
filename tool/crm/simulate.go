package crm

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/gocorosync/gocorosync/pacemakerd/client"
	"github.com/gocorosync/gocorosync/pacemakerd/iso8601"
	"github.com/gocorosync/gocorosync/pacemakerd/pengine"
	"github.com/gocorosync/gocorosync/pacemakerd/pengine/simulate"
	"github.com/gocorosync/gocorosync/pacemakerd/xml"
	"github.com/gocorosync/gocorosync/tool"
	"github.com/gocorosync/gocorosync/tool/option"
)

// simulation is one run of crm_simulate.
type simulation struct {
	env     *tool.Env
	gen     *generation
	verbose int

	run, simulate, inPlace, scores, utilization bool
	attrs, failcounts, quiet, live, pipe, all   bool
	pending, fancy                              bool
	input, at, saveInput, saveOutput            string
	graphFile, dotFile                          string
	quorum, watchdog                            string
	why, output, outputTo, folder               string
	repeat                                      int
	src                                         *source
	up, down, fail, inject, failing             []string
	grant, revoke, standby, activate            []string

	when  time.Time
	fixed bool
}

func (s *simulation) table() *option.Program {
	simulate := option.All(option.On(&s.run), option.On(&s.simulate))
	return program("crm_simulate", "simulate a Pacemaker cluster's response to events", "[OPTION?]", &s.verbose, []option.Option{
		{Flags: "-Q --quiet", Text: "Display only essential output", To: option.On(&s.quiet)},
		{Flags: "-R --run", Text: "Process the supplied input and show what actions the cluster will take in response", To: option.On(&s.run)},
		{Flags: "-S --simulate", Text: "Like --run, but also simulate taking those actions and show the resulting new status", To: simulate},
		{Flags: "-X --in-place", Text: "Like --simulate, but also store the results back to the input file", To: option.All(simulate, option.On(&s.inPlace))},
		{Flags: "-A --show-attrs", Text: "Show node attributes", To: option.On(&s.attrs)},
		{Flags: "-c --show-failcounts", Text: "Show resource fail counts", To: option.On(&s.failcounts)},
		{Flags: "-s --show-scores", Text: "Show allocation scores", To: option.On(&s.scores)},
		{Flags: "-U --show-utilization", Text: "Show utilization information", To: option.On(&s.utilization)},
		{Flags: "-L --live-check", Text: "Connect to CIB manager and use the current CIB contents as input", To: option.On(&s.live)},
		{Flags: "-x --xml-file", Arg: "FILE", Text: "Retrieve XML from the named file", Values: option.Files(), To: option.Text(&s.input)},
		{Flags: "-p --xml-pipe", Text: "Retrieve XML from stdin", To: option.On(&s.pipe)},
		{Flags: "-u --node-up", Arg: "NODE", Text: "Simulate bringing a node online", To: option.List(&s.up)},
		{Flags: "-d --node-down", Arg: "NODE", Text: "Simulate taking a node offline", To: option.List(&s.down)},
		{Flags: "-f --node-fail", Arg: "NODE", Text: "Simulate a node failing", To: option.List(&s.fail)},
		{Flags: "-i --op-inject", Arg: "OPSPEC", Text: "Generate a failure for the cluster to react to in the simulation", To: option.List(&s.inject)},
		{Flags: "-F --op-fail", Arg: "OPSPEC", Text: "If the specified task occurs during the simulation, have it fail with return code ${rc}", To: option.List(&s.failing)},
		{Flags: "-t --set-datetime", Arg: "DATETIME", Text: "Set date/time (ISO 8601 format, see https://en.wikipedia.org/wiki/ISO_8601)", To: option.Text(&s.at)},
		{Flags: "-q --quorum", Arg: "QUORUM", Text: "Set to '1' (or 'true') to indicate cluster has quorum", To: option.Text(&s.quorum)},
		{Flags: "-w --watchdog", Arg: "DEVICE", Text: "Set to '1' (or 'true') to indicate cluster has an active watchdog device", To: option.Text(&s.watchdog)},
		{Flags: "-g --ticket-grant", Arg: "TICKET", Text: "Simulate granting a ticket", To: option.List(&s.grant)},
		{Flags: "-r --ticket-revoke", Arg: "TICKET", Text: "Simulate revoking a ticket", To: option.List(&s.revoke)},
		{Flags: "-b --ticket-standby", Arg: "TICKET", Text: "Simulate making a ticket standby", To: option.List(&s.standby)},
		{Flags: "-e --ticket-activate", Arg: "TICKET", Text: "Simulate activating a ticket", To: option.List(&s.activate)},
		{Flags: "-I --save-input", Arg: "FILE", Text: "Save the input configuration to the named file", Values: option.Files(), To: option.Text(&s.saveInput)},
		{Flags: "-O --save-output", Arg: "FILE", Text: "Save the output configuration to the named file", Values: option.Files(), To: option.Text(&s.saveOutput)},
		{Flags: "-G --save-graph", Arg: "FILE", Text: "Save the transition graph (XML format) to the named file", Values: option.Files(), To: option.Text(&s.graphFile)},
		{Flags: "-D --save-dotfile", Arg: "FILE", Text: "Save the transition graph (DOT format) to the named file", Values: option.Files(), To: option.Text(&s.dotFile)},
		{Flags: "-a --all-actions", Text: "Display all possible actions in DOT graph (even if not part of transition)", To: option.On(&s.all)},
		{Flags: "-j --pending", To: option.On(&s.pending)},
		{Flags: "--why", Arg: "RES[@NODE]", Text: "Show why a resource will run where it will, and what each score is made of", To: option.Text(&s.why)},
		{Flags: "--output-as", Arg: "FORMAT", Text: "Format of the output: text or xml, with --why also json", Values: option.Words("text", "xml", "json"), To: option.Text(&s.output)},
		{Flags: "--output-to", Arg: "DEST", Text: "File to write the output to, \"-\" for standard output", Values: option.Files(), To: option.Text(&s.outputTo)},
		{Flags: "-P --profile", Arg: "DIR", Text: "Process all the XML files in the named directory to create profiling data", Values: option.Dirs(), To: option.Text(&s.folder)},
		{Flags: "-N --repeat", Arg: "N", Text: "With --profile, repeat each test N times and print timings", To: s.setRepeat},
		{Flags: "--text-fancy", Text: "Headings and bullets in text also where scores are shown", To: option.On(&s.fancy)},
	})
}

func (s *simulation) setRepeat(v string) (err error) {
	if s.repeat, err = strconv.Atoi(v); err != nil {
		return errOption("Cannot parse integer value “" + v + "” for --repeat")
	}
	return nil
}

// Simulate is the tool crm_simulate: what the cluster would do about a CIB
// (scheduler.md 23).
func Simulate(ctx context.Context, env *tool.Env) int {
	s := &simulation{env: env, gen: generationOf(env)}
	if done, status := parse(env, s.table()); done {
		return status
	}
	if s.why == "" && s.output != "" && s.output != "text" && (s.output != "xml" || s.gen.prints.Simulation.XML == nil) {
		if s.gen.prints.Simulation.XML == nil {
			return env.Fail(exitUsage(env), "--output-as %s works with --why only", s.output)
		}
		env.Errorf("Error creating output format %s: Unknown output format\n", s.output)
		return exitNoSuch
	}
	if s.outputTo == "" || s.outputTo == "-" {
		return s.do(ctx)
	}
	return s.toFile(ctx)
}

// toFile runs the simulation with its output going to a file.
func (s *simulation) toFile(ctx context.Context) int {
	f, err := os.Create(s.env.Path(s.outputTo))
	if err != nil {
		s.env.Errorf("Error creating output format %s: %s\n", cmp.Or(s.output, "(null)"), cause(err))
		return exitNoSuch
	}
	env := *s.env
	env.Stdout = f
	s.env = &env
	code := s.do(ctx)
	if err := f.Close(); err != nil && code == 0 {
		return s.env.Fail(exitError, "%v", err)
	}
	return code
}

// cause is what the system says of an error, without what was tried.
func cause(err error) string {
	var number syscall.Errno
	if !errors.As(err, &number) {
		return err.Error()
	}
	text := number.Error()
	return strings.ToUpper(text[:1]) + text[1:]
}

// toPlan tells whether more than the state is asked for.
func (s *simulation) toPlan() bool {
	return s.run || s.scores || s.utilization || s.graphFile != "" || s.dotFile != ""
}

func (s *simulation) do(ctx context.Context) int {
	if s.folder != "" && s.gen.simulate.profiles {
		return s.profile()
	}
	cib, err := s.read(ctx)
	if errors.Is(err, errNoCIB) {
		if errors.Is(err, client.ErrRemote) {
			s.env.Errorf("%s: %v\n", s.env.Name, err)
		}
		complain(s.env, s.gen.simulate.noLive)
		return s.gen.simulate.noLiveCode
	}
	if err != nil {
		code := s.env.Fail(s.gen.simulate.unreadable, "%v", err)
		if s.inXML() {
			s.form().End(s.ending(code, ""))
		}
		return code
	}
	cib, code := s.prepare(cib)
	if code != 0 {
		return code
	}
	s.when = time.Now()
	if s.at != "" {
		t, err := iso8601.Parse(s.at, s.when)
		if err != nil {
			return s.env.Fail(exitUsage(s.env), "invalid date: %v", err)
		}
		s.when, s.fixed = t, true
	}
	if s.why != "" {
		return s.explain(cib)
	}
	return s.show(cib)
}

// inXML tells whether XML is printed; with --why that is another one.
func (s *simulation) inXML() bool { return s.output == "xml" && s.gen.prints.Simulation.XML != nil }

func (s *simulation) read(ctx context.Context) (*xml.Element, error) {
	var b []byte
	var err error
	switch {
	case s.pipe || s.input == "-":
		b, err = io.ReadAll(s.env.Stdin)
	case s.input != "":
		b, err = os.ReadFile(s.env.Path(s.input))
	default:
		doc, err := readCIB(ctx, s.env, "crm_simulate")
		if err != nil {
			return nil, fmt.Errorf("%w: %w", errNoCIB, err)
		}
		return doc, nil
	}
	if err != nil {
		return nil, err
	}
	s.src = readSource(s.input, b)
	s.src.tellDefects(s.env, s.verbose)
	if s.src.doc == nil {
		return nil, errNoDocument
	}
	return s.src.doc, nil
}

// errNoCIB is the error of a cluster, or of a file in its place, that cannot be
// read.
var errNoCIB = errors.New("the CIB cannot be read")

// errNoDocument is the error of a file without any element.
var errNoDocument = errors.New("the input is not XML")

// prepare brings the document into the shape the planner wants.
func (s *simulation) prepare(cib *xml.Element) (*xml.Element, int) {
	if s.src == nil {
		s.src = &source{doc: cib} // the cluster's own
	}
	if code := s.conforms(cib); code != 0 {
		return nil, code
	}
	if cib.Name != "cib" || cib.Child("configuration") == nil {
		return nil, s.env.Fail(exitConfig, "the input is not a CIB with a configuration")
	}
	return cib, 0
}

func (s *simulation) options() pengine.Options {
	return pengine.Options{Now: s.when, Fixed: s.fixed, Sanitized: true, Scores: s.scores, Utilization: s.utilization && s.gen.simulate.rooms, Explain: s.why != ""}
}

// faults reads the -F specifications.
func (s *simulation) faults() (list []simulate.Fault, err error) {
	for _, spec := range s.failing {
		key, node, rc, err := parseOpSpec(spec)
		if err != nil {
			return nil, err
		}
		list = append(list, simulate.Fault{Key: key, Node: node, RC: rc})
	}
	return list, nil
}

func parseOpSpec(spec string) (key, node string, rc int, err error) {
	key, rest, ok1 := strings.Cut(spec, "@")
	node, code, ok2 := strings.Cut(rest, "=")
	if !ok1 || !ok2 {
		return "", "", 0, fmt.Errorf("operation specification %q is not RESOURCE_TASK_MS@NODE=RC", spec)
	}
	if _, err := fmt.Sscanf(code, "%d", &rc); err != nil {
		return "", "", 0, fmt.Errorf("operation specification %q: result %q is not a number", spec, code)
	}
	return key, node, rc, nil
}

func (s *simulation) save(r *pengine.Transition) error {
	if s.graphFile != "" {
		if err := os.WriteFile(s.env.Path(s.graphFile), r.Graph.Format(), 0o644); err != nil {
			return err
		}
	}
	if s.dotFile != "" {
		return os.WriteFile(s.env.Path(s.dotFile), []byte(simulate.Dot(r, s.all, s.verbose > 0)), 0o644)
	}
	return nil
}

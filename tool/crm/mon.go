package crm

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/gocorosync/gocorosync/pacemakerd/client"
	"github.com/gocorosync/gocorosync/pacemakerd/pengine"
	"github.com/gocorosync/gocorosync/pacemakerd/schema"
	"github.com/gocorosync/gocorosync/pacemakerd/status"
	"github.com/gocorosync/gocorosync/pacemakerd/xml"
	"github.com/gocorosync/gocorosync/tool"
	"github.com/gocorosync/gocorosync/tool/option"
)

// monitor is one run of crm_mon.
type monitor struct {
	env                       *tool.Env
	gen                       *generation
	view                      status.View
	flagged                   status.Sections // by switches alone; our HTML of 2.1.5 takes no notice of lists of sections
	once, nagios, asXML, cgi  bool
	file, output, every, page string
	verbose                   int
}

func (m *monitor) table() *option.Program {
	show := func(part status.Sections, flags ...*bool) func(string) error {
		return func(string) error {
			m.show(part)
			for _, f := range flags {
				*f = true
			}
			return nil
		}
	}
	v := &m.view
	return program("crm_mon", "Provides a summary of cluster's current state", "mode [options]", &m.verbose, []option.Option{
		{Flags: "-1 --one-shot", Text: "Display the cluster status once on the console and exit", To: option.On(&m.once)},
		{Flags: "-r --inactive", Text: "Display inactive resources", To: option.On(&v.Inactive)},
		{Flags: "-n --group-by-node", Text: "Group resources by node", To: option.On(&v.ByNode)},
		{Flags: "-o --operations", Text: "Display resource operation history", To: show(status.ShowOperations)},
		{Flags: "-t --timing-details", Text: "Display resource operation history with timing details", To: show(status.ShowOperations, &v.Timing)},
		{Flags: "-f --failcounts", Text: "Display resource fail counts", To: show(status.ShowFailCounts)},
		{Flags: "-A --show-node-attributes", Text: "Display node attributes", To: show(status.ShowAttributes)},
		{Flags: "-c --tickets", Text: "Display cluster tickets", To: show(status.ShowTickets)},
		{Flags: "-L --neg-locations", Text: "Display negative location constraints", Only: "el7", To: show(status.ShowBans)},
		{Flags: "-L --neg-locations", Text: "Display negative location constraints", Only: "el9", May: true, To: m.showBans},
		{Flags: "-R --show-detail", Text: "Show more details (node IDs, individual clone instances)", To: option.On(&v.Detail)},
		{Flags: "-D --hide-headers", Text: "Hide all headers", To: m.hideHeaders},
		{Flags: "-b --brief", Text: "Brief output", To: option.On(&v.Brief)},
		{Flags: "-j --pending", Text: "Display pending state if 'record-pending' is enabled", To: option.On(&v.Pending)},
		{Flags: "-s --simple-status", Text: "Display the cluster status once as a simple one line output (suitable for nagios)", To: option.On(&m.nagios)},
		{Flags: "-i --interval", Arg: "value", Text: "Update frequency in seconds", To: option.Text(&m.every)},
		{Flags: "-x --xml-file", Arg: "value", Text: "Read the CIB from a file", Values: option.Files(), To: option.Text(&m.file)},
		{Flags: "-h --as-html", Arg: "value", Text: "Write cluster status to the named html file", Values: option.Files(), To: option.Text(&m.page)},
		{Flags: "-X --as-xml", Text: "Write cluster status as xml to stdout. This will enable one-shot mode.", To: show(0, &m.asXML, &m.once)},
		{Flags: "-w --web-cgi", Text: "Web mode with output suitable for CGI (preselected when run as *.cgi)", To: show(0, &m.cgi, &m.once)},
		{Flags: "--output-as", Arg: "value", Text: "Format of the output: text, xml or html", Values: option.Words("text", "xml", "html"), To: option.Text(&m.output)},
		{Flags: "-m --fence-history", Only: "el7"},
		{Flags: "-m --fence-history", Only: "el9", May: true, To: isHistory},
		{Flags: "-N --disable-ncurses"},
		{Flags: "-d --daemonize", To: func(string) error {
			return errOption("option '--daemonize' is not supported; run crm_mon from a service manager")
		}},
		{Flags: "-I --include", Arg: "value", Text: "Sections to include in the output, with commas between them", Only: "el9", To: m.include},
		{Flags: "-U --exclude", Arg: "value", Text: "Sections to exclude from the output", Only: "el9", To: m.exclude},
	})
}

// Mon is the tool crm_mon.
func Mon(ctx context.Context, env *tool.Env) int {
	m := &monitor{env: env, gen: generationOf(env), flagged: status.ShowDefault}
	m.view.Sections = status.ShowDefault
	if done, code := parse(env, m.table()); done {
		return code
	}
	switch m.output {
	case "", "text", "console":
	case "xml", "html":
		m.once = true
	default:
		return env.Fail(exitUsage(env), "output format %q is unknown; there are text, xml and html", m.output)
	}
	if m.file == "" {
		if p := client.PlaceFromEnv(); p.User == "" { // else access control has a word in it
			m.file = p.File
		}
	}
	if m.cgi && !m.gen.mon.anyFile && m.file != "" {
		// A web server's user must not choose what file is read.
		m.env.Printf("Content-Type: text/plain\nStatus: 500\n\n")
		return exitUsage2
	}
	if !m.once && !m.nagios && m.file == "" {
		return m.watch(ctx)
	}
	return m.look(ctx)
}

func (m *monitor) hideHeaders(string) error {
	m.view.Sections &^= status.ShowSummary | status.ShowMaintenance
	m.flagged &^= status.ShowSummary | status.ShowMaintenance
	return nil
}

// show adds a section to what is shown.
func (m *monitor) show(part status.Sections) {
	m.view.Sections |= part
	m.flagged |= part
}

// look prints the status once.
func (m *monitor) look(ctx context.Context) int {
	doc, code := m.read(ctx)
	if doc == nil {
		return code
	}
	format, sections := m.format()
	constraints := format.Shows(sections, status.ShowTickets|status.ShowBans)
	c, err := pengine.Status(doc, pengine.Options{Now: time.Now(), Fixed: true, Constraints: constraints})
	if err != nil {
		return m.env.Fail(exitConfig, "%v", err)
	}
	if m.nagios {
		return m.simple(c)
	}
	v := m.view
	v.Sections = sections
	v.Now, v.Live, v.Request = time.Now(), m.file == "", commandLine(m.env)
	v.CGI, v.Page, v.Refresh = m.cgi, m.page != "", m.interval()
	if m.page == "" {
		format.Print(m.env.Stdout, c, v)
		return 0
	}
	var b bytes.Buffer
	format.Print(&b, c, v)
	if err := os.WriteFile(m.env.Path(m.page), b.Bytes(), 0o644); err != nil {
		return m.env.Fail(exitError, "%v", err)
	}
	return 0
}

// format is the one that was asked for, and the sections that it shows.
// --output-as is of 2.1.5 and means its formats; a generation without it has
// switches of its own, which come first.
func (m *monitor) format() (status.Format, status.Sections) {
	own := m.gen.prints
	switch {
	case m.page != "", m.cgi && m.gen.mon.own && !m.asXML:
		return own.HTML, m.flagged
	case m.asXML && m.gen.mon.own:
		return own.XML, m.view.Sections
	case m.output == "xml":
		return status.EL9.XML, m.view.Sections
	case m.output == "html", m.cgi:
		return status.EL9.HTML, m.flagged
	}
	return own.Text, m.view.Sections
}

func (m *monitor) read(ctx context.Context) (*xml.Element, int) {
	if m.file != "" {
		b, err := os.ReadFile(m.env.Path(m.file))
		if err != nil {
			return nil, m.gen.mon.unread(m.env, err)
		}
		src := readSource(m.file, b)
		if doc := m.accept(src); doc != nil {
			return doc, 0
		}
		return nil, m.gen.mon.refused(m, src.doc != nil && src.doc.Name != "cib")
	}
	doc, err := readCIB(ctx, m.env, "crm_mon")
	if err != nil {
		if client.PlaceFromEnv().Elsewhere() {
			word, status := unconnected(m.env, err)
			m.env.Errorf("Could not connect to the CIB: %s\n", word)
			return nil, status
		}
		if word, status := notLetIn(m.env, err); status == exitNoPrivilege {
			m.env.Errorf("%s: Connection to cluster failed: %s\n", m.env.Name, word)
			return nil, status
		}
		if !errors.Is(err, client.ErrNotRunning) {
			return nil, m.env.Fail(exitError, "%v", err)
		}
		return nil, m.gen.mon.noCluster(m.env)
	}
	m.gen.modernise(m.env, doc)
	return doc, 0
}

// accept returns the CIB in a file if it conforms to its schema. One that
// claims none is measured by all.
func (m *monitor) accept(src *source) *xml.Element {
	if src.doc == nil {
		return nil
	}
	l := lineage(m.env, src.doc)
	switch claimed := src.doc.Get("validate-with"); {
	case claimed == "":
		src.tryAll(m.env, m.verbose, src.place)
	case claimed != schema.None && (!l.Has(claimed) || l.Check(src.doc, claimed) != nil):
		return nil
	}
	if src.doc.Name != "cib" || src.doc.Child("configuration") == nil {
		return nil
	}
	if v := src.doc.Get("validate-with"); v == "" || v == schema.None {
		m.env.Errorf("%s\n", m.gen.unvalidated)
	}
	m.gen.modernise(m.env, src.doc)
	return src.doc
}

// watch prints the status again and again until it is interrupted.
func (m *monitor) watch(ctx context.Context) int {
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	every := m.interval()
	for {
		if m.page == "" {
			m.env.Printf("\x1b[H\x1b[2J")
		}
		m.look(ctx)
		select {
		case <-ctx.Done():
			return 0
		case <-time.After(every):
		}
	}
}

// interval is how often the status is looked at.
func (m *monitor) interval() time.Duration {
	var seconds int
	if _, err := fmt.Sscan(strings.TrimSuffix(m.every, "s"), &seconds); err == nil && seconds > 0 {
		return time.Duration(seconds) * time.Second
	}
	return 5 * time.Second
}

// simple is one line for a monitoring system.
func (m *monitor) simple(c *pengine.Cluster) int {
	online, standby := 0, 0
	var problems []string
	for _, n := range c.Nodes {
		switch {
		case n.Kind == pengine.Ping:
		case n.Standby && n.Online:
			standby++
		case n.Online && (m.gen.mon.uncleanIsThere || !n.Unclean && !n.Pending):
			online++
		case n.Unclean || !n.Online:
			problems = append(problems, "offline node: "+n.Name)
		}
	}
	if c.DC == nil || len(problems) > 0 {
		return m.gen.mon.warn(m.env, problems, c.DC != nil)
	}
	n := c.Count().Instances
	text := ""
	if standby > 0 {
		text = fmt.Sprintf(", %d standby node%s", standby, plural(standby))
	}
	m.env.Printf("CLUSTER OK: %d node%s online%s, %d %s%s configured\n", online, plural(online), text, n, m.gen.mon.resource, plural(n))
	return 0
}

func plural(n int) string {
	if n == 1 {
		return ""
	}
	return "s"
}

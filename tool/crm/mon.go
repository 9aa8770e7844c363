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

	"github.com/gocorosync/gocorosync/conf"
	"github.com/gocorosync/gocorosync/pacemakerd/cib"
	"github.com/gocorosync/gocorosync/pacemakerd/client"
	"github.com/gocorosync/gocorosync/pacemakerd/pengine"
	"github.com/gocorosync/gocorosync/pacemakerd/schema"
	"github.com/gocorosync/gocorosync/pacemakerd/xml"
	"github.com/gocorosync/gocorosync/tool"
)

// monitor is one run of crm_mon.
type monitor struct {
	env                                            *tool.Env
	once, inactive, byNode, ops, timing, failcount bool
	attributes, ids, tickets, bans, brief, noHead  bool
	nagios, pending, asXML, cgi                    bool
	file, output, interval, page                   string
	verbose                                        int
	shows                                          sections // of the text of 2.1.5
	banPrefix                                      string
}

// Mon is the tool crm_mon.
func Mon(ctx context.Context, env *tool.Env) int {
	m := &monitor{env: env, shows: showDefault}
	el9 := env.Profile == conf.EL9
	if el9 {
		env.Args = optionalArguments(env.Args)
	}
	show := func(part sections, flags ...*bool) func(string) error {
		return func(string) error {
			m.shows |= part
			for _, f := range flags {
				*f = true
			}
			return nil
		}
	}
	all := func(flags ...*bool) func(string) error {
		return func(string) error {
			for _, f := range flags {
				*f = true
			}
			return nil
		}
	}
	opts := []option{
		{short: '1', long: "one-shot", help: "Display the cluster status once on the console and exit", flag: &m.once},
		{short: 'r', long: "inactive", help: "Display inactive resources", flag: &m.inactive},
		{short: 'n', long: "group-by-node", help: "Group resources by node", flag: &m.byNode},
		{short: 'o', long: "operations", help: "Display resource operation history", call: show(showOperations, &m.ops)},
		{short: 't', long: "timing-details", help: "Display resource operation history with timing details", call: show(showOperations, &m.ops, &m.timing)},
		{short: 'f', long: "failcounts", help: "Display resource fail counts", call: show(showFailCounts, &m.failcount)},
		{short: 'A', long: "show-node-attributes", help: "Display node attributes", call: show(showAttributes, &m.attributes)},
		{short: 'c', long: "tickets", help: "Display cluster tickets", call: show(showTickets, &m.tickets)},
		{short: 'L', long: "neg-locations", help: "Display negative location constraints", call: show(showBans, &m.bans)},
		{short: 'R', long: "show-detail", help: "Show more details (node IDs, individual clone instances)", flag: &m.ids},
		{short: 'D', long: "hide-headers", help: "Hide all headers", call: func(string) error {
			m.shows &^= showSummary | showMaintenance
			m.noHead = true
			return nil
		}},
		{short: 'b', long: "brief", help: "Brief output", flag: &m.brief},
		{short: 'j', long: "pending", help: "Display pending state if 'record-pending' is enabled", flag: &m.pending},
		{short: 's', long: "simple-status", help: "Display the cluster status once as a simple one line output (suitable for nagios)", flag: &m.nagios},
		{short: 'i', long: "interval", arg: "value", help: "Update frequency in seconds", value: &m.interval},
		{short: 'x', long: "xml-file", arg: "value", help: "Read the CIB from a file", value: &m.file},
		{short: 'h', long: "as-html", arg: "value", help: "Write cluster status to the named html file", value: &m.page},
		{short: 'X', long: "as-xml", help: "Write cluster status as xml to stdout. This will enable one-shot mode.", call: all(&m.asXML, &m.once)},
		{short: 'w', long: "web-cgi", help: "Web mode with output suitable for CGI (preselected when run as *.cgi)", call: all(&m.cgi, &m.once)},
		{long: "output-as", arg: "value", help: "Format of the output: text, xml or html", value: &m.output},
		{short: 'm', long: "fence-history", call: func(string) error { return nil }},
		{short: 'N', long: "disable-ncurses", call: func(string) error { return nil }},
		{short: 'd', long: "daemonize", call: func(string) error {
			return errOption("option '--daemonize' is not supported; run crm_mon from a service manager")
		}},
	}
	if el9 {
		opts = append(opts,
			option{short: 'I', long: "include", arg: "value", help: "Sections to include in the output, with commas between them", call: m.include},
			option{short: 'U', long: "exclude", arg: "value", help: "Sections to exclude from the output", call: m.exclude},
			option{long: "neg-locations-of", arg: "value", call: func(prefix string) error {
				m.shows |= showBans
				m.bans, m.banPrefix = true, prefix
				return nil
			}})
	}
	if _, done, code := parse(env, &m.verbose, "Provides a summary of cluster's current state", "mode [options]", opts); done {
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
	if m.cgi && m.env.Profile != conf.EL9 && m.file != "" {
		// A web server's user must not choose what file is read.
		m.env.Printf("Content-Type: text/plain\nStatus: 500\n\n")
		return exitUsage2
	}
	if !m.once && !m.nagios && m.file == "" {
		return m.watch(ctx)
	}
	return m.show(ctx)
}

// show prints the status once.
func (m *monitor) show(ctx context.Context) int {
	doc, code := m.read(ctx)
	if doc == nil {
		return code
	}
	c, err := pengine.Status(doc, pengine.Options{Now: time.Now()})
	if err != nil {
		return m.env.Fail(exitConfig, "%v", err)
	}
	switch {
	case m.nagios:
		return m.simple(c)
	case m.page != "":
		return m.writePage(c)
	case m.asXML && m.env.Profile != conf.EL9:
		m.xml7(c)
	case m.cgi && m.env.Profile != conf.EL9:
		m.html7(m.env.Stdout, c)
	case m.output == "xml":
		m.xml9(c)
	case m.output == "html", m.cgi:
		if m.cgi {
			m.env.Printf("Content-Type: text/html\n\n")
		}
		m.html9(m.env.Stdout, c)
	case m.env.Profile == conf.EL9:
		m.text9(c)
	default:
		m.text7(c)
	}
	return 0
}

func (m *monitor) read(ctx context.Context) (*xml.Node, int) {
	if m.file != "" {
		b, err := os.ReadFile(m.env.Path(m.file))
		if err != nil && m.env.Profile == conf.EL9 {
			m.env.Errorf("Could not connect to the CIB: No such device or address\n")
			return nil, 0
		}
		if err != nil {
			return nil, m.env.Fail(exitError, "%v", err)
		}
		src := readSource(m.file, b)
		if doc := m.accept(src); doc != nil {
			return doc, 0
		}
		return nil, m.refused(src)
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
		if m.env.Profile == conf.EL9 {
			m.env.Errorf("%s: Connection to cluster failed: Connection refused\n", m.env.Name)
			return nil, exitDisconnect
		}
		m.env.Printf("\nError: cluster is not available on this node\n")
		return nil, int(syscall.ENOTCONN)
	}
	return doc, 0
}

// accept returns the CIB in a file if it conforms to its schema. One that
// claims none is measured by all.
func (m *monitor) accept(src *source) *xml.Node {
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
		m.env.Errorf("%s\n", unvalidated(m.env))
	}
	if m.env.Profile == conf.EL9 {
		tellUpgrade(m.env, src.doc)
	} else {
		inOldTerms(src.doc)
	}
	return src.doc
}

// refused says that the file is no CIB that conforms to its schema. What is no
// CIB at all does not count as a failure of the schema.
func (m *monitor) refused(src *source) int {
	why := cib.SchemaInvalid.Error()
	switch foreign := src.doc != nil && src.doc.Name != "cib"; {
	case m.env.Profile == conf.EL9 && !foreign:
		m.env.Errorf("Could not connect to the CIB: %s\n", why)
	case m.env.Profile == conf.EL9:
	case foreign:
		m.env.Printf("\nConnection to cluster failed: No such device or address\n")
		return int(syscall.ENXIO)
	default:
		m.env.Printf("\nConnection to cluster failed: %s\n", why)
		m.env.Errorf("%s: Connection to local file '%s' failed: %s\n", m.env.Name, m.file, why)
		return 203
	}
	return 0
}

// watch prints the status again and again until it is interrupted.
func (m *monitor) watch(ctx context.Context) int {
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	every := m.every()
	for {
		if m.page == "" {
			m.env.Printf("\x1b[H\x1b[2J")
		}
		m.show(ctx)
		select {
		case <-ctx.Done():
			return 0
		case <-time.After(every):
		}
	}
}

// every is how often the status is looked at.
func (m *monitor) every() time.Duration {
	var seconds int
	if _, err := fmt.Sscan(strings.TrimSuffix(m.interval, "s"), &seconds); err == nil && seconds > 0 {
		return time.Duration(seconds) * time.Second
	}
	return 5 * time.Second
}

// writePage writes the status to a file for a web server.
func (m *monitor) writePage(c *pengine.Cluster) int {
	var b bytes.Buffer
	if m.env.Profile == conf.EL9 {
		m.html9(&b, c)
	} else {
		m.html7(&b, c)
	}
	path := m.env.Path(m.page)
	if err := os.WriteFile(path, b.Bytes(), 0o644); err != nil {
		return m.env.Fail(exitError, "%v", err)
	}
	return 0
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
		case n.Online && !n.Unclean && !n.Pending:
			online++
		case n.Unclean || !n.Online:
			problems = append(problems, "offline node: "+n.Name)
		}
	}
	if m.env.Profile == conf.EL9 && (c.DC == nil || len(problems) > 0) {
		text := strings.Join(problems, " ")
		if c.DC == nil {
			text = "No DC, " + text
		}
		m.env.Printf("CLUSTER WARN: %s\n", strings.TrimSuffix(text, ", "))
		m.env.Errorf("Error outputting status info from the fencer or CIB\n")
		return 0
	}
	if c.DC == nil {
		problems = append(problems, "no DC")
	}
	if len(problems) > 0 {
		m.env.Printf("CLUSTER WARN: %s\n", strings.Join(problems, ", "))
		return 1
	}
	n := c.Count().Instances
	text := ""
	if standby > 0 {
		text = fmt.Sprintf(", %d standby node%s", standby, plural(standby))
	}
	what := "resource"
	if m.env.Profile == conf.EL9 {
		what = "resource instance"
	}
	m.env.Printf("CLUSTER OK: %d node%s online%s, %d %s%s configured\n", online, plural(online), text, n, what, plural(n))
	return 0
}

func plural(n int) string {
	if n == 1 {
		return ""
	}
	return "s"
}

// stack is the kind of cluster, as the coordinator wrote it down.
func stack(c *pengine.Cluster) string {
	if v := c.Option("cluster-infrastructure"); v != "" {
		return v
	}
	return "unknown"
}

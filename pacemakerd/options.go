package pacemakerd

import (
	"errors"

	"github.com/gocorosync/gocorosync/conf"
	"github.com/gocorosync/gocorosync/tool/option"
)

// options are pacemakerd's command line.
type options struct{ verbose int }

// Program is the table of its options.
func Program() *option.Program { return new(options).table() }

var (
	errFeatures = errors.New("the feature set is asked for")
	errRefused  = errors.New("not supported yet")
)

// exitUsage is the status of a command line that is wrong.
const exitUsage = 64

func (o *options) table() *option.Program {
	p := &option.Program{
		Name: "pacemakerd", Section: 8, Purpose: "start the Pacemaker cluster resource manager on this node", Synopsis: []string{"[options]"},
		About: []string{
			"One process is what the original has seven daemons for. It needs corosync, ours or the original, and comes again by itself when it dies.",
			"SIGTERM stops the resources of this node, then pacemakerd ends.",
		},
		Posix: true,
		Groups: []option.Group{{Options: []option.Option{
			{Flags: "-? --help", Text: "Show this text and exit", To: option.Help},
			{Flags: "-$ --version", Text: "Show version information and exit", To: option.Version},
			{Flags: "-V --verbose", Text: "Increase debug output (repeat for more)", To: option.Count(&o.verbose)},
			{Flags: "-F --features", Text: "Show the feature set, schema and exit", To: func(string) error { return errFeatures }},
			{Flags: "-p --pid-file", Arg: "FILE", Text: "(ignored; the service manager keeps track)"},
			{Flags: "-s --standby", Text: "Start this node in standby (not supported yet)", To: func(string) error { return errRefused }},
			{Flags: "-f"}, // of old init scripts
		}}},
		Status: []string{"0: ended in good order, or done", "64: wrong usage", "77: not started by root"},
		Files:  []string{"/var/log/pacemaker/pacemaker.log: the log, unless PCMK_logfile names another file", "/var/lib/pacemaker: the state"},
		See:    []string{"corosync(8)", "crm_mon(8)", "pcs(8)"},
	}
	p.Usage = func(conf.Profile) string {
		return "Usage: pacemakerd [options]\n\nStart the Pacemaker cluster resource manager on this node.\n\n" + p.Rows(conf.EL9, 20)
	}
	return p
}

// read reads the command line; there are no operands. With an error comes the
// word that is the cause of it.
func (o *options) read(args []string) (word string, err error) {
	r := o.table().Reader(conf.EL9, args)
	for {
		more, err := r.Next()
		switch {
		case err != nil:
			return r.Word(), err
		case !more && len(r.Operands) > 0:
			return r.Operands[0], errRefused
		case !more:
			return "", nil
		}
	}
}

// complaint is what is said of a word that cannot be read.
func complaint(word string, err error) string {
	var bad *option.Error
	if errors.As(err, &bad) && bad.Problem != option.Unknown {
		return bad.Error()
	}
	return "unrecognized option '" + word + "'"
}

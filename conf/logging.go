package conf

import (
	"slices"
	"strings"
)

// Logging is the logging section with its defaults.
type Logging struct {
	Stderr, Syslog, Logfile bool
	Path                    string
	Facility                string
	SyslogPriority          string // the least urgent that is logged
	LogfilePriority         string
	Timestamp               string // "on", "off" or "hires"
	Fileline, Function      bool
	Debug                   string // "on", "off" or "trace"
	Blackbox                bool   // keep the last records for the flight recorder
	Subsys                  map[string]SubsysLogging
}

// SubsysLogging is what differs for one subsystem; empty means as the rest.
type SubsysLogging struct{ Debug, SyslogPriority, LogfilePriority string }

// Priorities are the log priorities, most urgent first.
var Priorities = []string{"emerg", "alert", "crit", "error", "warning", "notice", "info", "debug"}

const facilities = "auth authpriv cron daemon ftp kern lpr mail news syslog user uucp local0 local1 local2 local3 local4 local5 local6 local7"

// ReadLogging reads and checks the logging section.
func ReadLogging(v Values, p Profile) (*Logging, error) {
	l := &Logging{Subsys: make(map[string]SubsysLogging)}
	fail := func(text string) error { return &Error{Text: text, kind: totemError} }
	get := func(key, def string) string { return v.Text("logging."+key, def) }
	onOff := func(key string, def, yes, no string) (bool, error) {
		switch get(key, def) {
		case yes:
			return true, nil
		case no:
			return false, nil
		}
		return false, fail("unknown value for " + key + ".")
	}
	var err error
	ts := "off"
	stamps := "on off"
	if p == EL9 {
		ts, stamps = "hires", "on off hires"
	}
	l.Timestamp = get("timestamp", ts)
	if !slices.Contains(strings.Fields(stamps), l.Timestamp) {
		return nil, fail("unknown value for timestamp.")
	}
	if l.Fileline, err = onOff("fileline", "off", "on", "off"); err != nil {
		return nil, err
	}
	if l.Function, err = onOff("function_name", "off", "on", "off"); err != nil {
		return nil, err
	}
	if l.Blackbox, err = onOff("blackbox", "on", "on", "off"); err != nil {
		return nil, err
	}
	for key, to := range map[string]*bool{"to_logfile": &l.Logfile, "to_stderr": &l.Stderr, "to_syslog": &l.Syslog} {
		def := "yes"
		if key == "to_logfile" {
			def = "no"
		}
		if *to, err = onOff(key, def, "yes", "no"); err != nil {
			return nil, err
		}
	}
	l.Facility = get("syslog_facility", "daemon")
	if !slices.Contains(strings.Fields(facilities), l.Facility) {
		return nil, fail("unknown syslog facility specified.")
	}
	l.Path = get("logfile", "")
	if l.SyslogPriority, err = priority(get("syslog_priority", "info"), "syslog"); err != nil {
		return nil, err
	}
	if l.LogfilePriority, err = priority(get("logfile_priority", "info"), "logfile"); err != nil {
		return nil, err
	}
	l.Debug = get("debug", "off")
	if !slices.Contains([]string{"on", "off", "trace"}, l.Debug) {
		return nil, fail("unknown value for debug.")
	}
	return l, l.readSubsys(v)
}

func (l *Logging) readSubsys(v Values) error {
	const prefix = "logging.logger_subsys."
	for _, key := range v.Keys(prefix) {
		name, _, ok := strings.Cut(strings.TrimPrefix(key, prefix), ".")
		if _, seen := l.Subsys[name]; seen || !ok {
			continue
		}
		var s SubsysLogging
		var err error
		s.Debug = v.Text(prefix+name+".debug", "")
		if s.Debug != "" && s.Debug != "on" && s.Debug != "off" && s.Debug != "trace" {
			return &Error{Text: "unknown value for debug.", kind: totemError}
		}
		if p := v.Text(prefix+name+".syslog_priority", ""); p != "" {
			if s.SyslogPriority, err = priority(p, "syslog"); err != nil {
				return err
			}
		}
		if p := v.Text(prefix+name+".logfile_priority", ""); p != "" {
			if s.LogfilePriority, err = priority(p, "logfile"); err != nil {
				return err
			}
		}
		l.Subsys[name] = s
	}
	return nil
}

func priority(s, target string) (string, error) {
	switch s {
	case "err":
		s = "error"
	case "panic":
		s = "emerg"
	case "warn":
		s = "warning"
	}
	if !slices.Contains(Priorities, s) {
		return "", &Error{Text: "unknown " + target + " priority specified.", kind: totemError}
	}
	return s, nil
}

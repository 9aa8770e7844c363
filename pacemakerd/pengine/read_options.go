package pengine

import (
	"slices"
	"strings"

	"github.com/gocorosync/gocorosync/pacemakerd/rules"
)

// options are the cluster options the engine reads (scheduler.md 4).
type options struct {
	all   map[string]string
	badAt int // where among the messages the next one about a value goes

	noQuorum                              string
	symmetric, maintenance                bool
	startFailureFatal, startupProbes      bool
	shutdownLock                          bool
	shutdownLockLimit                     int64 // ms
	fencing                               bool
	fenceAction                           string
	watchdog, concurrentFencing           bool
	startupFencing                        bool
	fencingDelay                          int64 // seconds
	stopAll, stopOrphans, stopOrphanOps   bool
	removeAfterStop                       bool
	healthStrategy                        string
	healthBase                            int
	placement                             string
	migrationLimit                        int64
	clusterDelay, fenceTimeout, batchSize string
}

// Option returns the value of a cluster option as configured, "" if it is not.
func (c *Cluster) Option(name string) string { return c.opt.all[name] }

func (c *Cluster) unpackOptions() {
	o := &c.opt
	o.badAt = len(c.said)
	o.all = make(map[string]string)
	c.rules.Unpack(c.cib.Descend("configuration", "crm_config"), "cluster_property_set",
		"cib-bootstrap-options", &rules.Facts{}, o.all, rules.KeepFirst)

	text := func(name, def string, valid ...string) string {
		v, ok := o.all[name]
		if !ok {
			return def
		}
		if len(valid) == 0 {
			return v
		}
		for _, w := range valid {
			if strings.EqualFold(v, w) {
				return w
			}
		}
		c.badOption(name, v)
		return def
	}
	flag := func(name string, def bool) bool {
		v, ok := o.all[name]
		if !ok {
			return def
		}
		b, valid := rules.ParseBool(v)
		if !valid {
			c.badOption(name, v)
			return def
		}
		return b
	}
	span := func(name, def string) int64 { return rules.Interval(c.spanOption(name, def)) }
	for _, name := range []string{"pe-error-series-max", "pe-warn-series-max", "pe-input-series-max"} {
		c.numberOption(name)
	}

	o.startupProbes = flag("enable-startup-probes", true)
	o.watchdog = flag("have-watchdog", false)
	o.shutdownLock = flag("shutdown-lock", false)
	o.shutdownLockLimit = span("shutdown-lock-limit", "0")
	o.fenceTimeout = c.spanOption("stonith-timeout", "60s")
	o.fencing = flag("stonith-enabled", true)
	o.fenceAction = text("stonith-action", "reboot", "reboot", "off", "poweroff")
	if o.fenceAction == "poweroff" {
		c.logDeprecated(NoteDeprecated, "unpack_config", "stonith-action", "Support for stonith-action of 'poweroff' is deprecated and will be removed in a future release (use 'off' instead)")
		o.fenceAction = "off"
	}
	o.noQuorum = text("no-quorum-policy", "stop", "stop", "freeze", "ignore", "demote", "suicide")
	if o.noQuorum == "suicide" {
		switch {
		case !o.fencing:
			c.logNoted(NoteNoSuicide, "unpack_config", Error, "Resetting no-quorum-policy to 'stop' because fencing is disabled")
			o.noQuorum = "stop"
		case !c.haveQuorum && !rules.IsTrue(c.cib.Get("no-quorum-panic")):
			o.noQuorum = "stop"
		}
	}
	o.concurrentFencing = flag("concurrent-fencing", c.ask.ConcurrentFencing)
	o.fencingDelay = span("priority-fencing-delay", "0") / 1000
	o.stopAll = flag("stop-all-resources", false)
	o.symmetric = flag("symmetric-cluster", true)
	o.stopOrphans = flag("stop-orphan-resources", true)
	o.stopOrphanOps = flag("stop-orphan-actions", true)
	if o.removeAfterStop = flag("remove-after-stop", false); o.removeAfterStop {
		c.logDeprecated(NoteDeprecatedNow, "unpack_config", "remove-after-stop", "Support for the remove-after-stop cluster property is deprecated and will be removed in a future release")
	}
	o.maintenance = flag("maintenance-mode", false)
	o.startFailureFatal = flag("start-failure-is-fatal", true)
	o.startupFencing = flag("startup-fencing", true)
	if !o.fencing || !o.startupFencing {
		c.logOnce("unpack_config", Warning, "Blind faith: not fencing unseen nodes")
	}
	o.placement = text("placement-strategy", "default", "default", "utilization", "minimal", "balanced")
	o.migrationLimit = -1
	if v, ok := c.numberOption("migration-limit"); ok {
		o.migrationLimit, _ = rules.Int(v)
	}
	o.clusterDelay = c.spanOption("cluster-delay", "60s")
	o.batchSize = "0"
	if v, ok := c.numberOption("batch-limit"); ok {
		o.batchSize = v
	}

	c.unpackHealthOptions()
}

func (c *Cluster) unpackHealthOptions() {
	o := &c.opt
	number := func(name string, def int) int {
		v, ok := c.numberOption(name)
		if !ok {
			return def
		}
		return c.rules.Score(v)
	}
	green, yellow, red := number("node-health-green", 0), number("node-health-yellow", 0), number("node-health-red", -rules.Infinity)
	base := number("node-health-base", 0)
	o.healthStrategy = o.all["node-health-strategy"]
	// Until the strategy is known the colours are worth nothing.
	switch o.healthStrategy {
	case "migrate-on-red":
		c.rules.Colours.Red = -rules.Infinity
	case "only-green":
		c.rules.Colours = rules.Colours{Yellow: -rules.Infinity, Red: -rules.Infinity}
	case "progressive", "custom":
		c.rules.Colours = rules.Colours{Green: green, Yellow: yellow, Red: red}
		if o.healthStrategy == "progressive" {
			o.healthBase = base
		}
	case "none":
	default:
		if _, given := o.all["node-health-strategy"]; !given {
			o.healthStrategy = "none"
			break
		}
		c.badOption("node-health-strategy", o.healthStrategy)
		o.healthStrategy = "none"
	}
}

// numberOption is the value of an option that has to begin with an integer.
func (c *Cluster) numberOption(name string) (v string, ok bool) {
	v, ok = c.opt.all[name]
	if !ok {
		return "", false
	}
	switch v {
	case "INFINITY", "+INFINITY", "-INFINITY":
		return v, true
	}
	said := len(c.said)
	c.rules.Integer(v)
	problems := slices.Clone(c.said[said:])
	c.said = c.said[:said]
	for _, p := range problems {
		c.sayFirst(p)
		ok = ok && p.Note != NoteNoInteger && p.Note != NoteClipped
	}
	if !ok {
		c.badOption(name, v)
		return "", false
	}
	return v, true
}

// spanOption is the value of an option that has to be an interval, or def.
func (c *Cluster) spanOption(name, def string) string {
	v, ok := c.opt.all[name]
	if !ok {
		return def
	}
	if text, valid := rules.CheckInterval(v); !valid {
		if text != "" {
			c.complainFirst("crm_time_parse_duration", Error, "%s", text)
		}
		c.complainFirst("crm_parse_interval_spec", Warning, "Using 0 instead of '%s'", v)
		c.badOption(name, v)
		return def
	}
	return v
}

// badOption tells of a cluster option whose value is not used.
func (c *Cluster) badOption(name, value string) {
	c.complainFirst("cluster_option_value", Error, "Using default value for cluster option '%s' because '%s' is invalid", name, value)
}

// complainFirst is log for the values of options, which are looked at before
// anything is made of them.
func (c *Cluster) complainFirst(origin string, s Severity, format string, args ...any) {
	c.sayFirst(message(0, origin, s, format, args...))
}

func (c *Cluster) sayFirst(m Message) {
	c.said = slices.Insert(c.said, c.opt.badAt, m)
	c.opt.badAt++
}

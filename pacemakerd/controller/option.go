package controller

import (
	"strconv"
	"strings"
	"time"

	"github.com/gocorosync/gocorosync/pacemakerd/xml"
)

// defaults of the controller's own cluster options (cib.md 8).
var defaults = map[string]time.Duration{
	"dc-deadtime":               20 * time.Second,
	"election-timeout":          2 * time.Minute,
	"join-integration-timeout":  3 * time.Minute,
	"join-finalization-timeout": 30 * time.Minute,
	"cluster-recheck-interval":  15 * time.Minute,
	"shutdown-escalation":       20 * time.Minute,
	"transition-delay":          0,
}

// olderNames are names that 1.1.20 knew an option by.
var olderNames = map[string]string{
	"join-integration-timeout":  "crmd-integration-timeout",
	"join-finalization-timeout": "crmd-finalization-timeout",
	"transition-delay":          "crmd-transition-delay",
}

// option returns a duration from the cluster options, or its default.
func (m *Machine) option(name string) time.Duration {
	for _, n := range []string{name, olderNames[name]} {
		if v := m.clusterOption(n); n != "" && v != "" {
			if d, ok := Duration(v); ok {
				return d
			}
			m.cfg.Log.Warn("cluster option is no duration; the default is used", "option", n, "value", v)
		}
	}
	return defaults[name]
}

// clusterOption returns the text of a cluster option: that of the set
// cib-bootstrap-options if it is there, else the first.
func (m *Machine) clusterOption(name string) string {
	conf := m.doc.Descend("configuration", "crm_config")
	value := ""
	for set := range conf.Each("cluster_property_set") {
		for nv := range set.Each("nvpair") {
			if nv.Get("name") != name {
				continue
			}
			if set.ID() == "cib-bootstrap-options" {
				return nv.Get("value")
			}
			if value == "" {
				value = nv.Get("value")
			}
		}
	}
	return value
}

// Duration reads a time as pacemaker does: a number of seconds, or a number
// with a unit of us, ms, s, sec, m, min, h, hr or d.
func Duration(s string) (time.Duration, bool) {
	s = strings.TrimSpace(s)
	end := 0
	for end < len(s) && (s[end] >= '0' && s[end] <= '9' || end == 0 && (s[0] == '+' || s[0] == '-')) {
		end++
	}
	n, err := strconv.ParseInt(s[:end], 10, 64)
	if err != nil {
		return 0, false
	}
	unit := map[string]time.Duration{"": time.Second, "s": time.Second, "sec": time.Second,
		"ms": time.Millisecond, "msec": time.Millisecond, "us": time.Microsecond, "usec": time.Microsecond,
		"m": time.Minute, "min": time.Minute, "h": time.Hour, "hr": time.Hour, "d": 24 * time.Hour}
	u, ok := unit[strings.TrimSpace(s[end:])]
	if !ok || n < 0 || n > int64(1<<62)/int64(u) {
		return 0, false
	}
	return time.Duration(n) * u, true
}

func (m *Machine) recheckAt() time.Duration {
	d := m.option("cluster-recheck-interval")
	if d == 0 {
		return 0
	}
	return m.now + d
}

func id(n uint32) string { return strconv.FormatUint(uint64(n), 10) }

// nodeState is the XPath of a node's state.
func nodeState(uname string) string { return "//node_state[@uname=" + xml.Quoted(uname) + "]" }

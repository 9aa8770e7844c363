package attrd

import (
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/gocorosync/gocorosync/pacemakerd/xml"
)

// failures is the pattern of the attributes that a request clear-failure is for:
// fail-count-RSC and last-failure-RSC, those of one operation or of all.
func failures(msg *xml.Element) string {
	pattern := "^(fail-count|last-failure)-"
	if rsc := msg.Get("attr_resource"); rsc != "" {
		pattern += regexp.QuoteMeta(rsc)
	} else {
		pattern += ".+"
	}
	if op := msg.Get("attr_clear_operation"); op != "" {
		ms := milliseconds(msg.Get("attr_clear_interval"))
		return pattern + "#" + regexp.QuoteMeta(op) + "_" + strconv.FormatInt(ms, 10) + "$"
	}
	return pattern + "(#.+_[0-9]+)?$"
}

// clearFailure carries out a client's request. It is sent as the updates that it
// comes to, which peers of every protocol understand.
func (m *Machine) clearFailure(msg *xml.Element, user string) {
	up := xml.New("create_attrd_op", "t", "attrd", "src", msg.Get("src"), "task", "update", "attr_regex", failures(msg))
	hosts := []string{msg.Get("attr_host")}
	if hosts[0] == "" {
		hosts = hosts[:0]
		for _, p := range m.cfg.Cache.Active("attrd") {
			hosts = append(hosts, p.Name)
		}
	}
	for _, h := range hosts {
		one := up.ShallowClone()
		one.Set("attr_host", h)
		m.clientUpdate(one, user)
	}
}

// cleared carries out a client's request that a peer passes on as it is, as 2.1.5
// does where all speak protocol 2 or newer: every node clears what it holds, of
// one node or of all.
func (m *Machine) cleared(from string, msg *xml.Element) {
	re, err := regexp.Compile(failures(msg))
	if err != nil {
		m.cfg.Log.Info("request of a peer ignored", "task", msg.Get("task"), "node", from, "err", err)
		return
	}
	host := msg.Get("attr_host")
	for _, a := range m.sorted() {
		if !re.MatchString(a.name) {
			continue
		}
		for _, v := range a.sorted() {
			if host == "" || strings.EqualFold(host, v.node) {
				m.update(from, xml.New("cleared", "task", "update", "attr_name", a.name, "attr_host", v.node, "attr_is_remote", strconv.FormatBool(v.remote)), false)
			}
		}
	}
}

// milliseconds reads an interval as the tools send it: "10s", "10000ms", "10".
func milliseconds(s string) int64 {
	if s == "" {
		return 0
	}
	if n, err := strconv.ParseInt(s, 10, 64); err == nil {
		return n * 1000
	}
	if d, err := time.ParseDuration(s); err == nil {
		return d.Milliseconds()
	}
	return 0
}

package pengine

import (
	"net/netip"
	"strings"

	"github.com/gocorosync/gocorosync/pacemakerd/rules"
	"github.com/gocorosync/gocorosync/pacemakerd/xml"
)

// BundleInfo is what only bundles have.
type BundleInfo struct {
	Agent    string // docker, podman, rkt
	Image    string
	Replicas []*Replica
	Inner    *Resource // the generated clone, nil without inner primitive

	promotedMax, perHost, nreplicas int
	network, options, command       string
	rangeStart, netmask, iface      string
	controlPort                     string
	addHost                         bool
	mounts                          []mount
	ports                           []portMap
	hosts                           []string
	primitive                       *xml.Element
}

// A Replica is one container of a bundle, with what belongs to it.
type Replica struct {
	Offset     int
	Address    string
	Container  *Resource
	IP         *Resource // nil without address
	Connection *Resource // nil without inner primitive
	Child      *Resource // the inner instance
	Node       *Node     // the inside of the container
}

type mount struct {
	source, target, options string
	perReplica              bool
}

type portMap struct{ port, target string }

// unpackBundle reads a bundle and generates its parts (scheduler.md 6.7).
func (c *Cluster) unpackBundle(r *Resource) bool {
	b := &BundleInfo{nreplicas: 1, perHost: 1, addHost: true}
	r.Bundle = b
	var e *xml.Element
	for _, agent := range [...]string{"docker", "rkt", "podman"} {
		if e = r.XML.Child(agent); e != nil {
			b.Agent = agent
			break
		}
	}
	if e == nil {
		return false
	}
	count := func(name string, def int) int {
		v, ok := e.Lookup(name)
		if !ok {
			return def
		}
		n, _ := rules.Int(v)
		return int(max(0, min(n, rules.Infinity)))
	}
	b.promotedMax = count("promoted-max", count("masters", 0))
	def := 1
	if b.promotedMax > 0 {
		def = b.promotedMax
	}
	b.nreplicas = c.bounded(r, max(1, count("replicas", def)))
	b.perHost = max(1, count("replicas-per-host", 1))
	r.Unique = b.perHost > 1
	b.Image, b.network = e.Get("image"), e.Get("network")
	b.options, b.command = e.Get("options"), e.Get("run-command")
	if n := r.XML.Child("network"); n != nil {
		b.rangeStart, b.netmask, b.iface = n.Get("ip-range-start"), n.Get("host-netmask"), n.Get("host-interface")
		b.controlPort = n.Get("control-port")
		b.addHost = notFalse(n.Get("add-host"))
		for p := range n.Each("port-mapping") {
			m := portMap{p.Get("port"), p.Get("internal-port")}
			if m.port == "" {
				m.port = p.Get("range")
			}
			if m.target == "" {
				m.target = m.port
			}
			if m.port != "" {
				b.ports = append(b.ports, m)
			}
		}
	}
	for m := range r.XML.Child("storage").Each("storage-mapping") {
		b.addMount(m)
	}
	b.primitive = r.XML.Child("primitive")
	if b.primitive != nil {
		if b.rangeStart == "" && b.controlPort == "" {
			c.log("pe__unpack_bundle", Error, "Bundle %s must have at least one of ip-range-start or control-port to use inner resource", r.ID)
			return false
		}
		if b.rangeStart == "" && b.perHost > 1 {
			b.perHost = 1
			r.Unique = false
		}
		if !c.bundleInner(r) {
			return false
		}
	}
	b.addresses()
	for i := range b.nreplicas {
		rep := &Replica{Offset: i}
		if i < len(b.hosts) {
			rep.Address = b.hosts[i]
		}
		if b.Inner != nil {
			if i >= len(b.Inner.Children) {
				break
			}
			rep.Child = b.Inner.Children[i]
			rep.Child.exclusive = true
		}
		b.Replicas = append(b.Replicas, rep)
	}
	if b.Inner != nil {
		if v, ok := b.Inner.Children[0].Meta["container-attribute-target"]; ok {
			r.Meta["container-attribute-target"], b.Inner.Meta["container-attribute-target"] = v, v
		}
		if len(b.Inner.Children) > 0 && b.Inner.Children[0].Notify {
			b.Inner.Notify = true
		}
	}
	for _, rep := range b.Replicas {
		if !c.replicaResources(r, rep) {
			return false
		}
	}
	if b.Inner != nil {
		r.Children = append(r.Children, b.Inner)
	}
	return true
}

func (b *BundleInfo) addMount(e *xml.Element) {
	m := mount{source: e.Get("source-dir"), target: e.Get("target-dir"), options: e.Get("options")}
	if m.source == "" {
		m.source = e.Get("source-dir-root")
		m.perReplica = true
	}
	if m.source != "" && m.target != "" {
		b.mounts = append(b.mounts, m)
	}
}

// bundleInner wraps the inner primitive in a clone.
func (c *Cluster) bundleInner(r *Resource) bool {
	b := r.Bundle
	logs := false
	for _, m := range b.mounts {
		logs = logs || m.target == "/var/log"
	}
	b.mounts = append(b.mounts, mount{source: "/etc/pacemaker/authkey", target: "/etc/pacemaker/authkey"})
	if !logs {
		b.mounts = append(b.mounts, mount{source: "/var/log/pacemaker/bundles", target: "/var/log", perReplica: true})
	}
	port := b.port()
	b.ports = append(b.ports, portMap{port, port})

	id := r.ID + "-clone"
	if b.promotedMax > 0 {
		id = r.ID + "-master"
	}
	e := xml.New("clone", "id", id)
	meta := e.Append(xml.New("meta_attributes", "id", id+"-meta"))
	pair := func(name, value string) {
		meta.Append(xml.New("nvpair", "id", id+"-meta-"+name, "name", name, "value", value))
	}
	pair("ordered", "true")
	pair("clone-max", itoa(b.nreplicas))
	pair("clone-node-max", itoa(b.perHost))
	pair("globally-unique", trueFalse(b.perHost > 1))
	if b.promotedMax > 0 {
		pair("promotable", "true")
		pair("promoted-max", itoa(b.promotedMax))
	}
	e.Append(b.primitive.Clone())
	b.Inner = c.unpackResource(e, r)
	if b.Inner == nil {
		return false
	}
	if len(b.Inner.Children) == 0 {
		c.log("pe__unpack_bundle", Error, "Failed unpacking resource %s", id)
		return false
	}
	return true
}

func (b *BundleInfo) port() string {
	if b.controlPort != "" {
		return b.controlPort
	}
	return "3121"
}

// addresses counts up from ip-range-start; the last octet runs from 1 to 254.
func (b *BundleInfo) addresses() {
	a, err := netip.ParseAddr(b.rangeStart)
	if err != nil || !a.Is4() {
		if b.rangeStart != "" {
			b.hosts = append(b.hosts, b.rangeStart)
		}
		return
	}
	o := a.As4()
	for range b.nreplicas {
		b.hosts = append(b.hosts, netip.AddrFrom4(o).String())
		if o[3] > 253 {
			if o[2] > 253 {
				return
			}
			o[2]++
			o[3] = 1
		} else {
			o[3]++
		}
	}
}

// replicaResources generates container, address and connection of a replica.
func (c *Cluster) replicaResources(r *Resource, rep *Replica) bool {
	b := r.Bundle
	add := func(e *xml.Element) *Resource {
		child := c.unpackResource(e, r)
		if child != nil {
			r.Children = append(r.Children, child)
		}
		return child
	}
	if rep.Container = add(b.containerXML(r.ID, rep)); rep.Container == nil {
		return false
	}
	if rep.Child != nil {
		rep.Container.utilization, rep.Child.utilization = rep.Child.utilization, rep.Container.utilization
	}
	if rep.Address != "" {
		if rep.IP = add(b.addressXML(r.ID, rep)); rep.IP == nil {
			return false
		}
	}
	if rep.Child == nil {
		return true
	}
	if !c.replicaConnection(r, rep) {
		return false
	}
	if rep.Address != "" {
		rep.Child.Meta["external-ip"] = rep.Address
	}
	rep.Connection.allowGuests = true
	return true
}

func (c *Cluster) replicaConnection(r *Resource, rep *Replica) bool {
	b := r.Bundle
	id := r.ID + "-" + itoa(rep.Offset)
	if c.rscByID[id] != nil {
		id = "pcmk-internal-" + rep.Child.ID + "-remote-" + itoa(rep.Offset)
	}
	addr := rep.Address
	if addr == "" {
		addr = "#uname"
	}
	n := c.node(id)
	if n == nil {
		n = c.addNode(id, id, "remote", -rules.Infinity)
	} else {
		n.weight = -rules.Infinity
	}
	n.discover = discoverNever
	for _, other := range c.Resources {
		forbid(other, n)
	}
	rep.Node = n
	rep.Child.allowed = nil
	rep.Child.allowed.put(n, slot{score: 500, discover: discoverExclusive})
	rep.Child.Parent.allowed.put(n, slot{score: -rules.Infinity, discover: discoverExclusive})
	e := connectionXML(id, rep.Container.ID, "", "", "", addr, b.port())
	rep.Connection = c.unpackResource(e, r)
	if rep.Connection == nil {
		return false
	}
	for _, m := range c.Nodes {
		if m.Kind == Remote {
			if s := rep.Connection.allowed.get(m); s != nil {
				s.score = -rules.Infinity
			}
		}
	}
	n.Connection = rep.Connection
	rep.Connection.container = rep.Container
	n.Attrs["#kind"] = "container"
	r.Children = append(r.Children, rep.Connection)
	return true
}

// forbid takes the weight off a node that turned out to be a bundle's after
// others had listed it.
func forbid(r *Resource, n *Node) {
	if s := r.allowed.get(n); s != nil {
		s.score, s.discover = -rules.Infinity, discoverNever
	}
	for _, child := range r.Children {
		forbid(child, n)
	}
}

func (b *BundleInfo) addressXML(id string, rep *Replica) *xml.Element {
	name := id + "-ip-" + strings.ReplaceAll(rep.Address, ":", ".")
	e := xml.New("primitive", "id", name, "class", "ocf", "provider", "heartbeat", "type", "IPaddr2")
	set := pairSet(e, "instance_attributes", id+"-attributes-"+itoa(rep.Offset))
	set("ip", rep.Address)
	if b.iface != "" {
		set("nic", b.iface)
	}
	if b.netmask != "" {
		set("cidr_netmask", b.netmask)
	} else {
		set("cidr_netmask", "32")
	}
	addMonitor(e, name)
	return e
}

func pairSet(e *xml.Element, kind, id string) func(name, value string) {
	set := e.Append(xml.New(kind, "id", id))
	return func(name, value string) {
		set.Append(xml.New("nvpair", "id", id+"-"+name, "name", name, "value", value))
	}
}

func addMonitor(e *xml.Element, id string) {
	ops := e.Append(xml.New("operations"))
	ops.Append(xml.New("op", "id", id+"-monitor-60s", "name", "monitor", "interval", "60s"))
}

func (b *BundleInfo) containerXML(id string, rep *Replica) *xml.Element {
	name := id + "-" + b.Agent + "-" + itoa(rep.Offset)
	e := xml.New("primitive", "id", name, "class", "ocf", "provider", "heartbeat", "type", b.Agent)
	set := pairSet(e, "instance_attributes", id+"-attributes-"+itoa(rep.Offset))
	set("image", b.Image)
	set("allow_pull", "true")
	set("force_kill", "false")
	set("reuse", "false")
	set("run_opts", b.runOptions(id, rep))
	var dirs []string
	for _, m := range b.mounts {
		if m.perReplica {
			dirs = append(dirs, m.from(id, rep))
		}
	}
	set("mount_points", strings.Join(dirs, ","))
	switch {
	case b.command != "":
		set("run_cmd", b.command)
	case rep.Child != nil:
		set("run_cmd", "/usr/sbin/pacemaker-remoted")
	}
	set("monitor_cmd", "/bin/true")
	addMonitor(e, name)
	return e
}

func (m mount) from(id string, rep *Replica) string {
	if m.perReplica {
		return m.source + "/" + id + "-" + itoa(rep.Offset)
	}
	return m.source
}

func (b *BundleInfo) runOptions(id string, rep *Replica) string {
	var o strings.Builder
	part := func(words ...string) {
		o.WriteByte(' ')
		for _, w := range words {
			o.WriteString(w)
		}
	}
	if b.Agent == "rkt" {
		return b.rktOptions(id, rep)
	}
	if b.Agent == "docker" {
		part("--restart=no")
	}
	if b.rangeStart != "" {
		part("-h ", id, "-", itoa(rep.Offset))
	}
	part("-e PCMK_stderr=1")
	if b.network != "" {
		part("--net=", b.network)
	}
	part("-e PCMK_remote_port=", b.port())
	for _, m := range b.mounts {
		part("-v ", m.from(id, rep), ":", m.target)
		if m.options != "" {
			o.WriteString(":" + m.options)
		}
	}
	for _, p := range b.ports {
		switch {
		case rep.Address != "":
			part("-p ", rep.Address, ":", p.port, ":", p.target)
		case b.network != "host":
			part("-p ", p.port, ":", p.target)
		}
	}
	if b.options != "" {
		part(b.options)
	}
	part(b.hostOptions(id))
	return o.String()
}

func (b *BundleInfo) hostOptions(id string) string {
	var words strings.Builder
	for i, addr := range b.hosts {
		name := id + "-" + itoa(i)
		if b.addHost && b.Agent != "rkt" {
			words.WriteString(" --add-host=" + name + ":" + addr)
		} else {
			words.WriteString(" --hosts-entry=" + addr + "=" + name)
		}
	}
	return words.String()
}

func (b *BundleInfo) rktOptions(id string, rep *Replica) string {
	var o strings.Builder
	part := func(words ...string) {
		o.WriteByte(' ')
		for _, w := range words {
			o.WriteString(w)
		}
	}
	if b.rangeStart != "" {
		part("--hostname=", id, "-", itoa(rep.Offset))
	}
	part("--environment=PCMK_stderr=1")
	if b.network != "" {
		part("--net=", b.network)
	}
	part("--environment=PCMK_remote_port=", b.port())
	for i, m := range b.mounts {
		part("--volume vol", itoa(i), ",kind=host,source=", m.from(id, rep))
		if m.options != "" {
			o.WriteString("," + m.options)
		}
		part("--mount volume=vol", itoa(i), ",target=", m.target)
	}
	for _, p := range b.ports {
		if rep.Address != "" {
			part("--port=", p.target, ":", rep.Address, ":", p.port)
		} else {
			part("--port=", p.target, ":", p.port)
		}
	}
	if b.options != "" {
		part(b.options)
	}
	part(b.hostOptions(id))
	return o.String()
}

package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/gocorosync/gocorosync/integration/lab"
)

const (
	vip    = "10.0.1.210"
	conf   = "/etc/corosync/corosync.conf"
	ngConf = "/etc/nginx/gocorosync-demo.conf"
)

// corosyncConf is the file that 'pcs cluster setup --name testcluster node1
// node2' writes.
const corosyncConf = `totem {
    version: 2
    cluster_name: testcluster
    secauth: off
    transport: udpu
}

nodelist {
    node {
        ring0_addr: node1
        nodeid: 1
    }

    node {
        ring0_addr: node2
        nodeid: 2
    }
}

quorum {
    provider: corosync_votequorum
    two_node: 1
}

logging {
    to_logfile: yes
    logfile: /var/log/cluster/corosync.log
    to_syslog: yes
}
`

const hosts = "127.0.0.1 localhost\n10.0.1.201 node1\n10.0.1.202 node2\n"

// story is the demo under way.
type story struct {
	ctx     context.Context
	lab     *lab.Lab
	bin     string
	began   time.Time
	nodes   []*lab.Host
	guest   *lab.Host
	visitor *visitor
	client  *exec.Cmd
	facts   []string
}

func (s *story) say(format string, args ...any) {
	fmt.Printf("[%7.3fs] %s\n", time.Since(s.began).Seconds(), fmt.Sprintf(format, args...))
}

func (s *story) fact(format string, args ...any) {
	s.facts = append(s.facts, fmt.Sprintf(format, args...))
	s.say(format, args...)
}

// tell runs the whole story.
func (s *story) tell(runs int) error {
	for _, step := range []func() error{s.hosts, s.start, s.configure, s.visit, s.look} {
		if err := step(); err != nil {
			return err
		}
	}
	for range runs {
		if err := s.death(); err != nil {
			return err
		}
	}
	for _, step := range []func() error{s.standby, s.stop} {
		if err := step(); err != nil {
			return err
		}
	}
	fmt.Printf("\nSummary\n")
	for _, f := range s.facts {
		fmt.Printf("  %s\n", f)
	}
	return nil
}

func (s *story) hosts() error {
	s.say("making node1, node2 and a client host on one bridge")
	for i, name := range []string{"node1", "node2", "client"} {
		h, err := s.lab.Add(name, fmt.Sprintf("10.0.1.%d/24", 201+i))
		if err != nil {
			return err
		}
		h.Env = []string{"PATH=" + filepath.Join(s.bin, "compat") + ":/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "GOCOROSYNC_COMPAT=el7", "LC_ALL=C"}
		if name == "client" {
			s.guest = h
			continue
		}
		s.nodes = append(s.nodes, h)
		page := "daemon on;\nuser www-data;\npid /run/nginx-demo.pid;\nerror_log /var/log/nginx/demo-error.log;\nevents {}\nhttp {\n  access_log off;\n" +
			"  server {\n    listen 80;\n    location / { default_type text/plain; return 200 \"this is " + name + "\\n\"; }\n  }\n}\n"
		for path, text := range map[string]string{conf: corosyncConf, "/etc/hosts": hosts, ngConf: page} {
			if err := h.Write(path, text); err != nil {
				return err
			}
		}
	}
	return nil
}

// boot starts the two daemons on a node.
func (s *story) boot(h *lab.Host) error {
	for _, d := range [][]string{{"corosync", "-f"}, {"pacemakerd"}} {
		cmd := h.Command(context.Background(), append([]string{"setsid"}, d...)...)
		out, err := os.OpenFile(h.Path("/var/log/"+d[0]+".out"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
		if err != nil {
			return err
		}
		cmd.Stdout, cmd.Stderr = out, out
		err = cmd.Start()
		out.Close()
		if err != nil {
			return fmt.Errorf("start %s on %s: %w", d[0], h.Name, err)
		}
		go func() { _ = cmd.Wait() }() // it ends with its host
	}
	return nil
}

// run runs a command on a host and returns what it prints.
func (s *story) run(h *lab.Host, args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(s.ctx, time.Minute)
	defer cancel()
	out, err := h.Command(ctx, args...).CombinedOutput()
	if err != nil {
		return string(out), fmt.Errorf("%s# %s: %w\n%s", h.Name, strings.Join(args, " "), err, out)
	}
	return string(out), nil
}

// show runs a command line as somebody would type it, and shows it.
func (s *story) show(h *lab.Host, line string) error {
	out, err := s.run(h, "sh", "-c", line)
	fmt.Printf("\n%s# %s\n%s", h.Name, line, out)
	if strings.HasPrefix(line, "corosync-quorumtool") && strings.Contains(out, "Quorate:          Yes") {
		return nil // its status is 1 where there is quorum, as the original's
	}
	return err
}

// until calls ok until it is true; after limit, what has not happened is the
// error.
func (s *story) until(limit time.Duration, what string, ok func() bool) error {
	ctx, cancel := context.WithTimeout(s.ctx, limit)
	defer cancel()
	last := time.Now()
	for !ok() {
		if time.Since(last) > 5*time.Second {
			s.say("... waiting: %s", what)
			last = time.Now()
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("did not happen within %v: %s", limit, what)
		case <-time.After(50 * time.Millisecond):
		}
	}
	return nil
}

func (s *story) start() error {
	s.say("starting corosync and pacemakerd on both")
	for _, h := range s.nodes {
		if err := s.boot(h); err != nil {
			return err
		}
	}
	if err := s.until(20*time.Second, "a ring of two", func() bool {
		out, _ := s.run(s.nodes[0], "corosync-quorumtool", "-s") // its status is 1 where there is quorum, as the original's
		return strings.Contains(out, "Nodes:            2")
	}); err != nil {
		return err
	}
	s.fact("ring of two formed")
	if err := s.until(60*time.Second, "both nodes online (the first DC is elected 20 s after the start: dc-deadtime)", func() bool {
		return s.online("node1", "node2")
	}); err != nil {
		return err
	}
	s.fact("DC elected, both nodes online")
	return nil
}

func (s *story) online(names ...string) bool {
	out, err := s.run(s.alive(), "crm_mon", "-1")
	return err == nil && strings.Contains(out, "Online: [ "+strings.Join(names, " ")+" ]")
}

func (s *story) alive() *lab.Host {
	for _, h := range s.nodes {
		if h.Up() {
			return h
		}
	}
	return s.nodes[0]
}

func (s *story) configure() error {
	for _, line := range []string{
		"pcs property set stonith-enabled=false",
		"pcs resource create ClusterVIP ocf:heartbeat:IPaddr2 ip=" + vip + " cidr_netmask=24 op monitor interval=2s",
		"pcs resource create WebService ocf:heartbeat:nginx configfile=" + ngConf + " op monitor interval=2s",
		"pcs resource group add WebGroup ClusterVIP WebService",
	} {
		if err := s.show(s.nodes[0], line); err != nil {
			return err
		}
	}
	if err := s.until(60*time.Second, "the group running", func() bool { return s.where() != nil }); err != nil {
		return err
	}
	if err := s.show(s.nodes[0], "pcs status"); err != nil {
		return err
	}
	s.fact("WebGroup runs on %s", s.where().Name)
	return nil
}

// where returns the node that runs the whole group, nil if none does.
func (s *story) where() *lab.Host {
	out, err := s.run(s.alive(), "crm_mon", "-1r")
	if err != nil {
		return nil
	}
	for _, h := range s.nodes {
		if h.Up() && strings.Count(out, "Started "+h.Name) == 2 {
			return h
		}
	}
	return nil
}

func (s *story) visit() error {
	s.client = s.guest.Command(context.Background(), "/proc/self/exe", "__client", "http://"+vip+"/")
	if exe, err := os.Executable(); err == nil {
		s.client.Args[len(s.client.Args)-3] = exe
	}
	out, err := s.client.StdoutPipe()
	if err != nil {
		return err
	}
	if err := s.client.Start(); err != nil {
		return err
	}
	s.visitor = &visitor{done: make(chan struct{})}
	go s.visitor.read(out)
	ctx, cancel := context.WithTimeout(s.ctx, 10*time.Second)
	defer cancel()
	a, err := s.visitor.wait(ctx, time.Time{}, func(string) bool { return true })
	if err != nil {
		return err
	}
	s.fact("the client sees %q at http://%s/", a.page, vip)
	return nil
}

// look shows what the other tools say.
func (s *story) look() error {
	for _, line := range []string{"corosync-cfgtool -s", "corosync-cmapctl | grep members", "corosync-quorumtool -s",
		"crm_verify -L -V", "crm_mon -1", "crm_simulate -sL"} {
		if err := s.show(s.nodes[0], line); err != nil {
			return err
		}
	}
	fmt.Println()
	return nil
}

// death kills the active node, measures how the other takes over, and brings
// the node back.
func (s *story) death() error {
	dead := s.where()
	if dead == nil {
		return fmt.Errorf("the group runs nowhere")
	}
	i := slices.Index(s.nodes, dead)
	other := s.nodes[1-i]
	formed := s.memberships(other)
	s.say("killing %s: SIGKILL of everything in it", dead.Name)
	at := time.Now()
	dead.Kill()
	var changed time.Duration
	if err := s.until(30*time.Second, "a new membership on "+other.Name, func() bool {
		if s.memberships(other) == formed {
			return false
		}
		changed = time.Since(at)
		return true
	}); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(s.ctx, 60*time.Second)
	defer cancel()
	a, err := s.visitor.wait(ctx, at, func(page string) bool { return page == "this is "+other.Name })
	if err != nil {
		return err
	}
	failed, all := s.visitor.failures(at)
	s.fact("%s killed: membership changed after %.2f s, the address answered again after %.2f s, %d of %d requests failed",
		dead.Name, changed.Seconds(), a.at.Sub(at).Seconds(), failed, all)
	if err := s.until(30*time.Second, "the group whole on "+other.Name, func() bool { return s.where() == other }); err != nil {
		return err
	}
	if err := s.show(other, "crm_mon -1"); err != nil {
		return err
	}
	s.say("%s comes back", dead.Name)
	if err := dead.Boot(); err != nil {
		return err
	}
	if err := s.boot(dead); err != nil {
		return err
	}
	if err := s.until(60*time.Second, "both nodes online again", func() bool { return s.online("node1", "node2") }); err != nil {
		return err
	}
	if w := s.where(); w != other {
		return fmt.Errorf("the group did not stay on %s when %s came back", other.Name, dead.Name)
	}
	s.fact("%s is back; the group stayed on %s", dead.Name, other.Name)
	return nil
}

// memberships counts the memberships that a node has logged.
func (s *story) memberships(h *lab.Host) int {
	b, err := os.ReadFile(h.Path("/var/log/cluster/corosync.log"))
	if err != nil {
		return 0
	}
	return strings.Count(string(b), "A new membership (")
}

func (s *story) standby() error {
	from := s.where()
	if from == nil {
		return fmt.Errorf("the group runs nowhere")
	}
	to := s.nodes[1-slices.Index(s.nodes, from)]
	at := time.Now()
	if err := s.show(s.nodes[0], "pcs cluster standby "+from.Name); err != nil {
		return err
	}
	if err := s.until(30*time.Second, "the group on "+to.Name, func() bool { return s.where() == to }); err != nil {
		return err
	}
	failed, all := s.visitor.failures(at)
	s.fact("standby moved the group from %s to %s; %d of %d requests failed", from.Name, to.Name, failed, all)
	if err := s.show(s.nodes[0], "pcs cluster unstandby "+from.Name); err != nil {
		return err
	}
	if err := s.until(20*time.Second, "both nodes online", func() bool { return s.online("node1", "node2") }); err != nil {
		return err
	}
	s.fact("unstandby: both nodes online, the group stayed on %s", to.Name)
	return s.show(s.nodes[0], "pcs status")
}

// stop shuts one node down in good order.
func (s *story) stop() error {
	from := s.where()
	if from == nil {
		return fmt.Errorf("the group runs nowhere")
	}
	to := s.nodes[1-slices.Index(s.nodes, from)]
	s.say("stopping pacemakerd and corosync on %s", from.Name)
	at := time.Now()
	if _, err := s.run(from, "sh", "-c", "kill -TERM $(pidof pacemakerd)"); err != nil {
		return err
	}
	if err := s.until(60*time.Second, "pacemakerd gone on "+from.Name, func() bool {
		_, err := s.run(from, "pidof", "pacemakerd")
		return err != nil
	}); err != nil {
		return err
	}
	if _, err := s.run(from, "sh", "-c", "kill -TERM $(pidof corosync)"); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(s.ctx, 30*time.Second)
	defer cancel()
	if _, err := s.visitor.wait(ctx, at, func(page string) bool { return page == "this is "+to.Name }); err != nil {
		return err
	}
	failed, all := s.visitor.failures(at)
	s.fact("%s left in good order, its resources first; %d of %d requests failed", from.Name, failed, all)
	return nil
}

// end stops the client.
func (s *story) end() {
	if s.client != nil && s.client.Process != nil {
		_ = s.client.Process.Kill()
		_ = s.client.Wait()
	}
}

// showLogs prints the ends of the daemons' logs after a failure.
func (s *story) showLogs() {
	for _, h := range s.nodes {
		for _, f := range []string{"/var/log/corosync.out", "/var/log/pacemakerd.out", "/var/log/cluster/corosync.log", "/var/log/pacemaker/pacemaker.log"} {
			b, err := os.ReadFile(h.Path(f))
			if err != nil || len(b) == 0 {
				continue
			}
			lines := strings.Split(strings.TrimRight(string(b), "\n"), "\n")
			fmt.Fprintf(os.Stderr, "\n%s: %s\n%s\n", h.Name, f, strings.Join(lines[max(0, len(lines)-25):], "\n"))
		}
	}
}

package daemon

import (
	"strings"

	"github.com/gocorosync/gocorosync/tool/manual"
)

// A madeKey is a key that the daemon makes, besides those of the file. A word
// of its name in capitals stands for any; the last one may be a list, with
// blanks.
type madeKey struct {
	name string
	typ  string // of cmap; several where they differ, with blanks
	only string // "el7" or "el9"
	text string
}

// Where the counters of the ring are. Those of el9 are in the map "stats", which
// our el7 has too.
const (
	srp7 = "runtime.totem.pg.mrp.srp."
	srp9 = "stats.srp."
)

const srpCounters = "orf_token_tx orf_token_rx memb_merge_detect_tx memb_merge_detect_rx memb_join_tx memb_join_rx mcast_tx mcast_retx mcast_rx " +
	"memb_commit_token_tx memb_commit_token_rx token_hold_cancel_tx token_hold_cancel_rx operational_entered operational_token_lost " +
	"gather_entered gather_token_lost commit_entered commit_token_lost recovery_entered recovery_token_lost consensus_timeouts rx_msg_dropped"

const connCounters = "requests responses dispatched send_retries recv_retries flow_control_count invalid_request overload"

// madeKeys are the keys that the daemon makes, by subject.
var madeKeys = []struct {
	title string
	keys  []madeKey
}{
	{"configuration", []madeKey{
		{"internal_configuration.service.N.name", "str", "", "A service that is loaded, by its number."},
		{"internal_configuration.service.N.ver", "u32", "", "Always 0."},
		{"config.totemconfig_reload_in_progress config.reload_in_progress", "u8", "", "1 while the file is read again. Whoever needs several keys that belong together waits for the 0."},
		{"config.reload_status", "i32", "el9", "What has come of the last time: 1 done, 7 refused."},
		{"nodelist.local_node_pos", "u32", "", "Which of the nodelist this node is, counted from 0."},
		{"nodelist.node.N.nodeid", "u32", "el9", "The id of a node that the file gives none, made from its address."},
		{"totem.interface.N.bindnetaddr", "str", "", "The address that the ring uses here; in el9 as the nodelist has it, which may be a name."},
		{"totem.interface.N.mcastaddr", "str", "", "The multicast address, given or made from the cluster's name; in el9 with transport udp."},
		{"totem.interface.N.mcastport", "u16", "", "The port."},
		{"uidgid.config.uid.N uidgid.config.gid.N", "u8", "", "1 for each user and group of the file who may connect."},
		{"uidgid.uid.N uidgid.gid.N", "u8", "", "Set to 1 to let a user or a group in."},
		{"quorum.cancel_wait_for_all", "u8", "", "Set to 1 to wait for nobody any longer. It becomes 0 again."},
		{"cfg.shutdown_timeout", "u32", "", "How many milliseconds programs may take to agree to a shutdown."},
	}},
	{"effective values", []madeKey{
		{"runtime.config.totem.NAME", "u32 i32 str", "", "What totem goes by, after defaults: times in milliseconds, as in corosync.conf(5)."},
		{"runtime.config.totem.interface.N.NAME", "u32", "el9", "Of a link."},
	}},
	{"members", []madeKey{
		{"runtime.totem.pg.mrp.srp.members.ID.ip runtime.members.ID.ip", "str", "", "The addresses of a node that has been seen: \"r(0) ip(10.0.1.201) \". The first name is el7's, the second el9's, here and below."},
		{"runtime.totem.pg.mrp.srp.members.ID.join_count runtime.members.ID.join_count", "u32", "", "How often it has joined."},
		{"runtime.totem.pg.mrp.srp.members.ID.status runtime.members.ID.status", "str", "", "joined or left."},
		{"runtime.totem.pg.mrp.srp.members.ID.config_version runtime.members.ID.config_version", "u64", "", "The version of its file."},
	}},
	{"votes", []madeKey{
		{"runtime.votequorum.this_node_id", "u32", "", "The id of this node."},
		{"runtime.votequorum.lowest_node_id runtime.votequorum.highest_node_id", "u32", "", "The ends of the list of members when it was last quorate."},
		{"runtime.votequorum.two_node", "u8", "", "Whether two_node is in force."},
		{"runtime.votequorum.ev_barrier", "u32", "", "The expected votes that were given."},
		{"runtime.votequorum.ev_tracking_barrier", "u32", "", "How far they do not go down again."},
		{"runtime.votequorum.wait_for_all_status", "u8", "", "1 while all are waited for."},
		{"runtime.votequorum.atb_type", "u32", "", "Who breaks a tie: 0 nobody, 1 the lowest id, 2 the highest, 3 a list."},
		{"runtime.votequorum.qdevice_can_operate", "u8", "", "Whether a quorum device may be used."},
		{"runtime.votequorum.qdevice_master_wins", "u8", "", "Whether its master's part wins."},
	}},
	{"services", []madeKey{
		{"runtime.services.NAME.service_id", "u16", "", "The number of a service."},
		{"runtime.services.NAME.N.tx runtime.services.NAME.N.rx", "u64", "", "How many messages of its kind N were sent and got."},
	}},
	{"orders", []madeKey{
		{"runtime.blackbox.dump_flight_data", "str", "", "Any change writes the flight recorder to a file: see corosync-blackbox(8)."},
		{"runtime.blackbox.dump_state", "str", "", "Any change writes the state of the services to the log."},
		{"runtime.force_gather", "str", "el9", "Set to yes to have the ring formed anew."},
	}},
	{"monitoring", []madeKey{
		{"resources.watchdog_timeout", "u32", "el9", "The timeout of the watchdog, in seconds."},
		{"resources.system.NAME.current", "i32 u32 dbl", "el9", "How much of memory_used, in percent, or load_15min there is."},
		{"resources.system.NAME.last_updated", "u64", "el9", "When it was read, in nanoseconds of the monotonic clock; 0 for never."},
		{"resources.system.NAME.max", "str", "el9", "How much there may be. Without it nothing is read."},
		{"resources.system.NAME.poll_period", "u64", "el9", "How often it is read, in milliseconds."},
		{"resources.system.NAME.recovery resources.process.PID.recovery", "str", "el9", "What becomes of it when there is too much, or when the process is silent: watchdog and quit let the watchdog bite, reboot and shutdown do that at once."},
		{"resources.system.NAME.state resources.process.PID.state", "str", "el9", "stopped, running or failed; a process under SAM also waits for quorum."},
		{"resources.process.PID.poll_period resources.process.PID.last_updated", "u64", "el9", "How often a process under SAM has to say that it is alive, and when it did."},
	}},
	{"statistics of the ring", []madeKey{
		{srp7 + srpCounters, "u64", "el7", "How often each kind of message was sent and got, each state was entered, and the token was lost in it."},
		{srp9 + srpCounters, "u64", "", "The same, in the map stats (corosync-cmapctl -m stats)."},
		{srp7 + "continuous_gather", "u32", "el7", "How often the search for members has begun since there last was a ring."},
		{srp9 + "continuous_gather", "u32", "", "The same."},
		{srp7 + "continuous_sendmsg_failures mtt_rx_token avg_token_workload avg_backlog_calc", "u32", "el7", "The time from token to token in milliseconds, and how much there was to send. The first and third stay 0."},
		{srp9 + "continuous_sendmsg_failures mtt_rx_token avg_token_workload avg_backlog_calc", "u32", "", "The same."},
		{srp7 + "firewall_enabled_or_nic_failure", "u8", "el7", "1 when the search for members began very often."},
		{srp9 + "firewall_enabled_or_nic_failure", "u8", "", "The same."},
		{srp9 + "time_since_token_last_received", "u64", "", "In milliseconds."},
		{"runtime.totem.pg.msg_reserved runtime.totem.pg.msg_queue_avail", "u32", "el7", "Room for messages to send."},
		{"stats.pg.msg_reserved stats.pg.msg_queue_avail", "u32", "", "The same."},
		{"runtime.totem.pg.mrp.rrp.N.faulty", "u8", "el7", "1 while a ring is faulty."},
		{"stats.udp.NAME", "u64", "", "Our own: packets and bytes, and by reason what came and was of no use."},
		{"stats.clear.NAME", "str", "", "Written to set counters to 0: ipc, totem, knet, schedmiss, all."},
	}},
	{"statistics of local clients", []madeKey{
		{"runtime.connections.active runtime.connections.closed", "u64", "el7", "How many there are and were."},
		{"stats.ipcs.global.active stats.ipcs.global.closed", "u64", "", "The same."},
		{"runtime.connections.CLIENT.name", "str", "el7", "The process, its id and its service, for each connection."},
		{"runtime.connections.CLIENT.client_pid runtime.connections.CLIENT.service_id", "u32", "el7", "The same."},
		{"stats.ipcs.SERVICE.PID.CONNECTION.procname", "str", "", "The same."},
		{"runtime.connections.CLIENT." + connCounters, "u64", "el7", "What went over it."},
		{"stats.ipcs.SERVICE.PID.CONNECTION." + connCounters, "u64", "", "The same."},
		{"runtime.connections.CLIENT.flow_control runtime.connections.CLIENT.queue_size", "u32", "el7", "Whether it has to wait, and how many events wait for it."},
		{"stats.ipcs.SERVICE.PID.CONNECTION.flow_control stats.ipcs.SERVICE.PID.CONNECTION.queued stats.ipcs.SERVICE.PID.CONNECTION.sent", "u32", "", "The same."},
		{"stats.ipcs.SERVICE.PID.CONNECTION.queueing", "i32", "", "Whether events wait for it."},
	}},
}

// names are the keys of an entry: a list whose first name has a prefix that the
// short ones after it share.
func (k *madeKey) names() (names []string) {
	prefix := ""
	for name := range strings.FieldsSeq(k.name) {
		if i := strings.LastIndexByte(name, '.'); i >= 0 {
			prefix = name[:i+1]
		} else {
			name = prefix + name
		}
		names = append(names, name)
	}
	return names
}

func keysManual() *manual.Page {
	m := &manual.Page{
		Name: "cmap_keys", Section: 7, Purpose: "the keys that corosync makes",
		About: []string{
			"corosync-cmapctl(8) lists, sets and follows keys. Each line of corosync.conf(5) is one, by its path with dots between; these are the others. A word in capitals stands for what differs.",
			"Programs may not change what begins with internal_configuration., runtime.services., runtime.config., runtime.totem. or uidgid.config.; in el9 system. and nodelist. neither; nor the keys of totem and quorum that cannot change while the ring runs.",
		},
		See: []string{"corosync.conf(5)", "votequorum(5)", "corosync-cmapctl(8)"},
	}
	for _, s := range madeKeys {
		p := manual.Part{Title: s.title}
		for _, k := range s.keys {
			note := strings.ReplaceAll(k.typ, " ", " or ")
			if k.only != "" {
				note = "profile " + k.only + "; " + note
			}
			p.Terms = append(p.Terms, manual.Term{Name: strings.Join(k.names(), ", "), Note: note, Text: k.text})
		}
		m.Parts = append(m.Parts, p)
	}
	return m
}

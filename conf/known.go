package conf

import (
	"slices"
	"strings"
)

// knownKeys are keys of one section that corosync does something with, or did
// once. Type is that of cmap.
type knownKeys struct {
	section, typ string
	only         string // "el7" or "el9", "" for both
	keys         string
}

var known = []knownKeys{
	{"totem", "u32", "", "version nodeid threads token token_coefficient token_retransmit token_retransmits_before_loss_const hold join " +
		"send_join consensus merge downcheck fail_recv_const seqno_unchanged_const heartbeat_failures_allowed max_network_delay " +
		"window_size max_messages miss_count_const netmtu rrp_token_expired_timeout rrp_problem_count_timeout " +
		"rrp_problem_count_threshold rrp_problem_count_mcast_threshold rrp_autorecovery_check_timeout"},
	{"totem", "u32", "el9", "token_warning knet_pmtud_interval knet_mtu knet_compression_threshold"},
	{"totem", "i32", "el9", "knet_compression_level"},
	{"totem", "u64", "", "config_version"},
	{"totem", "str", "", "cluster_name transport secauth crypto_cipher crypto_hash crypto_type crypto_model ip_version rrp_mode link_mode " +
		"clear_node_high_bit block_unlisted_ips cancel_token_hold_on_retransmit keyfile key vsftype autogenerate_nodeid " +
		"interface_mtu knet_compression_model"},
	{"totem.interface", "", "", "ringnumber mcastport ttl bindnetaddr mcastaddr broadcast"},
	{"totem.interface", "", "el9", "linknumber knet_link_priority knet_ping_interval knet_ping_timeout knet_ping_precision knet_pong_count knet_transport"},
	{"totem.interface.member", "str", "", "memberaddr"},
	{"nodelist.node", "", "", "ring0_addr ring1_addr nodeid name quorum_votes"},
	{"nodelist.node", "", "el9", "ring2_addr ring3_addr ring4_addr ring5_addr ring6_addr ring7_addr"},
	{"quorum", "u32", "", "expected_votes votes last_man_standing_window leaving_timeout"},
	{"quorum", "u8", "", "two_node wait_for_all auto_tie_breaker last_man_standing allow_downscale expected_votes_tracking"},
	{"quorum", "str", "", "provider auto_tie_breaker_node"},
	{"quorum.device", "u32", "", "votes timeout sync_timeout"},
	{"quorum.device", "u8", "", "master_wins"},
	{"quorum.device", "str", "", "model"},
	{"quorum.device.net", "str", "", "host port tls algorithm tie_breaker connect_timeout force_ip_version keep_active_partition_tie_breaker"},
	{"logging", "str", "", loggingKeys},
	{"logging.logger_subsys", "str", "", loggingKeys + " subsys"},
	{"logging.logging_daemon", "str", "", loggingKeys + " subsys name"},
	{"system", "str", "el9", "qb_ipc_type sched_rr priority move_to_root_cgroup state_dir allow_knet_handle_fallback"},
	{"qb", "str", "el7", "ipc_type"},
	{"uidgid", "", "", "uid gid"},
	{"resources", "u32", "", "watchdog_timeout"},
	{"resources", "str", "", "watchdog_device"},
	{"pload", "u32", "", "count size"},
	{"cfg", "str", "", "shutdown_timeout"},
	{"nozzle", "str", "el9", "name ipaddr ipprefix macaddr"},
}

const loggingKeys = "to_stderr to_syslog to_logfile logfile syslog_facility syslog_priority logfile_priority timestamp fileline " +
	"function_name debug blackbox to_file tags format"

// freeSections may hold anything.
var freeSections = []string{"resources.system", "resources.process", "quorum.device.heuristics", "service", "aisexec", "amf", "event", "nodelist"}

func (k *knownKeys) in(p Profile) bool { return k.only == "" || k.only == p.String() }

func hasWord(list, word string) bool {
	for w := range strings.FieldsSeq(list) {
		if w == word {
			return true
		}
	}
	return false
}

// intType is the type of a key that holds a number, by full path, or "". Those
// of interface and node sections are in tables of their own.
func intType(path string, p Profile) string {
	if strings.HasPrefix(path, "resources.") && strings.HasSuffix(path, ".poll_period") {
		return "u64"
	}
	i := strings.LastIndexByte(path, '.')
	if i < 0 {
		return ""
	}
	section, key := path[:i], path[i+1:]
	for _, k := range known {
		if k.section == section && k.typ != "str" && k.typ != "" && k.in(p) && hasWord(k.keys, key) {
			return k.typ
		}
	}
	return ""
}

// KnownKeys returns the keys that the corosync of a profile knows in a section,
// given by its path. ok is false where it accepts any.
func KnownKeys(section string, p Profile) (keys []string, ok bool) {
	if slices.ContainsFunc(freeSections, func(f string) bool { return section == f || strings.HasPrefix(section, f+".") }) {
		return nil, section == "nodelist"
	}
	for _, k := range known {
		if k.section == section && k.in(p) {
			keys = append(keys, strings.Fields(k.keys)...)
		}
	}
	return keys, true
}

// KnownSections returns the names that sections directly below one may have;
// "" is the file itself.
func KnownSections(section string, p Profile) (names []string) {
	prefix := section
	if prefix != "" {
		prefix += "."
	}
	add := func(path string) {
		rest, ok := strings.CutPrefix(path, prefix)
		if name, _, _ := strings.Cut(rest, "."); ok && name != "" && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	for _, k := range known {
		if k.in(p) {
			add(k.section)
		}
	}
	for _, path := range freeSections {
		add(path)
	}
	return names
}

#!/bin/sh
# corosync 3.1.7: a node of the nodelist that has neither a name nor a nodeid, only
# its ring0_addr (udpu and udp want no more), is read twice. It has its one address
# on two links, and counts twice in the token timeout, which grows by
# token_coefficient with each node from the third on: two such nodes detect a failure
# after 4300 ms instead of 3000, five after 8200 instead of 4950. A name for each
# node, or a nodeid, and the file means what it says.
#
# Seen with corosync 3.1.7-1+deb12u2 (Debian 12, amd64), a list of two nodes over udpu,
# runtime.config.totem.token and what corosync-cfgtool -a says of the first node:
#   both with name      3000   10.9.0.1
#   one without         3650   10.9.0.1
#   both without        4300   10.9.0.1 10.9.0.1
#   both with nodeid    3000   10.9.0.1
# Ends with 0 while it is still so. Needs root (namespaces for network, mounts and
# processes), iproute2, util-linux, apt and dpkg.
set -eu
version=3.1.7-1+deb12u2
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
family="corosync libcfg7 libcmap4 libcpg4 libquorum5 libvotequorum8 libsam4 libcorosync-common4"
others="libqb100 libknet1 libnozzle1 libstatgrab10 libnl-3-200 libnl-route-3-200"
want=
for p in $family; do want="$want $p=$version"; done
# shellcheck disable=SC2086
apt-get download -qq $want $others >/dev/null
for f in *.deb; do dpkg -x "$f" root; done
lib="$dir/root/usr/lib/$(dpkg-architecture -qDEB_HOST_MULTIARCH 2>/dev/null || echo x86_64-linux-gnu)"
mkdir state

# The machine of the first node: a loopback with its address, and the daemon.
cat > machine <<'X'
set -eu
dir=$1
node=$2
ip link set lo up
ip addr add 10.9.0.1/24 dev lo
mount --make-rprivate /
mount -t tmpfs -o mode=1777 tmpfs /dev/shm
mount -t tmpfs tmpfs /run
"$dir/root/usr/sbin/corosync" -f -c "$dir/corosync.conf" > "$dir/log" 2>&1 &
daemon=$!
trap 'kill $daemon; wait $daemon' EXIT
for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
	token=$("$dir/root/usr/sbin/corosync-cmapctl" -g runtime.config.totem.token 2>/dev/null) && break
	sleep 0.5
done
echo "${token##* }  $("$dir/root/usr/sbin/corosync-cfgtool" -a "$node")"
X
try() { # what the first node has besides its address, the second, the first one's nodeid
	cat > corosync.conf <<X
totem {
	version: 2
	cluster_name: demo
	transport: udpu
}
system {
	state_dir: $dir/state
}
nodelist {
	node {
		ring0_addr: 10.9.0.1
		$1
	}
	node {
		ring0_addr: 10.9.0.2
		$2
	}
}
logging {
	to_syslog: no
	to_stderr: yes
}
X
	LD_LIBRARY_PATH="$lib:$dir/root/lib/x86_64-linux-gnu" unshare --net --mount --pid --fork --mount-proc sh machine "$dir" "$3" || { cat log >&2; echo "no daemon"; }
}
automatic=168361985 # 10.9.0.1
seen=$(
	try 'name: one' 'name: two' $automatic
	try 'name: one' '' $automatic
	try '' '' $automatic
	try 'nodeid: 1' 'nodeid: 2' 1
)
echo "$seen"
[ "$seen" = "3000  10.9.0.1
3650  10.9.0.1
4300  10.9.0.1 10.9.0.1
3000  10.9.0.1" ] || {
	echo "not as it was"
	exit 1
}
echo "as described: a node with only an address counts twice"

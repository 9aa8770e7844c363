#!/bin/sh
# Installs what the demo needs and this machine lacks: a web server, the
# resource agents, and tools for namespaces. It says what, and what for.
set -eu
need=
want() { # COMMAND PACKAGE WHAT-FOR
	command -v "$1" >/dev/null 2>&1 || add "$2" "$3"
}
add() {
	need="$need $1"
	echo "the demo needs $1: $2"
}
want ip iproute2 "makes the network between the two nodes"
want nft nftables "cuts it"
want nsenter util-linux "runs programs on a node"
want mount mount "gives each node files of its own"
want nginx nginx-light "the web service that the cluster runs"
want pidof sysvinit-utils "its resource agent uses it"
want curl curl "its resource agent asks the web server with it"
want arping iputils-arping "the agent of the virtual address announces it"
[ -x /usr/lib/ocf/resource.d/heartbeat/nginx ] || add resource-agents "the agents that start, stop and check the service"
[ -n "$need" ] || exit 0
if ! command -v apt-get >/dev/null 2>&1 || [ "$(id -u)" != 0 ]; then
	echo "install.sh: install these and run again:$need (this script can only do so on Debian, as root)" >&2
	exit 1
fi
echo "installing with apt-get, may take a minute:$need"
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
# A web server that the cluster manages must not be started by anybody else.
printf '#!/bin/sh\nexit 101\n' > /tmp/policy-rc.d.$$
chmod +x /tmp/policy-rc.d.$$
[ -e /usr/sbin/policy-rc.d ] || { mv /tmp/policy-rc.d.$$ /usr/sbin/policy-rc.d; trap 'rm -f /usr/sbin/policy-rc.d' EXIT; }
rm -f /tmp/policy-rc.d.$$
# shellcheck disable=SC2086
apt-get install -y -qq --no-install-recommends $need >/dev/null

#!/bin/sh
# Installs what 'make test' needs and this machine lacks: the real programs that
# interoperability tests run against, and a C compiler, without which Go has no
# race detector. On a machine without apt, or without root, the tests that need
# the real programs skip and say so.
set -eu
if ! command -v apt-get >/dev/null 2>&1 || [ "$(id -u)" != 0 ]; then
	echo "peers.sh: not installing the real corosync and pacemaker (needs Debian and root); their tests will be skipped" >&2
	exit 0
fi
need=
for p in gcc libc6-dev corosync corosync-notifyd corosync-qdevice corosync-qnetd libqb-tools libsam4 logrotate systemd dbus bsdutils pacemaker pacemaker-cli-utils resource-agents fence-agents pcs libxml2-utils iproute2 nftables procps python3; do
	dpkg -s "$p" 2>/dev/null | grep -q '^Status: install ok installed' || need="$need $p"
done
[ -n "$need" ] || exit 0
echo "installing with apt-get the real programs that tests run beside ours, and a C compiler for the race detector; this may take a few minutes:"
echo " $need"
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
# shellcheck disable=SC2086
apt-get install -y -qq --no-install-recommends $need >/dev/null

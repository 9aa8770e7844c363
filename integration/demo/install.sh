#!/bin/sh
# Installs what the demo needs and this machine lacks: a web server, the
# resource agents, and tools for namespaces.
set -eu
need=
want() { command -v "$1" >/dev/null 2>&1 || need="$need $2"; }
want ip iproute2
want nsenter util-linux
want mount mount
want nginx nginx-light
want pidof sysvinit-utils
want curl curl
want arping iputils-arping
[ -x /usr/lib/ocf/resource.d/heartbeat/nginx ] || need="$need resource-agents"
[ -n "$need" ] || exit 0
echo "installing:$need"
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
# A web server that the cluster manages must not be started by anybody else.
printf '#!/bin/sh\nexit 101\n' > /tmp/policy-rc.d.$$
chmod +x /tmp/policy-rc.d.$$
[ -e /usr/sbin/policy-rc.d ] || { mv /tmp/policy-rc.d.$$ /usr/sbin/policy-rc.d; trap 'rm -f /usr/sbin/policy-rc.d' EXIT; }
rm -f /tmp/policy-rc.d.$$
# shellcheck disable=SC2086
apt-get install -y -qq --no-install-recommends $need >/dev/null

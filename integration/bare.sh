#!/usr/bin/env bash
# bare.sh DIR [COMMAND...]: what a stranger sees. Makes a bare Debian 12 in DIR
# (once; debootstrap, about a minute), with make, git, certificates and this
# machine's Go in it and nothing else, clones this checkout's HEAD into it and
# runs COMMAND there; by default the README's two commands, one after the other.
# DIR keeps what they installed: remove it to begin anew. Needs root.
#
# It enters by pivot_root, not by chroot alone: the labs of namespaces inside
# must find this root, not the machine's.
set -euo pipefail
here=$(cd "$(dirname "$0")/.." && pwd)
mkdir -p "$1"
dir=$(cd "$1" && pwd)
shift
if [ ! -e "$dir/usr/local/go" ]; then
	if ! command -v debootstrap >/dev/null; then
		echo "installing: debootstrap (it makes the bare root)"
		DEBIAN_FRONTEND=noninteractive apt-get install -y -qq debootstrap >/dev/null
	fi
	# The machine's own package source serves the new root too.
	mirror=$(awk '/^URIs:/{print $2; exit}' /etc/apt/sources.list.d/*.sources 2>/dev/null || true)
	[ -n "$mirror" ] || mirror=$(awk '$1=="deb"{print $2; exit}' /etc/apt/sources.list)
	debootstrap --variant=minbase --include=ca-certificates,make,git bookworm "$dir" "$mirror" >&2
	for f in /etc/apt/sources.list /etc/apt/sources.list.d /etc/apt/apt.conf.d /etc/ssl/certs /usr/local/share/ca-certificates /etc/resolv.conf; do
		[ ! -e "$f" ] || { rm -rf "${dir:?}$f"; mkdir -p "$dir$(dirname "$f")"; cp -rL "$f" "$dir$f"; }
	done
	mkdir -p "$dir/old"
	cp -a "$(go env GOROOT)" "$dir/usr/local/go"
fi
rm -rf "$dir/root/gocorosync"
git clone -q "$here" "$dir/root/gocorosync"
proxy=$(go env GOPROXY)
sum=$(go env GOSUMDB)
[ $# -gt 0 ] || set -- bash -c 'time make demo && time make test'
export BARE="$dir"
exec unshare --mount --pid --fork --propagation private bash -c '
	mount --bind "$BARE" "$BARE"; cd "$BARE"; pivot_root . old
	exec env -i HOME=/root TERM="${TERM:-dumb}" LANG=C.UTF-8 GOPROXY='"$proxy"' GOSUMDB='"$sum"' PATH=/usr/local/go/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin chroot . bash -c '"'"'
		mount -t proc proc /proc; umount -l /old; mount -t sysfs sysfs /sys
		mount -t cgroup2 cgroup /sys/fs/cgroup 2>/dev/null || mount -t tmpfs tmpfs /sys/fs/cgroup
		mount -t tmpfs tmpfs /run; mount -t tmpfs tmpfs /tmp; mount -t devtmpfs dev /dev
		mkdir -p /dev/shm /dev/pts; mount -t tmpfs tmpfs /dev/shm; mount -t devpts devpts /dev/pts
		cd /root/gocorosync; exec "$@"'"'"' bare "$@"' bare "$@"

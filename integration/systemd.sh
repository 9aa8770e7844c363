#!/bin/sh
# systemd.sh UNITS CGROUP: becomes a systemd, with bus and journal, that is PID 1 of
# namespaces of its own inside a host of the lab. It knows only the units in the
# folder UNITS, to which the ones that it needs itself are added. CGROUP is a folder
# in the tree of control groups.
set -eu
if [ $$ = 1 ]; then # the second half
	mount --make-rprivate /
	# Where the same tree is there already, it cannot be mounted over itself.
	umount -l /sys/fs/cgroup 2>/dev/null || :
	mount -t cgroup2 none /sys/fs/cgroup
	# A /dev of its own: the journal puts its socket there.
	dev=$(mktemp -d)
	mount -t tmpfs -o mode=755 tmpfs "$dev"
	for n in null zero full random urandom tty; do
		: >"$dev/$n"
		mount --bind "/dev/$n" "$dev/$n"
	done
	mkdir "$dev/shm" "$dev/pts"
	mount --move /dev/shm "$dev/shm"
	mount -t devpts -o newinstance,ptmxmode=666 devpts "$dev/pts"
	ln -s pts/ptmx "$dev/ptmx"
	ln -s /proc/self/fd "$dev/fd"
	: >"$dev/console"
	mount --bind "$(tty)" "$dev/console"
	mount --move "$dev" /dev
	rmdir "$dev"
	mount -t tmpfs -o mode=1777 tmpfs /tmp
	exec env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin container=lab "SYSTEMD_UNIT_PATH=$1" \
		/lib/systemd/systemd --system --unit=lab.target --log-target=journal --show-status=no
fi
mkdir -p "$1" /run/dbus
for t in sysinit basic sockets shutdown timers paths local-fs umount final poweroff exit reboot multi-user network network-online time-sync nss-lookup; do
	printf '[Unit]\nDefaultDependencies=no\n' >"$1/$t.target"
done
printf '[Unit]\nRequires=dbus.socket systemd-journald.service\nAfter=systemd-journald.service\nAllowIsolate=yes\n' >"$1/lab.target"
cp /lib/systemd/system/dbus.service /lib/systemd/system/dbus.socket "$1"
for u in systemd-journald.socket systemd-journald-dev-log.socket; do
	cp "/lib/systemd/system/$u" "$1"
done
# Without what a namespace has not: the kernel's messages, audit, limits on system calls.
printf '[Unit]\nDefaultDependencies=no\nRequires=systemd-journald.socket systemd-journald-dev-log.socket\nAfter=systemd-journald.socket systemd-journald-dev-log.socket\n[Service]\nExecStart=/lib/systemd/systemd-journald\nType=notify\nStandardOutput=null\nSockets=systemd-journald.socket systemd-journald-dev-log.socket\nRuntimeDirectory=systemd/journal\nRuntimeDirectoryPreserve=yes\n' >"$1/systemd-journald.service"
[ -s /etc/machine-id ] || tr -d - </proc/sys/kernel/random/uuid >/etc/machine-id
mkdir -p "$2"
echo $$ >"$2/cgroup.procs"
exec script -qec "unshare -m -p -f -C --kill-child --mount-proc $0 $1 $2" /var/log/console </dev/null >/dev/null

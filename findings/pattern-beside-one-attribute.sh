#!/bin/sh
# pacemaker 2.1.5: what `crm_attribute -G -P PATTERN` ends with if nothing matches
# depends on how many attributes there are that do not match. With none or several it
# is 105, "No such device or address", as for a name that does not exist. With exactly
# one it is 0, and nothing is printed: a script that asks whether a node has an
# attribute like "ping-.*" is told yes, as long as the node has one of another name.
#
# Seen with pacemaker-cli-utils 2.1.5-1+deb12u1 (Debian 12, amd64), with a file, -G -l reboot
# of a node with none, one (a) and two (a, b) attributes:
#   -P 'ping-.*'   105, 0, 105
#   -n ping-1      105, 105, 105
#   -P 'a.*'       105, 0, 0
# Ends with 0 while it is still so. Needs apt (as root or not) and dpkg.
set -eu
version=2.1.5-1+deb12u1
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
family="pacemaker-cli-utils pacemaker-common libcib27 libcrmcluster29 libcrmcommon34 libcrmservice28 liblrmd28 libpacemaker1 libpe-rules26 libpe-status28 libstonithd26"
others="libqb100 libcpg4 libcfg7 libcmap4 libquorum5 libcorosync-common4 libxslt1.1 libxml2 libicu72 libgnutls30 libglib2.0-0 libdbus-1-3"
want=
for p in $family; do want="$want $p=$version"; done
# shellcheck disable=SC2086
apt-get download -qq $want $others >/dev/null
for f in *.deb; do dpkg -x "$f" root; done
lib="$dir/root/usr/lib/$(dpkg-architecture -qDEB_HOST_MULTIARCH 2>/dev/null || echo x86_64-linux-gnu)"
run() { LD_LIBRARY_PATH="$lib:$dir/root/lib/x86_64-linux-gnu" PCMK_schema_directory="$dir/root/usr/share/pacemaker" "$@"; }

ask() { # options, for a node with none, one and two attributes
	statuses=
	for names in '' 'a' 'a b'; do
		pairs=
		for name in $names; do pairs="$pairs<nvpair id=\"s-$name\" name=\"$name\" value=\"1\"/>"; done
		cat > cib.xml <<X
<cib validate-with="pacemaker-3.9" crm_feature_set="3.16.1" epoch="1" num_updates="0" admin_epoch="0">
 <configuration><crm_config/><nodes><node id="1" uname="n1"/></nodes><resources/><constraints/></configuration>
 <status><node_state id="1" uname="n1" in_ccm="true" crmd="online" join="member" expected="member">
  <transient_attributes id="1"><instance_attributes id="status-1">$pairs</instance_attributes></transient_attributes></node_state></status>
</cib>
X
		status=0
		CIB_file="$dir/cib.xml" run "$dir/root/usr/sbin/crm_attribute" -N n1 -l reboot -G "$@" > out 2>&1 || status=$?
		statuses="$statuses $status"
		[ "$status" != 0 ] || statuses="$statuses($(wc -l < out))"
	done
	echo "$*$statuses"
}
seen=$(ask -P 'ping-.*'; ask -n ping-1; ask -P 'a.*')
echo "$seen"
[ "$seen" = "-P ping-.* 105 0(0) 105
-n ping-1 105 105 105
-P a.* 105 0(1) 0(1)" ] || {
	echo "not as it was"
	exit 1
}
echo "as described: one attribute that does not match is a match without a line"

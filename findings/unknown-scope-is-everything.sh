#!/bin/sh
# pacemaker 2.1.5: cibadmin takes a scope that does not exist for no scope at all.
# `cibadmin -Q -o resource` (one letter short of "resources") prints the whole CIB
# with exit status 0, without a word that "resource" is no section. A path that
# matches nothing is "No such device or address", 105, as one would expect. Whoever
# writes `cibadmin -Q -o resource > saved.xml` has not saved what the name says, and
# a script that counts elements of one section counts those of all.
#
# Seen with pacemaker-cli-utils 2.1.5-1+deb12u1 (Debian 12, amd64), with a file:
#   -o resources   0, <resources>
#   -o resource    0, <cib>
#   -o nosuch      0, <cib>
#   -A //nosuch    105
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

cat > cib.xml <<X
<cib validate-with="pacemaker-3.9" crm_feature_set="3.16.1" epoch="1" num_updates="0" admin_epoch="0">
 <configuration><crm_config/><nodes/>
  <resources><primitive id="r" class="ocf" provider="pacemaker" type="Dummy"/></resources>
  <constraints/></configuration>
 <status/>
</cib>
X
ask() {
	status=0
	CIB_file="$dir/cib.xml" run "$dir/root/usr/sbin/cibadmin" -Q "$@" > out 2>&1 || status=$?
	echo "$* $status $(sed -n '1s/^<\([a-z]*\).*/\1/p' out)"
}
seen=$(ask -o resources; ask -o resource; ask -o nosuch; ask -A //nosuch)
echo "$seen"
[ "$seen" = "-o resources 0 resources
-o resource 0 cib
-o nosuch 0 cib
-A //nosuch 105 " ] || {
	echo "not as it was"
	exit 1
}
echo "as described: an unknown scope is everything"

#!/bin/sh
# pacemaker 2.1.5: crm_attribute is given a name that stands in two sets. With -v it
# lists both, changes nothing and ends with 109 ("not unique"). With -D it lists
# both, deletes nothing, and ends with 0: a script that goes by the exit status takes
# the option for gone, and it is still in force.
#
# Seen with pacemaker-cli-utils 2.1.5-1+deb12u1 (Debian 12, amd64), with a file whose
# option "x" stands in two sets:
#   -v 3   109, the file is as it was
#   -D     0, the file is as it was
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
 <configuration>
  <crm_config>
   <cluster_property_set id="a"><nvpair id="a-x" name="x" value="1"/></cluster_property_set>
   <cluster_property_set id="b"><nvpair id="b-x" name="x" value="2"/></cluster_property_set>
  </crm_config>
  <nodes/><resources/><constraints/></configuration>
 <status/>
</cib>
X
try() {
	cp cib.xml work.xml
	status=0
	CIB_file="$dir/work.xml" run "$dir/root/usr/sbin/crm_attribute" -t crm_config -n x "$@" > out 2>&1 || status=$?
	cat out >&2
	values=$(sed -n 's/.*name="x" value="\([0-9]*\)".*/\1/p' work.xml | tr '\n' ' ')
	echo "$* $status: $values"
}
seen=$(try -v 3; try -D)
echo "$seen"
[ "$seen" = "-v 3 109: 1 2 
-D 0: 1 2 " ] || {
	echo "not as it was"
	exit 1
}
echo "as described: a delete that deletes nothing ends with 0"

#!/bin/sh
# pacemaker 2.1.5: an operation's interval in ISO 8601 loses one day for whole
# days. interval="P1D" is no interval at all (the recurring monitor silently
# does not exist), P2D is one day, P7D and P1W are six; PT24H and 24h are a day
# as they say. The program iso8601 of the same release reads P1D as one day, and
# the schema accepts all of them. An expert would expect P1D to be 86,400,000 ms.
#
# Seen with pacemaker-cli-utils 2.1.5-1+deb12u1 (Debian 12, amd64):
#   P1D:            no monitor
#   P2D:   86400000
#   P7D:  518400000
#   P1W:  518400000
#   P1DT1H: 3600000
#   PT24H: 86400000
#   24h:   86400000
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

seen=
for interval in P1D P2D P7D P1W P1DT1H PT24H 24h; do
	cat > cib.xml <<X
<cib validate-with="pacemaker-3.9" crm_feature_set="3.16.1" epoch="1" num_updates="0" admin_epoch="0" have-quorum="1" dc-uuid="1">
 <configuration>
  <crm_config><cluster_property_set id="o"><nvpair id="s" name="stonith-enabled" value="false"/></cluster_property_set></crm_config>
  <nodes><node id="1" uname="n1"/></nodes>
  <resources><primitive id="r" class="ocf" provider="pacemaker" type="Dummy">
   <operations><op id="m" name="monitor" interval="$interval"/></operations></primitive></resources>
  <constraints/>
 </configuration>
 <status><node_state id="1" uname="n1" in_ccm="true" crmd="online" join="member" expected="member"/></status>
</cib>
X
	run "$dir/root/usr/sbin/crm_verify" -x cib.xml || { echo "$interval: crm_verify does not accept it any more"; exit 1; }
	found=$(run "$dir/root/usr/sbin/crm_simulate" -S -x cib.xml | sed -n 's/.*monitor=\([0-9]*\).*/\1/p' | head -n 1)
	seen="$seen$interval:${found:-none} "
done
echo "$seen"
run "$dir/root/usr/sbin/iso8601" -D P1D | grep -q '1 day' || { echo "iso8601 reads P1D differently"; exit 1; }
[ "$seen" = "P1D:none P2D:86400000 P7D:518400000 P1W:518400000 P1DT1H:3600000 PT24H:86400000 24h:86400000 " ] || {
	echo "not as it was"
	exit 1
}
echo "as described: a whole day is lost"

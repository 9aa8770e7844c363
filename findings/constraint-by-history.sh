#!/bin/sh
# pacemaker 2.1.5: whether a constraint counts that names the primitive inside a
# clone depends on what has run so far. Without a history, as when the whole cluster
# starts, "web" inside "web-clone" is "not a valid resource or tag": crm_verify fails,
# the constraint is ignored, and what must be apart starts together. Once "web" has a
# history, if only of probes, the same configuration is valid, the constraint is in
# force, and the next plan moves what the first one started. So a constraint that was
# tried on a running cluster does not hold for the first plan of a new start. Naming
# the clone holds at once.
#
# Seen with pacemaker-cli-utils 2.1.5-1+deb12u1 (Debian 12, amd64), crm_verify and
# crm_simulate -S, first with an empty status, then with what that left:
#   batch never with web         crm_verify 78, starts on n1 beside web; then 0, moves to n2
#   batch never with web-clone   crm_verify 0, starts on n2; then 0, nothing to do
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

plan() { # file
	status=0
	run "$dir/root/usr/sbin/crm_verify" -x "$1" > out 2>&1 || status=$?
	run "$dir/root/usr/sbin/crm_simulate" -S -x "$1" -O after.xml > out 2>&1
	echo "$status:$(sed -n '/^Transition Summary/,/^Executing/s/^  \* \([A-Z][a-z]* .*\)/ \1;/p' out | tr -s ' ' | tr -d '\n')"
}
two() { # whom batch must not be with
	cat > cib.xml <<X
<cib validate-with="pacemaker-3.9" crm_feature_set="3.16.1" epoch="1" num_updates="0" admin_epoch="0" have-quorum="1" dc-uuid="1">
 <configuration><crm_config><cluster_property_set id="o"><nvpair id="o-s" name="stonith-enabled" value="false"/></cluster_property_set></crm_config>
  <nodes><node id="1" uname="n1"/><node id="2" uname="n2"/></nodes>
  <resources>
   <clone id="web-clone"><primitive id="web" class="ocf" provider="pacemaker" type="Dummy"/></clone>
   <primitive id="batch" class="ocf" provider="pacemaker" type="Dummy"/>
  </resources>
  <constraints>
   <rsc_location id="web-not-on-n2" rsc="web-clone" node="n2" score="-INFINITY"/>
   <rsc_location id="batch-on-n1" rsc="batch" node="n1" score="100"/>
   <rsc_colocation id="apart" rsc="batch" with-rsc="$1" score="-INFINITY"/>
  </constraints></configuration>
 <status>
  <node_state id="1" uname="n1" in_ccm="true" crmd="online" join="member" expected="member"/>
  <node_state id="2" uname="n2" in_ccm="true" crmd="online" join="member" expected="member"/>
 </status>
</cib>
X
	plan cib.xml
	mv after.xml started.xml
	plan started.xml
}
seen=$(two web; two web-clone)
echo "$seen"
[ "$seen" = "78: Start web:0 ( n1 ); Start batch ( n1 );
0: Move batch ( n1 -> n2 );
0: Start web:0 ( n1 ); Start batch ( n2 );
0:" ] || {
	echo "not as it was"
	exit 1
}
echo "as described: the constraint counts once what it names has a history"

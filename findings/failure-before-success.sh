#!/bin/sh
# pacemaker 2.1.5: a failed monitor does not count if the clock was set back before it.
# The last success and the last failure of a recurring operation are two entries of
# the status, with one call-id; which of them is the later one is decided by
# last-rc-change, the time of day on the node. Where the clock was set back in
# between (a dead battery, and NTP steps it after boot), the failure is the older
# one: the resource passes for healthy, nothing is restarted, and no fail count helps,
# for as long as that entry of a success stands.
#
# Seen with pacemaker-cli-utils 2.1.5-1+deb12u1 (Debian 12, amd64), crm_simulate -x,
# a monitor that succeeded at 2000 and then failed (not running) at
#   3000   Recover r
#   1000   nothing to do
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

op() { # id operation interval key call rc time digest
	echo "<lrm_rsc_op id='$1' operation_key='r_$2_$3' operation='$2' crm_feature_set='3.16.1' transition-key='$4' transition-magic='0:$6;$4' on_node='n1' call-id='$5' rc-code='$6' op-status='0' interval='$3' last-rc-change='$7' exec-time='1' queue-time='0' op-digest='$8'/>"
}
plan() { # when the monitor failed
	u=00000000-0000-0000-0000-000000000001
	none=f2317cad3d54cec5d7d7aa7d0bf35cf8 # of no parameters
	timeout=4811cef7f7f94e3a35a70be7916cb2fd # of CRM_meta_timeout="20000"
	cat > cib.xml <<X
<cib validate-with="pacemaker-3.9" crm_feature_set="3.16.1" epoch="1" num_updates="0" admin_epoch="0" have-quorum="1" dc-uuid="1">
 <configuration><crm_config><cluster_property_set id="o"><nvpair id="o-s" name="stonith-enabled" value="false"/></cluster_property_set></crm_config>
  <nodes><node id="1" uname="n1"/></nodes>
  <resources><primitive id="r" class="ocf" provider="pacemaker" type="Dummy"><operations><op id="r-m" name="monitor" interval="10s"/></operations></primitive></resources>
  <constraints/></configuration>
 <status><node_state id="1" uname="n1" in_ccm="true" crmd="online" join="member" expected="member"><lrm id="1"><lrm_resources>
  <lrm_resource id="r" class="ocf" provider="pacemaker" type="Dummy">
   $(op r_last_0 start 0 "1:1:0:$u" 1 0 500 $none)
   $(op r_monitor_10000 monitor 10000 "2:1:0:$u" 2 0 2000 $timeout)
   $(op r_last_failure_0 monitor 10000 "2:1:0:$u" 2 7 "$1" $timeout)
  </lrm_resource></lrm_resources></lrm></node_state></status>
</cib>
X
	run "$dir/root/usr/sbin/crm_simulate" -x cib.xml -S 2>&1 | sed -n '/^Transition Summary/,/^Executing/s/^  \* \([A-Z][a-z]*\) .*/\1/p'
}
later=$(plan 3000)
earlier=$(plan 1000)
echo "failed at 3000: ${later:-nothing to do}"
echo "failed at 1000: ${earlier:-nothing to do}"
if [ "$later" != Recover ] || [ -n "$earlier" ]; then
	echo "not as it was"
	exit 1
fi
echo "as described: a failure that is stamped before the last success does not count"

#!/bin/sh
# pacemaker 2.1.5: cibadmin --create without a scope is no create. Its help says that
# it fails if the object exists. With -o resources it does, 108; without, an object
# that exists is written over, with exit status 0 and not a word, and one that does
# not is refused, 105: the wrong way round. What the old element had inside stays, so
# `cibadmin -C -X '<primitive id="r" .../>'`, typed for a new resource with an id that
# is taken, gives the resource that is there another agent with the old one's parameters.
#
# Seen with pacemaker-cli-utils 2.1.5-1+deb12u1 (Debian 12, amd64), with a file that
# has a Dummy "r" with a parameter "state":
#   -o resources, a Stateful "r"     108, it is still a Dummy
#   no scope, a Stateful "r"         0, it is a Stateful, with that parameter
#   no scope, a Stateful "new"       105, the file is as it was
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
  <resources><primitive id="r" class="ocf" provider="pacemaker" type="Dummy">
   <instance_attributes id="r-p"><nvpair id="r-state" name="state" value="/run/r"/></instance_attributes></primitive></resources>
  <constraints/></configuration>
 <status/>
</cib>
X
create() { # id, options
	cp cib.xml work.xml
	status=0
	id=$1
	shift
	CIB_file="$dir/work.xml" run "$dir/root/usr/sbin/cibadmin" -C "$@" -X "<primitive id=\"$id\" class=\"ocf\" provider=\"pacemaker\" type=\"Stateful\"/>" > out 2>&1 || status=$?
	cat out >&2
	echo "$id $* $status: $(sed -n 's/.*<primitive id="\([a-z]*\)".* type="\([A-Za-z]*\)".*/\1 is \2/p' work.xml), parameters: $(grep -c 'name="state"' work.xml)"
}
run "$dir/root/usr/sbin/cibadmin" -? 2>&1 | grep -q 'will fail if object already exists' || { echo "the help says something else"; exit 1; }
seen=$(create r -o resources; create r; create new)
echo "$seen"
[ "$seen" = "r -o resources 108: r is Dummy, parameters: 1
r  0: r is Stateful, parameters: 1
new  105: r is Dummy, parameters: 1" ] || {
	echo "not as it was"
	exit 1
}
echo "as described: a create without a scope writes over what is there"
